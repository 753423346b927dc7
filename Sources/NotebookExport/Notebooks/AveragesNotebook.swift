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
      **Claim.** Averages describe the typical record and hide the few that leak: the mean of probabilities (what an attacker meets) lies above the \
      exponential of the mean log-probability (what a loss describes) by a penalty that grows with the length, and a few records carry all of it.

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
    let isRising = zip(known, known.dropFirst()).allSatisfy { ($0.penalty ?? 0) <= ($1.penalty ?? 0) }
    var text =
      "**Verdict.** At \(NumberText.count(last.n, "token")) the mean probability is \(NumberText.probability(log: penalty, digits: 2)) times what the typical record suggests, and the "
      + "penalty \(isRising ? "grows with the length throughout" : "does not grow with every length")."
    if let effective = last.effectiveRecords, let top = last.top10PercentShare {
      text +=
        " \(NumberText.percent(top)) of it lies in a tenth of the records; in effect \(NumberText.text(effective)) of \(NumberText.count(audit.records)) carry it."
    }
    return text
  }

  private func spreadVerdict(_ audit: AuditReport) -> String {
    let variance = audit.decomposition.variance
    let third = audit.decomposition.thirdCumulant
    func share(_ part: Double, _ whole: Double) -> String { NumberText.percent(whole == 0 ? nil : part / whole) }
    let isSpreadBetween = variance.between > variance.within
    let isSkewBetween = third.between + third.covariance > third.within
    return
      "**Verdict.** Differences between records are \(share(variance.between, audit.matchLength.variance)) of the variance of N, and with their interplay "
      + "(records that reach further also vary more) \(share(third.between + third.covariance, audit.matchLength.thirdCumulant)) of its third cumulant: the spread lies mostly "
      + "\(isSpreadBetween ? "between" : "within") records, the skew \(isSpreadBetween == isSkewBetween ? "too" : isSkewBetween ? "mostly between them" : "mostly within them")."
  }

  private func trainingVerdict(_ report: CompareReport) -> String? {
    func penalty(_ set: CompareReport.Profile) -> (n: Int, value: Double)? {
      set.lengths.last { $0.penalty != nil }.flatMap { length in length.penalty.map { (length.n, $0) } }
    }
    guard let first = report.dataSets.first, let last = report.dataSets.last, let before = penalty(first),
      let after = penalty(last), before.n == after.n, let start = first.epoch, let end = last.epoch
    else { return nil }
    return
      "**Verdict.** From epoch \(NumberText.weight(start)) to \(NumberText.weight(end)) the penalty at \(NumberText.count(before.n, "token")) goes from \(NumberText.text(before.value)) to "
      + "\(NumberText.text(after.value)) nats: "
      + (after.value < before.value
        ? "averages mislead most while few records are known, and least once nearly all are."
        : "averages mislead more as training goes on.")
  }
}
