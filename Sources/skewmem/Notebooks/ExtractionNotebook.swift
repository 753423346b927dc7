import Foundation
import SkewedMemorization

/// Predicting extraction without sampling, and checking the predictions on samples.
struct ExtractionNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  var missing: [String] {
    sources.subjectGenerations == nil
      ? [
        "04-extraction-without-sampling.ipynb is without the check against generations: none are given of the main "
          + "capture's run and epoch"
      ]
      : []
  }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    let capture = sources.subject
    let powers = (3..<62).map { 1 << $0 }.prefix { $0 <= capture.longest }.prefix(6)
    let lengths = powers.isEmpty ? [capture.longest] : Array(powers)
    var author = NotebookAuthor(
      "Predicting extraction without sampling",
      """
      **Claim.** How many records come out for n tokens in q draws each needs no draws: P = 1 − (1 − S(n))^q for \
      each record, and their number has an exact law.

      **Evidence.** \
      `\(capture.path)`\(sources.subjectGenerations.map { ", and generations of the same model that the predictions did not see, `\($0)`" } ?? "").
      """, run: run)
    let prediction = try await author.skewmem(
      [
        "predict", capture.path, "--length", lengths.map { "\($0)" }.joined(separator: ","), "--draws", "1,100,10000",
      ], as: PredictReport.self)
    author.text(verdict(prediction))
    if let generations = sources.subjectGenerations {
      author.text(
        """
        ## Are the predictions true?

        **Claim.** The match lengths of real generations follow the predicted laws.
        """)
      let report = try await author.skewmem(
        ["validate", capture.path, "--generations", generations], as: ValidateReport.self)
      author.text(report.groups.map(verdict).joined(separator: "\n\n"))
    }
    if let (given, length) = cut {
      author.text(
        """
        ## From the first tokens alone

        **Claim.** Where only the first \(given) tokens of each reference are scored, the probability of \(length) \
        can still be predicted, with honest intervals.
        """)
      let report = try await author.skewmem(
        ["predict", capture.path, "--length", "\(length)", "--given", "\(given)", "--evaluate"], as: PredictReport.self)
      if let evaluation = report.evaluation { author.text(verdict(evaluation)) }
    }
    return author.notebook("04-extraction-without-sampling.ipynb")
  }

  /// A quarter and three quarters of the longest reference, of enough records.
  private var cut: (given: Int, length: Int)? {
    let longest = sources.subject.longest
    guard longest >= 16, sources.subject.ids.count >= 50 else { return nil }
    return (longest / 4, longest * 3 / 4)
  }

  private func verdict(_ prediction: PredictReport) -> String {
    guard let entry = prediction.grid.last else { return "**Verdict.** Nothing was asked." }
    let known = prediction.records.count - entry.dataset.extrapolated
    return
      "**Verdict.** \(NumberText.text(entry.dataset.expectedRecords)) of "
      + "\(NumberText.count(prediction.records.count, "record")) are expected to come out for "
      + "\(NumberText.count(entry.length, "token")) in \(NumberText.weight(entry.draws)) draws each, from one forward "
      + "pass. "
      + (entry.dataset.extrapolated == 0
        ? "Every probability behind that is exact."
        : "The probabilities of \(NumberText.count(known)) are exact; \(NumberText.count(entry.dataset.extrapolated)) "
          + "references are shorter than that, and what would follow them is predicted from the others.")
  }

  private func verdict(_ group: ValidateReport.Group) -> String {
    "**Verdict** for \(group.decoding). \(NumberText.count(group.draws)) generations of "
      + "\(NumberText.count(group.records, "record")): p \(NumberText.text(group.pValue)), "
      + (group.pValue < 0.01
        ? "they do not follow the prediction." : "they cannot be told from the prediction.")
      + (group.samplingEquivalentDraws.map {
        " To know the mean probability of \(group.length) tokens to 1 % by sampling would take "
          + "\(NumberText.weight($0)) draws a record."
      } ?? "")
  }

  private func verdict(_ evaluation: PredictReport.Evaluation) -> String {
    var text =
      "**Verdict.** Of \(NumberText.count(evaluation.records, "record")), each predicted without having been learned "
      + "from, \(NumberText.percent(evaluation.coverage)) lie in their "
      + "\(NumberText.level(evaluation.level)) interval"
    if let score = evaluation.logScore, let own = evaluation.ownMeanScore, let others = evaluation.populationMeanScore {
      let isBest = score > max(own, others)
      text +=
        "; the mean log score is \(NumberText.text(score)) (\(NumberText.text(others)) by the mean of the others, "
        + "\(NumberText.text(own)) by the record's own mean)\(isBest ? "" : ": no better than the simplest guess")"
    }
    return text + "."
  }
}
