import Foundation

/// Reads numbers that native captures carry beside the fields of a record.
public enum NumericFields {
  /// The values of fields by name, one a line; nil where a line has no such number.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read or a line that is no JSON object.
  public static func read(
    _ names: [String], path: String, sources: [any LineSource] = []
  ) throws(CaptureError) -> [String: [Double?]] {
    var fields = Dictionary(uniqueKeysWithValues: Set(names).map { ($0, [Double?]()) })
    let lines = try CaptureLines(path: path, sources: sources)
    while let line = try lines.next() {
      guard let object = (try? JSONSerialization.jsonObject(with: line)) as? [String: Any] else {
        throw CaptureError(
          file: path, line: lines.lineNumber,
          problem: "is no JSON object; further fields are read from native captures only")
      }
      for name in fields.keys { fields[name]?.append((object[name] as? NSNumber)?.doubleValue) }
    }
    return fields
  }
}
