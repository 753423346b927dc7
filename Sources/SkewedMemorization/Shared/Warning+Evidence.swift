import Captures

extension Warning.Code {
  /// What is refused unless it is allowed: values that are not what they are taken for.
  public static let refused: [Warning.Code] = [
    .allZero, .overfullLists, .underfullLists, .negatedProbabilities, .repeatedAlternatives, .contradictingRanks,
    .padded,
  ]
}

extension [Warning] {
  /// The codes of those that are refused, but for what is allowed.
  func refused(allowing allowed: Set<String>) -> [String] {
    map(\.code).filter { Warning.Code.refused.contains($0) }.map(\.rawValue).filter { !allowed.contains($0) }
  }
}

extension EvidenceChecks {
  /// The findings, for a report.
  ///
  /// - Parameters:
  ///   - file: Where the records are from.
  ///   - options: How they were read, and the codes of findings that are not refused.
  /// - Throws: ``EvidenceError`` where something is refused.
  public func accepted(file: String, _ options: CaptureOptions) throws(EvidenceError) -> [Warning] {
    let findings = findings(for: options)
    let refused = findings.refused(allowing: options.allowed)
    guard refused.isEmpty else { throw EvidenceError(file: file, findings: findings, refused: refused) }
    return findings
  }
}
