/// A report with what to know before using its numbers.
protocol WarnedReport {
  var warnings: [Warning] { get set }
}

extension WarnedReport {
  /// Adds what checks of evidence found in captures, in front; with the captures' names where there are several.
  mutating func add(evidenceOf captures: [Capture]) {
    warnings =
      captures.flatMap { capture in
        captures.count > 1 ? capture.evidence.map { $0.of(capture.name) } : capture.evidence
      } + warnings
  }
}
