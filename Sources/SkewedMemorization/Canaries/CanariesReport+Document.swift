import Reports

extension CanariesReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Canaries: \(file)")
    document.paragraph(
      "\(NumberText.count(canaries, "canary", plural: "canaries")), of which coins "
        + "put "
        + "\(NumberText.count(included)) into the training data. With \(NumberText.level(level)) confidence the "
        + "training "
        + "is not differentially private with an ε below \(NumberText.text(epsilon)) at δ = 0, nor below "
        + "\(NumberText.text(epsilonWithDelta)) at δ = \(NumberText.setting(delta)).")
    document.list(warnings.map { "Note: \($0.text)." })
    if epsilon == 0 {
      document.paragraph(
        "0 does not mean that the training is private: these canaries and this score do not show that it is not.")
    }
    document.heading("Guesses which canaries were included")
    document.paragraph(
      "The canaries that the model knows best are guessed to be included, as many that it knows least not to be."
        + (guesses.count > 1
          ? " Each number of guesses takes its share of the error, so the best bound may be taken." : ""))
    document.table(
      .init(
        ["guesses", "right", "ε at δ = 0, at least", "at δ = \(NumberText.setting(delta))"],
        rows: guesses.map { row in
          [
            NumberText.count(row.guesses), NumberText.count(row.right), NumberText.text(row.epsilon),
            NumberText.text(row.epsilonWithDelta),
          ]
        }))
    if let areaUnderCurve {
      document.paragraph(
        "An included canary scores higher than another one with probability \(NumberText.text(areaUnderCurve)) "
          + "\(intervalText(areaInterval)).")
    }
    document.heading("How likely secrets come out")
    document.table(
      .init(
        [
          "kind", "included", "not included", "bits", "mean exposure", "largest exposure", "secrets expected in a draw",
          "likeliest secret not included",
        ], left: [0],
        rows: kinds.map { kind in
          [
            kind.kind, NumberText.count(kind.included), NumberText.count(kind.excluded), NumberText.text(kind.bits),
            NumberText.text(kind.meanExposure), NumberText.text(kind.largestExposure),
            NumberText.text(kind.expectedExtracted), NumberText.probability(log: kind.largestExcluded),
          ]
        }))
    document.paragraph(
      "Exposure is a rank among canaries that were not included, so that it is at most log2 of their number, whatever "
        + "the bits of a secret.")
    document.table(
      .init(
        ["canary", "kind", "P(secret)", "exposure, bits"], left: [0, 1],
        rows: riskiest.map { canary in
          [
            canary.id, canary.kind, NumberText.probability(log: canary.logProbability),
            NumberText.text(canary.exposure),
          ]
        }))
    document.paragraph(
      "The bound is about the training algorithm, and holds because a fair coin decided on each canary before "
        + "training. "
        + "Commitment of the seal: \(commitment).")
    return document
  }
}
