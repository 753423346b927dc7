import Foundation
import SkewedMemorization

/// The exact risk beside the established metrics.
struct MetricsNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  var missing: [String] {
    sources.heldOut == nil
      ? [
        "05-beside-established-metrics.ipynb is without membership: no capture of held-out records (split) of the "
          + "main capture's run and epoch"
      ]
      : []
  }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    let capture = sources.subject
    var arguments = ["metrics", capture.path]
    if let heldOut = sources.heldOut { arguments += ["--held-out", heldOut.path] }
    if let generations = sources.subjectGenerations { arguments += ["--generations", generations] }
    for other in sources.otherEpochs { arguments += ["--runs", other.path] }
    var author = NotebookAuthor(
      "Beside the established metrics",
      """
      **Claim.** Established metrics (loss, perplexity, Min-K %, zlib ratio, greedy extraction, …) tell training \
      records from others, and yet rank the records that leak otherwise than the exact risk: most \
      average over tokens, while a verbatim match ends at the first token that is not known.

      **Evidence.** `\(capture.path)`; the exact S(n), the probability that the first n tokens are repeated, as the \
      yardstick.
      """, run: run)
    let report = try await author.skewmem(
      arguments, only: ["Summary", "What each metric misses of the riskiest 5 %"], as: MetricsReport.self)
    author.text(rankingVerdict(report))
    if !report.discrimination.isEmpty {
      author.text("## Telling training records from others")
      _ = try await author.skewmem(
        arguments, only: ["Telling training records from held-out ones"], as: MetricsReport.self)
      author.text(membershipVerdict(report))
    }
    author.text("## The riskiest records")
    _ = try await author.skewmem(arguments, only: ["The riskiest records"], as: MetricsReport.self)
    return author.notebook("05-beside-established-metrics.ipynb")
  }

  /// Metrics that are not themselves made from S(n).
  private static let ours: Set<String> = [
    "tail_risk", "expected_match", "discoverable_draws", "discoverable_extraction", "inextractability_bits",
  ]

  private func rankingVerdict(_ report: MetricsReport) -> String {
    let others = report.agreement.filter { !Self.ours.contains($0.metric) && $0.spearman != nil }
    let missing = others.filter { !($0.missedTop5Percent ?? []).isEmpty }
    guard let best = others.max(by: { ($0.spearman ?? 0) < ($1.spearman ?? 0) }) else {
      return "**Verdict.** No established metric can be ranked against S(\(report.settings.length)) on these records."
    }
    let loss = others.first { $0.metric == "loss" }
    let lost = missing.flatMap { $0.missedTop5Percent ?? [] }
    let worst = Dictionary(grouping: lost, by: \.self).mapValues(\.count).max {
      ($0.value, $1.key) < ($1.value, $0.key)
    }
    let lossText =
      loss.map {
        "The loss ranks the records like S(\(report.settings.length)) with ρ \(NumberText.text($0.spearman)) "
          + "\(intervalText($0.spearmanInterval)); "
      } ?? "The loss is the same for all, or has no value; "
    return "**Verdict.** " + lossText
      + "the best of \(NumberText.count(others.count, "established metric")) is \(best.metric) "
      + "with \(NumberText.text(best.spearman)), known for \(NumberText.count(best.records)) of "
      + "\(NumberText.count(report.records.count, "record")). "
      + (worst.map {
        "\(NumberText.count(missing.count)) of them put at least one of the riskiest 5 % below their own median; "
          + "\(ReportDocument.escaped($0.key)) is missed by \(NumberText.count($0.value))."
      } ?? "None of them misses one of the riskiest 5 %.")
  }

  private func membershipVerdict(_ report: MetricsReport) -> String {
    func area(_ metric: String) -> String {
      report.discrimination.first { $0.metric == metric }.map { NumberText.text($0.auc) } ?? "—"
    }
    return
      "**Verdict.** The area under the ROC curve is \(area("loss")) for the loss and \(area("min_k")) for Min-K %: "
      + "that a record was trained on is one question, "
      + "whether it comes out word for word is another. The same records have S(\(report.settings.length)) from "
      + "\(range(report))."
  }

  private func range(_ report: MetricsReport) -> String {
    let risks = report.records.compactMap { $0["tail_risk"] }
    guard let lowest = risks.min(), let highest = risks.max() else { return "nothing to nothing" }
    return "\(NumberText.probability(log: lowest)) to \(NumberText.probability(log: highest))"
  }
}
