import Captures

extension Warning.Code {
  /// What checks of evidence find, those that are refused first.
  public static let evidence: [Warning.Code] =
    refused + [
      .nearlyOverfullLists, .clipped, .scoredTwice, .copies, .doubleStart, .overlappingWindows,
      .onePrefix,
    ]

  /// What is refused unless it is allowed: values that are not what they are taken for.
  public static let refused: [Warning.Code] = [
    .allZero, .overfullLists, .repeatedAlternatives, .contradictingRanks, .padded,
  ]
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
    let refused = findings.map(\.code).filter {
      Warning.Code.refused.contains($0) && !options.allowed.contains($0.rawValue)
    }
    guard refused.isEmpty else {
      throw EvidenceError(file: file, findings: findings, refused: refused.map(\.rawValue))
    }
    return findings
  }
}
