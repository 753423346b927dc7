import Foundation
import SkewedMemorization

/// Averages hide the tail: what a mean loss describes, and which records carry the rest.
struct AveragesNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    let path = sources.subject.path
    var author = NotebookAuthor(
      "Averages hide the tail",
      """
      **Claim.** Averages describe the typical record and hide the few that leak: the mean of probabilities (what an \
      attacker meets) lies above the \
      exponential of the mean log-probability (what a loss describes) by a penalty that, as a rule, grows with the \
      length, and a few records carry most of it.

      **Evidence.** `\(path)`, every number exact for its records.
      """, run: run)
    let audit = try await author.skewmem(
      ["audit", path], only: ["What the average says and what the tail says"], as: AuditReport.self)
    author.text(tailVerdict(audit))
    author.text("## Which records")
    _ = try await author.skewmem(["audit", path], only: ["Records most at risk"], as: AuditReport.self)
    author.text("## Where the spread comes from")
    _ = try await author.skewmem(["audit", path], only: ["Where the spread comes from"], as: AuditReport.self)
    author.text(spreadVerdict(audit))
    for (name, captures) in sources.trajectories {
      author.text("## Over training: run `\(name)`")
      let report = try await author.skewmem(
        ["compare"] + captures.map(\.path) + ["--pairs", "consecutive"],
        only: ["Skewness penalty: what a mean of logarithms hides"], as: CompareReport.self)
      if let text = trainingVerdict(report) { author.text(text) }
    }
    return author.notebook("02-averages-hide-the-tail.ipynb")
  }

  private func tailVerdict(_ audit: AuditReport) -> String {
    let known = audit.decomposition.lengths.filter { $0.penalty != nil && $0.quenched != nil }
    guard let last = known.last, let penalty = last.penalty else {
      return "**Verdict.** A token of probability 0 leaves the mean loss undefined: there is no average to speak of."
    }
    let isRising =
      known.count > 1 && zip(known, known.dropFirst()).allSatisfy { ($0.penalty ?? 0) < ($1.penalty ?? 0) }
    let reaching = audit.survival.indices.contains(last.n - 1) ? audit.survival[last.n - 1].atRisk : audit.records
    var text =
      "**Verdict.** At \(NumberText.count(last.n, "token")) the mean probability is "
      + "\(NumberText.probability(log: penalty, digits: 2)) times what the typical record suggests; the "
      + "penalty \(isRising ? "grows with the length throughout" : "does not grow with every length")."
    if let effective = last.effectiveRecords, let top = last.top10PercentShare {
      text +=
        " Of the \(NumberText.count(reaching, "record")) with so many tokens, the tenth that is most likely to be "
        + "repeated holds \(NumberText.percent(top)) of the expected repetitions; in effect "
        + "\(NumberText.text(effective)) carry them."
    }
    return text
  }

  private func spreadVerdict(_ audit: AuditReport) -> String {
    let variance = audit.decomposition.variance
    let third = audit.decomposition.thirdCumulant
    func share(_ part: Double, _ whole: Double) -> String { NumberText.percent(whole == 0 ? nil : part / whole) }
    guard audit.matchLength.variance > 0, let skewness = audit.matchLength.skewness else {
      return "**Verdict.** N does not vary: there is nothing to take apart."
    }
    let spread = variance.between > variance.within ? "between" : "within"
    var text =
      "**Verdict.** Differences between records are \(share(variance.between, audit.matchLength.variance)) of the "
      + "variance of N: the spread lies mostly \(spread) records."
    guard skewness > 0 else { return text + " N is not skewed to the right (skewness \(NumberText.text(skewness)))." }
    let parts = [
      (third.between, "differences between records"),
      (third.covariance, "records that reach further varying more"),
      (third.within, "the drawing of tokens within records"),
    ]
    let largest = parts.max { $0.0 < $1.0 } ?? parts[0]
    text +=
      " The largest part of the skew, \(share(largest.0, audit.matchLength.thirdCumulant)) of the third cumulant, "
      + "comes from \(largest.1)."
    return text
  }

  private func trainingVerdict(_ report: CompareReport) -> String? {
    func penalty(_ set: CompareReport.Profile) -> (n: Int, value: Double)? {
      set.lengths.last { $0.penalty != nil }.flatMap { length in length.penalty.map { (length.n, $0) } }
    }
    let known = report.dataSets.compactMap { set in
      penalty(set).flatMap { value in set.epoch.map { (epoch: $0, n: value.n, value: value.value) } }
    }
    guard known.count > 1, let last = known.last, let largest = known.max(by: { $0.value < $1.value }),
      known.allSatisfy({ $0.n == last.n })
    else { return nil }
    let (most, end) = (NumberText.weight(largest.epoch), NumberText.weight(last.epoch))
    return
      "**Verdict.** Over training the penalty at \(NumberText.count(last.n, "token")) is largest at epoch \(most), "
      + "\(NumberText.text(largest.value)) nats, and \(NumberText.text(last.value)) at the last, epoch \(end)."
  }
}
