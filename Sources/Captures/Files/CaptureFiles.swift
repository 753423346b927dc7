import Foundation

/// The files that names on a command line stand for.
public enum CaptureFiles {
  /// Names of files as they are; of a folder the captures in it, or the summaries, by name; of a pattern (`*`, `?`,
  /// `[…]`) that is no file what it matches.
  ///
  /// - Parameters:
  ///   - names: Files, folders and patterns.
  ///   - note: Told of files in folders that may be captures, or something beside them, and are left out.
  /// - Throws: `CaptureError` for a folder without captures, or with captures and summaries, or a pattern that matches
  ///   nothing.
  public static func expanded(
    _ names: [String], note: (String) -> Void = { _ in }
  ) throws(CaptureError) -> [String] {
    var files: [String] = []
    for name in names { files += try expanded(name, note) }
    return files
  }

  /// Looks for a file that would be counted twice, under one name or several.
  ///
  /// - Throws: `CaptureError` that names it.
  public static func checkRepeated(_ files: [String]) throws(CaptureError) {
    var seen: Set<String> = []
    for file in files where !seen.insert(URL(fileURLWithPath: file).resolvingSymlinksInPath().path).inserted {
      throw CaptureError(file: file, problem: "is given twice")
    }
  }

  private static let captures = [
    ".jsonl", ".jsonl.gz", ".jsonl.zst", ".store", ".npz", ".safetensors", ".parquet", ".feather", ".arrow",
  ]
  private static let summaries = [".summary"]
  /// Responses and arrays, or settings and lengths.
  private static let doubtful = [".json", ".json.gz", ".json.zst", ".npy", ".npy.gz", ".npy.zst"]

  private static func expanded(_ name: String, _ note: (String) -> Void) throws(CaptureError) -> [String] {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) {
      guard isFolder.boolValue else { return [name] }
      let contents = (try? FileManager.default.contentsOfDirectory(atPath: name)) ?? []
      func files(_ endings: [String]) -> [String] {
        contents.filter { file in endings.contains { file.hasSuffix($0) } }.sorted()
      }
      guard files(captures).isEmpty || files(summaries).isEmpty else {
        throw CaptureError(
          file: name, problem: "holds captures and summaries, which may be of the same records: name the files to read")
      }
      let leftOut = files(doubtful)
      let files = files(captures) + files(summaries)
      guard !files.isEmpty else {
        let others = leftOut.isEmpty ? "" : "; name \(leftOut[0]) itself if it is one"
        throw CaptureError(
          file: name,
          problem:
            "is a directory, not a capture, and holds none (\((captures + summaries).joined(separator: ", ")))\(others)"
        )
      }
      if !leftOut.isEmpty {
        note(
          "\(name): left out \(leftOut.prefix(3).joined(separator: ", "))"
            + (leftOut.count > 3 ? " and \(leftOut.count - 3) more" : "") + "; name them if they are captures"
        )
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
