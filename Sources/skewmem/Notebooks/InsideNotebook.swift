import SkewedMemorization

/// What a look inside the model adds to what it puts out.
struct InsideNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  /// Whether there is something from inside the model.
  var hasSubject: Bool { sources.activations != nil || sources.attention != nil }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    let path = sources.subject.path
    var author = NotebookAuthor(
      "Inside the model",
      """
      **Claim.** What goes on inside a model tells which records it has memorized: activations tell them from others \
      (arXiv 2412.01014), and attention concentrates where a record is repeated (arXiv 2310.06714).

      **Evidence.** \([sources.activations, sources.attention].compactMap(\.self).map { "`\($0)`" }.joined(separator: " and ")) \
      of the records of `\(path)`, written by `integrations/huggingface/score.py`.
      """, run: run)
    if let activations = sources.activations {
      let audit = try await author.skewmem(
        ["audit", path], only: ["What the average says and what the tail says"], as: AuditReport.self)
      let (length, threshold) = outcome(audit)
      author.text("## Do activations tell what is memorized?")
      let report = try await author.skewmem(
        ["probe", path, "--activations", activations, "--length", "\(length)", "--threshold", "\(threshold)"],
        only: ["Layers", "Baselines"], as: ProbeReport.self)
      author.text(verdict(report))
    }
    if let attention = sources.attention {
      author.text("## Does attention on the prefix go with longer matches?")
      let report = try await author.skewmem(
        ["drivers", path, "--attention", attention],
        only: [
          "Entropy of attention on the prefix", "Largest weight on a token of the prefix",
          "Share of attention on the prefix",
        ], as: DriversReport.self)
      if let found = report.attention { author.text(verdict(found)) }
    }
    if let statements = sources.statements {
      author.text("## Do explanations tell when the model is right?")
      let report = try await author.skewmem(["calibrate", statements], only: nil, as: CalibrateReport.self)
      author.text(verdict(report))
    }
    return author.notebook("08-inside-the-model.ipynb")
  }

  /// A length and a probability that a quarter or so of the records reach, from the shares that the tail holds.
  private func outcome(_ audit: AuditReport) -> (length: Int, threshold: Double) {
    let length = audit.decomposition.lengths.map(\.n).last { 4 * $0 <= audit.maxLength } ?? 1
    let mean = audit.survival[length - 1].probability ?? 0
    return (length, mean > 0.1 ? 0.1 : 0.01)
  }

  private func verdict(_ report: ProbeReport) -> String {
    guard let best = report.best, let difference = best.difference else {
      return "**Verdict.** Too few records for a probe."
    }
    let p = best.adjusted ?? best.p ?? 1
    let chance = p <= 0.05 ? "more than chance gives" : "not beyond what chance gives"
    let isBetter = (difference.interval.lower ?? 0) > 0
    let baseline = difference.baselineText
    return
      "**Verdict.** The best of \(NumberText.count(report.layers.count, "layer")) (\(best.name)) has an AUC of "
      + "\(NumberText.text(best.auc)), \(chance) (p = \(NumberText.text(p)), all layers taken into account). "
      + "\(baseline.prefix(1).uppercased() + baseline.dropFirst()): "
      + "\(NumberText.text(best.auc - difference.value)). With \(NumberText.count(report.records, "record")), "
      + "\(report.memorized) of them memorized, activations \(isBetter && p <= 0.05 ? "say more" : "do not say more") "
      + "here than what the model puts out."
  }

  /// The claim of arXiv 2406.03441.
  private func verdict(_ report: CalibrateReport) -> String {
    guard let answer = report.parts.first(where: { $0.kind == "answer" }), let plain = answer.areaUnderCurve,
      let explained = report.parts.first(where: { $0.kind == "explanations" })?.areaUnderCurve
    else { return "**Verdict.** Explanations, or answers that are right and wrong, are missing." }
    return
      "**Verdict.** The model was asked which reference follows a prefix, and explained its answer by sampling. The "
      + "answer's own probability tells right answers from wrong ones with an AUC of \(NumberText.text(plain)), "
      + "confidence from explanations with \(NumberText.text(explained)): "
      + (explained > plain
        ? "explanations help, as in arXiv 2406.03441."
        : "explanations do not help here, unlike in arXiv 2406.03441, which asks models that can explain.")
  }

  private func verdict(_ attention: DriversReport.Attention) -> String {
    let parts = attention.measures.map { measure -> String in
      let clear = measure.heads.filter { $0.benjaminiHochberg <= 0.05 }
      let up = clear.count { $0.correlation > 0 }
      return "\(measure.name): \(clear.count) of \(measure.heads.count)"
        + (clear.isEmpty ? "" : " (\(up) upwards, \(clear.count - up) downwards)")
    }
    let largest = attention.measures.first { $0.name == "maximum" }?.heads.filter { $0.benjaminiHochberg <= 0.05 } ?? []
    let agrees = !largest.isEmpty && largest.allSatisfy { $0.correlation > 0 }
    return
      "**Verdict.** Heads that go with ln S(\(attention.measures.first?.length ?? 0)) beyond chance, by measure: "
      + parts.joined(separator: "; ") + ". "
      + (agrees
        ? "Where these heads look at one token of the prefix, records are repeated further: the claim holds for them."
        : "That attention concentrates where records are repeated is not to be seen here.")
  }
}
