import Reports

extension SimilarityReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Similarity of the records of \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "Mean cosine of two prefixes \(NumberText.text(gap.input, digits: 4)), of two whole sequences "
        + "\(NumberText.text(gap.full, digits: 4)): "
        + "the gap S_full - S_input is \(NumberText.text(gap.difference)) \(intervalText(gap.interval)), \(meaning).")
    document.paragraph(
      "Vectors: \(vectors). Directions around a prefix: \(NumberText.text(dimensions.inputLevinaBickel)) "
        + "(Levina–Bickel), "
        + "\(NumberText.text(dimensions.inputTwoNearest)) (TwoNN); around a whole sequence "
        + "\(NumberText.text(dimensions.fullLevinaBickel)) and "
        + "\(NumberText.text(dimensions.fullTwoNearest)).")
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("Rank correlation with the expected match")
    document.table(
      .init(
        ["measure", "given", "records", "correlation", "p", "BH"], left: [0, 1],
        rows: correlations.map {
          [
            $0.measure, $0.given.isEmpty ? "nothing" : $0.given.joined(separator: ", "), NumberText.count($0.records),
            NumberText.text($0.value), NumberText.text($0.p), NumberText.text($0.benjaminiHochberg),
          ]
        }))
    if let causes { document.write(causes) }
    document.heading("Records with the most similar prefixes")
    document.table(
      .init(
        [
          "record", "nearest", "\(neighbors) prefixes", "\(neighbors) sequences", "dimension", "driven by", "E[N]",
          "greedy",
        ], left: [0, 1, 5],
        rows: records.sorted { ($0.inputSimilarity, $1.id) > ($1.inputSimilarity, $0.id) }.prefix(20).map {
          [
            $0.id, $0.nearest, NumberText.text($0.inputSimilarity), NumberText.text($0.fullSimilarity),
            NumberText.text($0.inputDimension), $0.drivenBy ?? "—", NumberText.text($0.expected),
            $0.greedy.map { "\($0)" } ?? "—",
          ]
        }))
    return document
  }

  private var meaning: String {
    guard let lower = gap.interval?.lower, let upper = gap.interval?.upper else {
      return gap.difference < 0
        ? "references differ more than their prefixes" : "references do not differ more than their prefixes"
    }
    if upper < 0 { return "below 0: behind like prefixes come unlike references, which goes with less memorization" }
    if lower > 0 { return "above 0: references make the records more alike than their prefixes are" }
    return "not distinguishable from 0"
  }
}

extension ReportDocument {
  fileprivate mutating func write(_ causes: SimilarityReport.Causes) {
    heading("Memorization driven by the data, or by overfitting")
    let outcome =
      causes.threshold.map { threshold in
        "repeats \(causes.length.map { "their first \($0) tokens" } ?? "them whole") with a probability of "
          + "\(NumberText.text(threshold)) or more"
      } ?? "repeats them whole when it decodes greedily"
    paragraph(
      "\(NumberText.count(causes.memorized)) records are memorized: the model \(outcome). The data around "
        + "\(NumberText.count(causes.dataDriven)) of them have fewer dimensions than around 95 % of the "
        + "\(NumberText.count(causes.others)) records that are not memorized (below "
        + "\(NumberText.text(causes.lowDimension))). That any model which learns the data would repeat those is one explanation. The other "
        + "\(NumberText.count(causes.overfittingDriven)) are repeated although the data around them are as varied as "
        + "elsewhere: the model may overfit there. About \(NumberText.count(Int((0.05 * Double(causes.memorized)).rounded()))) "
        + "would fall below that limit by chance.")
    paragraph(
      "Of a memorized record and another, the memorized one has the lower dimension with probability "
        + "\(NumberText.text(causes.auc)) \(intervalText(causes.interval)); chance is 0.5.")
  }
}
