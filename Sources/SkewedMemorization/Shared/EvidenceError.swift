import Foundation

/// A capture that is refused because its values cannot be what they are taken for.
public struct EvidenceError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let file: String
  /// What was found, at least one finding that is refused.
  public let findings: [Warning]
  /// The codes of those that are refused: what `CaptureOptions.allowed` would let through.
  public let refused: [String]

  /// A line for each finding.
  public var description: String {
    let name = file == "-" ? "standard input" : file
    return findings.map { finding in
      let code = finding.code.rawValue
      return "\(name): \(refused.contains(code) ? "refused" : "note") (\(code)): \(finding.text)"
    }.joined(separator: "\n")
  }

  public var errorDescription: String? { description }
}
