import Foundation
import SkewedMemorization

/// Training time, composition, repetition and similarity: the paper's observations at the scale of the captures.
struct DriversNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  /// Whether there is anything to write about.
  var hasSubject: Bool {
    !sources.trajectories.isEmpty || !sources.mixtures.isEmpty || sources.repetitions != nil
      || !sources.embedded.isEmpty
  }

  /// Parts that are left out, and what they take.
  var missing: [String] {
    guard hasSubject else { return [] }
    let parts = [
      (sources.trajectories.isEmpty, "training time: captures of one run at several epochs"),
      (
        sources.mixtures.isEmpty,
        "composition: captures of two runs at the epoch of the main capture, one with further records"
      ),
      (sources.repetitions == nil, "repetition: a capture with the field repetitions"),
      (sources.embedded.isEmpty, "similarity: files RUN-prefix.npy and RUN-full.npy with embeddings"),
    ]
    return parts.filter(\.0).map { "03-drivers.ipynb is without \($0.1)" }
  }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    var author = NotebookAuthor(
      "What drives the tail",
      """
      **Claim** (arXiv 2502.01187, its experiments with Llama-3.1-8B). Memorization grows with training time, its \
      maximum while the loss is still high; mixing in other data \
      raises the maximum; and it depends on how alike the records are.

      **Evidence.** The captures given; each part says what they show and where that differs from the claim.
      """, run: run)
    try await addTraining(to: &author)
    try await addComposition(to: &author)
    try await addRepetition(to: &author)
    try await addSimilarity(to: &author)
    return author.notebook("03-drivers.ipynb")
  }

  // MARK: Training time

  private func addTraining(to author: inout NotebookAuthor) async throws {
    guard !sources.trajectories.isEmpty else { return }
    author.text(
      """
      ## Training time

      **Claim.** The longest match exceeds 10 tokens by epoch 10 while the loss is still high, and reaches about 50 \
      after it has flattened.
      """)
    for (_, captures) in sources.trajectories {
      let report = try await author.skewmem(
        ["compare"] + captures.map(\.path) + ["--pairs", "consecutive"], only: ["Summary", "Data sets"],
        as: CompareReport.self)
      for trajectory in report.trajectories { author.text(verdict(trajectory, report.dataSets)) }
    }
  }

  private func verdict(_ trajectory: CompareReport.Trajectory, _ sets: [CompareReport.Profile]) -> String {
    let name = "**Verdict** for `\(trajectory.run)`. "
    guard sets.contains(where: { $0.greedy != nil }) else {
      return name + "What greedy decoding repeats is not known: the captures have neither ranks nor greedy tokens."
    }
    guard let first = trajectory.crossings.first(where: { $0.epoch != nil }), let epoch = first.epoch else {
      return name
        + "The longest greedy match exceeds \(trajectory.crossings.first?.length ?? 10) tokens at no captured epoch."
    }
    var text =
      name + "The longest greedy match first exceeds \(first.length) tokens at epoch \(NumberText.weight(epoch))"
    guard let loss = first.loss, let final = trajectory.finalLoss, final > 0 else { return text + "." }
    text +=
      ", at a loss of \(NumberText.text(loss)), \(NumberText.text(loss / final, digits: 2)) times that of the last "
      + "epoch: "
      + (loss > 2 * final
        ? "long matches come before the loss is low, as claimed." : "not before the loss is low, other than claimed.")
    if let last = trajectory.crossings.last(where: { $0.epoch != nil }), last.length > first.length, last.length >= 30,
      let epoch = last.epoch, let loss = last.loss
    {
      text +=
        " It first exceeds \(last.length) at epoch \(NumberText.weight(epoch)), at a loss of \(NumberText.text(loss))"
        + (loss > 2 * final
          ? ", before the loss has flattened; the paper's maximum of about 50 comes after."
          : ", when the loss has flattened.")
    }
    return text
  }

  // MARK: Composition

  private func addComposition(to author: inout NotebookAuthor) async throws {
    guard !sources.mixtures.isEmpty else { return }
    author.text(
      """
      ## Composition

      **Claim.** 200 samples of another set mixed in raised the maximum above 40 at epoch 10, where the set alone \
      stayed near 16.
      """)
    for (alone, mixed) in sources.mixtures {
      let report = try await author.skewmem(["compare", alone.path, mixed.path], as: CompareReport.self)
      author.text(compositionVerdict(report))
    }
  }

  private func compositionVerdict(_ report: CompareReport) -> String {
    guard let pair = report.comparisons.first, !pair.tests.isEmpty else {
      return "**Verdict.** The two cannot be compared record by record."
    }
    let maxima = report.dataSets.map { $0.greedy?.maximum }
    var text = "**Verdict.** "
    if maxima.count == 2, let alone = maxima[0], let mixed = maxima[1] {
      text +=
        "The longest greedy match is \(alone) tokens without the other set and \(mixed) with it: "
        + (mixed > alone ? "up, as claimed, but a maximum is a single record." : "not up, other than claimed.")
    }
    let clear = pair.tests.filter { $0.holm <= 0.05 }
    let effects = pair.tests.compactMap { test in
      test.effectSize.map {
        "\(test.measure) \(NumberText.text($0)) \(intervalText(test.effectInterval)), p \(NumberText.text(test.holm)) "
          + "after Holm"
      }
    }
    text +=
      " Of \(NumberText.count(pair.paired)) shared records, one by one, rank-biserial correlations (positive where "
      + "the mixture repeats further): \(effects.joined(separator: "; ")). "
    text +=
      clear.isEmpty
      ? "No test finds a difference beyond chance."
      : "\(clear.map { "The \($0.test) test of \($0.measure)" }.joined(separator: " and ")) finds a difference beyond "
        + "chance (p \(clear.map { NumberText.text($0.holm) }.joined(separator: ", ")) after Holm)."
    let signs = Set(pair.tests.compactMap(\.effectSize).map { $0 > 0 })
    if signs == [false] {
      text +=
        " All effects point to *shorter* matches with the other set mixed in: the records as a whole do not bear the "
        + "claim out."
    }
    return text
  }

  // MARK: Repetition

  private func addRepetition(to author: inout NotebookAuthor) async throws {
    guard let capture = sources.repetitions else { return }
    author.text(
      """
      ## Repetition

      **Claim** (the deduplication literature, not in the paper). What is shown more often is repeated further.
      """)
    let report = try await author.skewmem(
      ["drivers", capture.path], only: ["Summary", "Repetition"], as: DriversReport.self)
    let predictor = report.models.first { $0.outcome == "greedy" }?.predictors.first { $0.name == "log2_repetitions" }
    guard let predictor else { return }
    author.text(
      "**Verdict.** With each doubling the hazard of the first greedy mismatch is multiplied by "
        + "\(NumberText.text(predictor.ratio)) \(intervalText(predictor.ratioInterval)), p "
        + "\(NumberText.text(predictor.p)), "
        + "at the same position, prefix length, first token and similarity: "
        + (predictor.p <= 0.05 && predictor.ratio < 1 ? "true." : "not shown here."))
  }

  // MARK: Similarity

  private func addSimilarity(to author: inout NotebookAuthor) async throws {
    guard !sources.embedded.isEmpty else { return }
    author.text(
      """
      ## Similarity

      **Claim** (Remark 2.7). Unlike references behind like prefixes, a gap S_full − S_input below 0, go with less \
      memorization. This is about data sets, of which there are \
      \(sources.embedded.count) here; the correlations below are about records.
      """)
    for (capture, prefix, full) in sources.embedded {
      let report = try await author.skewmem(
        ["similarity", capture.path, "--prefix-embeddings", prefix, "--full-embeddings", full],
        only: ["Summary", "Rank correlation with the expected match"], as: SimilarityReport.self)
      author.text(verdict(report, capture))
    }
    author.text(
      "**Verdict** on the claim. \(NumberText.count(sources.embedded.count, "data set")) cannot test a statement "
        + "about data sets."
    )
  }

  private func verdict(_ report: SimilarityReport, _ capture: NotebookSources.Capture) -> String {
    let clear = report.correlations.filter { $0.benjaminiHochberg <= 0.05 }
    let gap = report.gap.difference
    return
      "**Verdict** for `\(capture.run ?? capture.path)`. The gap is \(NumberText.text(gap)) "
      + "\(intervalText(report.gap.interval)). "
      + (clear.isEmpty
        ? "No measure of similarity goes with the match length of records beyond chance."
        : "With the match length of records go "
          + clear.map {
            "`\($0.measure)`\($0.given.isEmpty ? "" : " given \($0.given.joined(separator: ", "))") "
              + "(\(NumberText.text($0.value)), p \(NumberText.text($0.benjaminiHochberg)) after Benjamini and "
              + "Hochberg)"
          }.joined(separator: ", ") + ".")
  }
}
