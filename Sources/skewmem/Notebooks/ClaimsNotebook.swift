import Foundation
import SkewedMemorization

/// What may be claimed of each checkpoint beside records that it was not trained on.
struct ClaimsNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  /// Whether there are records and held-out ones of one model.
  var hasSubject: Bool { !sources.controlled.isEmpty }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    let pairs = sources.controlled
    var author = NotebookAuthor(
      "Claims",
      """
      **Claim.** Beside controls, records of the same kind that were not trained on, an audit says which records stand \
      out because of training, how many at least, and how often such a statement is wrong. A model that was not \
      trained on the records supports no such claim.

      **Evidence.** \(pairs.map { "`\($0.records.path)` beside `\($0.controls.path)`" }.joined(separator: "; ")).
      """, run: run)
    for pair in pairs {
      author.text("## \(Self.name(pair.records))")
      let report = try await author.skewmem(
        ["audit", pair.records.path, "--held-out", pair.controls.path, "--length", "8,16,32"],
        only: ["Controls: what unseen text reaches too"], as: AuditReport.self)
      author.text(verdict(report))
    }
    // The model before training takes out what any model knows.
    if let last = pairs.last,
      let before = pairs.first(where: { $0.records.run == last.records.run && $0.records.path != last.records.path })
    {
      author.text(
        """
        ## Beside the model before

        **Claim.** What a record gains from training stands out more than what the model says of it.
        """)
      let report = try await author.skewmem(
        [
          "audit", last.records.path, "--held-out", last.controls.path, "--reference", before.records.path,
          "--reference", before.controls.path, "--length", "8,16,32",
        ], only: ["Controls: what unseen text reaches too"], as: AuditReport.self)
      author.text(verdict(report))
    }
    return author.notebook("07-claims.ipynb")
  }

  private static func name(_ capture: NotebookSources.Capture) -> String {
    "\(capture.run ?? capture.path)" + (capture.epoch.map { ", epoch \(NumberText.weight($0))" } ?? "")
  }

  private func verdict(_ report: AuditReport) -> String {
    guard let controls = report.controls, let length = controls.lengths.first(where: { $0.n == controls.n }) else {
      return "**Verdict.** No controls."
    }
    let listed = controls.lengths.map {
      "\(NumberText.count($0.listed)) of \(NumberText.count($0.records)) at \($0.n) tokens"
    }.joined(separator: ", ")
    let extractable = length.thresholds.first { $0.threshold == 0.5 }?.records ?? 0
    let claim =
      length.memorizedAtLeast > 0
      ? "At least \(NumberText.count(length.memorizedAtLeast, "record")) "
        + "\(length.memorizedAtLeast == 1 ? "is" : "are") known because of training (at \(length.n) tokens, "
        + "\(NumberText.level(report.level)) confidence)"
        + (length.listed == 0 ? ", but no single one stands out; one such statement in twenty is wrong." : ".")
      : "No record may be said to be known because of training (at \(length.n) tokens)."
    return
      "**Verdict.** On the list at a false discovery rate of \(NumberText.level(controls.falseDiscoveryRate)): "
      + "\(listed). \(claim) "
      + "\(NumberText.count(extractable)) of them come out with probability 0.5 or more in one draw."
  }
}
