import CVersion
import Captures
import Foundation
import Reports

/// How a report was made: what somebody needs to make it once more and to know that it is the same.
public struct Provenance: Codable, Sendable, Equatable {
  /// The version of this library.
  public static let version = "0.1.0"
  /// The commit that was built, with `+` after it for one with changes; nil where it is not known.
  public static var builtCommit: String? {
    let commit = String(cString: skewmem_commit())
    return commit.isEmpty ? nil : commit
  }

  /// The version of skewmem.
  public var version = Provenance.version
  /// The commit.
  @OrNull public var commit: String?
  /// The command and its arguments.
  public var command: [String]
  /// The date from the environment's SOURCE_DATE_EPOCH; null where that is not set, so that the same input gives the
  /// same bytes.
  @OrNull public var date: String?
  /// The files that were read.
  public var inputs: [Input]

  /// A file that was read.
  public struct Input: Codable, Sendable, Equatable {
    /// Its name.
    public var file: String
    /// Its size; null for a pipe.
    @OrNull public var bytes: Int?
    /// The SHA-256 of its bytes; null for a pipe, or for a large file where nobody asked for it.
    @OrNull public var sha256: String?
    /// What its first line says of the model and the text (`model`, `run`, `epoch` and the like).
    public var says: [String: String]
  }

  /// Files of so many bytes in all are hashed without being asked: at more it would be noticed.
  private static let hashedBytes = 32 << 20

  /// Describes files.
  ///
  /// - Parameters:
  ///   - command: The command and its arguments.
  ///   - files: The files that were read.
  ///   - hashesAll: Whether large files are hashed too.
  ///   - environment: Where SOURCE_DATE_EPOCH may be.
  /// - Throws: `CaptureError` for a file that cannot be read any more.
  public init(
    command: [String], files: [String], hashesAll: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(CaptureError) {
    self.command = command
    commit = Self.builtCommit
    date = environment["SOURCE_DATE_EPOCH"].flatMap { Double($0) }.map {
      Date(timeIntervalSince1970: $0).formatted(.iso8601)
    }
    let sizes = files.map(Self.size)
    let isHashed = hashesAll || sizes.compactMap(\.self).reduce(0, +) <= Self.hashedBytes
    var inputs: [Input] = []
    for (file, size) in zip(files, sizes) {
      let hash = size == nil || !isHashed ? nil : try SHA256.ofFile(file).hex
      inputs.append(Input(file: file, bytes: size, sha256: hash, says: size == nil ? [:] : Self.says(file)))
    }
    self.inputs = inputs
  }

  private static func size(_ file: String) -> Int? {
    guard file != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: file),
      attributes[.type] as? FileAttributeType == .typeRegular
    else { return nil }
    return attributes[.size] as? Int
  }

  /// What tells a capture's model and text.
  private static let told = [
    "model", "revision", "tokenizer", "server", "source", "run", "split", "epoch", "train_loss", "document",
  ]

  private static func says(_ file: String) -> [String: String] {
    guard let input = try? InputFile(path: file), let line = try? CaptureLines(input).next(),
      line.first(where: { $0 > UInt8(ascii: " ") }) == UInt8(ascii: "{"),
      let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
    else { return [:] }
    var says: [String: String] = [:]
    for name in told {
      switch object[name] {
      case let text as String: says[name] = String(text.prefix(200))
      case let number as NSNumber: says[name] = "\(number)"
      default: break
      }
    }
    return says
  }

  /// Adds the same to a document for a terminal, in a line or two.
  package func addBriefly(to document: inout ReportDocument) {
    let files = inputs.map { input in
      [input.file, input.bytes.map { NumberText.count($0, "byte") }, input.sha256.map { "SHA-256 \($0.prefix(12))…" }]
        .compactMap(\.self).joined(separator: ", ")
    }
    addHeading(to: &document, ". " + files.joined(separator: "; ") + (files.isEmpty ? "" : "."))
  }

  /// Adds to a document how it was made.
  package func add(to document: inout ReportDocument) {
    addHeading(to: &document, ": " + command.map(Self.quoted).joined(separator: " "))
    guard !inputs.isEmpty else { return }
    document.table(
      .init(
        ["input", "bytes", "SHA-256", "as captured"], left: [0, 2, 3],
        rows: inputs.map { input in
          [
            input.file, input.bytes.map { NumberText.count($0) } ?? "—", input.sha256 ?? "—",
            input.says.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
          ]
        }))
  }

  private func addHeading(to document: inout ReportDocument, _ rest: String) {
    document.heading("How this report was made")
    document.paragraph(
      "skewmem \(version)" + (commit.map { ", commit \($0)" } ?? "") + (date.map { ", \($0)" } ?? "") + rest)
  }

  /// An argument as a shell takes it.
  private static func quoted(_ argument: String) -> String {
    let plain = argument.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0)) }
    return plain && !argument.isEmpty ? argument : "'" + argument.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}

/// A report with its provenance: the same JSON with one key more.
package struct ReportWithProvenance<Report: Encodable>: Encodable {
  let report: Report
  let provenance: Provenance

  package init(_ report: Report, _ provenance: Provenance) { (self.report, self.provenance) = (report, provenance) }

  private enum CodingKeys: String, CodingKey { case provenance }

  package func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(provenance, forKey: .provenance)
  }
}
