import Foundation

/// The files that names on a command line stand for.
public enum CaptureFiles {
  /// Names of files as they are; of a folder the captures and summaries in it, by name; of a pattern (`*`, `?`, `[…]`) that is no file what it
  /// matches.
  ///
  /// - Throws: `CaptureError` for a folder without captures, or a pattern that matches nothing.
  public static func expanded(_ names: [String]) throws(CaptureError) -> [String] {
    var files: [String] = []
    for name in names { files += try expanded(name) }
    return files
  }

  private static let endings = [".jsonl", ".jsonl.gz", ".jsonl.zst", ".store", ".summary"]

  private static func expanded(_ name: String) throws(CaptureError) -> [String] {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) {
      guard isFolder.boolValue else { return [name] }
      let contents = (try? FileManager.default.contentsOfDirectory(atPath: name)) ?? []
      let files = contents.filter { file in endings.contains { file.hasSuffix($0) } }.sorted()
      guard !files.isEmpty else {
        throw CaptureError(
          file: name, problem: "is a directory, not a capture, and holds none (\(endings.joined(separator: ", ")))")
      }
      return files.map { URL(fileURLWithPath: name, isDirectory: true).appendingPathComponent($0).relativePath }
    }
    guard name.contains(where: { "*?[".contains($0) }) else { return [name] }
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(name, 0, nil, &matches) == 0 else {
      throw CaptureError(file: name, problem: "no such file, and nothing matches")
    }
    return (0..<Int(matches.gl_pathc)).compactMap { matches.gl_pathv[$0].map { String(cString: $0) } }
  }
}
