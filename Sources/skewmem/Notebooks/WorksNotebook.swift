import Captures
import Foundation
import SkewedMemorization
import TokenProcess

/// What models know of whole texts.
struct WorksNotebook {
  private let sources: NotebookSources

  init(_ sources: NotebookSources) { self.sources = sources }

  /// Whether there are windows of works.
  var hasSubject: Bool { sources.works.contains { !$0.windows.isEmpty } }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    var author = NotebookAuthor(
      "Whole works",
      """
      **Claim.** A mean loss does not say which passages of a text come out. Probabilities of windows along the text \
      do, at every length and for any number of draws. A text that the model cannot have seen shows what no memory \
      looks like.

      **Evidence.** Windows of whole texts: \(sources.works.map { "`\($0.folder)`" }.joined(separator: ", ")).
      """, run: run)
    for model in sources.works where !model.windows.isEmpty {
      author.text("## \(model.name)")
      let arguments = arguments(model.windows, model, controls: model.controls)
      let report = try await author.skewmem(
        arguments,
        only: ["Summary", "Passages of \(model.length) tokens", "What some draws bring out", "Riskiest passages"],
        as: WorksReport.self)
      author.text(verdict(report))
    }
    for model in sources.works where !model.passes.isEmpty && !model.windows.isEmpty {
      author.text(
        """
        ## \(model.name): a longer context

        **Claim.** With hundreds of tokens of the text before it a model repeats more of it. Part of that is copied \
        from the context, and no memory.
        """)
      let windows = try await run(arguments(model.windows, model, controls: model.controls))
      let passes = try await author.skewmem(
        arguments(model.passes, model, controls: model.controlPasses),
        only: ["Summary", "Passages of \(model.length) tokens"],
        as: WorksReport.self)
      if let windows = windows as? WorksReport { author.text(verdict(passes, beside: windows)) }
    }
    try await addDraws(&author)
    try await addComparison(&author)
    return author.notebook("06-whole-works.ipynb")
  }

  private func arguments(_ files: [String], _ model: NotebookSources.Works, controls: [String]) -> [String] {
    ["works"] + files + controls.flatMap { ["--held-out", $0] } + model.texts.flatMap { ["--texts", $0] }
      + ["--lengths", "\(model.length)"]
  }

  private func verdict(_ report: WorksReport) -> String {
    guard let total = report.total.first, let coverage = total.coverage.first else { return "**Verdict.** No works." }
    let own = report.works.filter { !$0.isControl }
    let riskiest = own.max {
      ($0.lengths.first?.coverage.first?.lower ?? 0) < ($1.lengths.first?.coverage.first?.lower ?? 0)
    }
    var text =
      "**Verdict.** \(NumberText.percent(coverage.lower)) of the tokens stand in passages of \(total.n) tokens that "
      + "come "
      + "out with probability \(NumberText.setting(coverage.threshold)) or more"
    if let riskiest, own.count > 1, let share = riskiest.lengths.first?.coverage.first?.lower {
      text += "; of \(riskiest.document) \(NumberText.percent(share))"
    }
    text += "."
    if let controls = coverage.controls {
      text +=
        " Of the text that the model cannot have seen it is \(NumberText.percent(controls))"
        + (controls < coverage.lower ? ": what comes out of the others is memory." : ": no less than of the others.")
    }
    return text
  }

  private func verdict(_ passes: WorksReport, beside windows: WorksReport) -> String {
    guard let more = passes.total.first?.coverage.first, let fewer = windows.total.first?.coverage.first else {
      return "**Verdict.** Nothing to compare."
    }
    let copied = passes.works.compactMap { work -> String? in
      guard let length = work.lengths.first, let with = length.coverageWithCopies?.first,
        let without = length.coverage.first, with.lower > without.lower
      else { return nil }
      return "\(work.document) \(NumberText.percent(with.lower)) instead of \(NumberText.percent(without.lower))"
    }
    return
      "**Verdict.** \(NumberText.percent(more.lower)) of the works' tokens with the longer context, "
      + "\(NumberText.percent(fewer.lower)) with the shorter one: two questions, whose answers are not to be mixed."
      + (copied.isEmpty ? "" : " Copies would have counted as memory: \(copied.joined(separator: ", ")).")
  }

  private func addDraws(_ author: inout NotebookAuthor) async throws {
    for model in sources.works {
      guard let generations = model.generations, let capture = model.windows.first else { continue }
      author.text(
        """
        ## \(model.name): are the predictions true?

        **Claim.** Real continuations of windows match as far as their probabilities say.
        """)
      try await addCoverageOfDraws(capture, generations, &author)
      let report = try await author.skewmem(
        ["validate", capture, "--generations", generations], as: ValidateReport.self)
      author.text(
        report.groups.map { group in
          "**Verdict** for \(group.decoding). \(NumberText.count(group.draws)) continuations of "
            + "\(NumberText.count(group.records, "window")): p \(NumberText.text(group.pValue)), "
            + (group.pValue < 0.01
              ? "they do not follow the prediction." : "they cannot be told from the prediction.")
        }.joined(separator: "\n\n"))
    }
  }

  /// How many tokens of the text the real continuations repeat, beside how many were expected of as many.
  private func addCoverageOfDraws(_ capture: String, _ generations: String, _ author: inout NotebookAuthor) async throws
  {
    let windows = Dictionary(
      try await CaptureReader(files: [capture]).records().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let sampled = try GenerationsReader.read(path: generations).filter {
      $0.decoding == .plain && windows[$0.id]?.place != nil && !$0.generations.isEmpty
    }
    guard let draws = sampled.map(\.generations.count).min() else { return }
    var risk = WorkRisk(length: Self.matched)
    var repeated = Set<Int>()
    for lines in sampled {
      guard let record = windows[lines.id], let place = record.place, let reference = record.referenceTokenIDs else {
        continue
      }
      let length = lines.generations.prefix(draws).map(\.count).min() ?? 0
      let law = MatchLengthLaw(record).logSurvival.prefix(length + 1)
      risk.add(WorkWindow(start: place.start, logSurvival: Array(law)))
      for draw in lines.generations.prefix(draws) {
        let match = zip(draw.prefix(length), reference).prefix { $0 == $1 }.count
        if match >= Self.matched { repeated.formUnion(place.start..<(place.start + match)) }
      }
    }
    author.text(
      "How many tokens \(draws) real continuations of each window bring out in matches of \(Self.matched) or more, "
        + "beside "
        + "how many are expected to, in plain Python:")
    author.python(
      """
      import gzip
      import math


      def lines(path):
          with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
              return [json.loads(line) for line in file if line.strip()]


      windows = {record["id"]: record for record in lines(\(NotebookAuthor.quoted(capture)))}
      missed, repeated = {}, set()
      for line in lines(\(NotebookAuthor.quoted(generations))):
          if line["id"] not in windows or line.get("temperature", 1) != 1 or line.get("top_k") or line.get("top_p"):
              continue
          record, drawn = windows[line["id"]], line["generations"][:\(draws)]
          length, start = min(map(len, drawn)), record["start"]
          sums = [math.fsum(record["token_logprobs"][:k]) for k in range(length + 1)]
          for place in range(length):
              probability = math.exp(sums[max(\(Self.matched), place + 1)])
              missed[start + place] = missed.get(start + place, 0) + \(draws) * math.log1p(-probability)
          for draw in drawn:
              match = 0
              while match < length and draw[match] == record["reference_token_ids"][match]:
                  match += 1
              if match >= \(Self.matched):
                  repeated |= set(range(start, start + match))
      print(f"expected {-math.fsum(map(math.expm1, missed.values())):.1f} tokens, repeated {len(repeated)}")
      """,
      prints: [
        String(
          format: "expected %.1f tokens, repeated %ld", risk.expectedTokens(draws: Double(draws)), repeated.count)
      ])
  }

  /// The least match that counts.
  private static let matched = 16

  private func addComparison(_ author: inout NotebookAuthor) async throws {
    let models = sources.works.filter { !$0.windows.isEmpty }
    guard models.count > 1 else { return }
    for (place, document) in models[0].documents.enumerated() {
      guard let other = models[1].documents.firstIndex(of: document) else { continue }
      author.text(
        """
        ## \(document): two models

        **Claim.** Models differ in which passages of a text they know.
        """)
      let report = try await author.skewmem(
        ["compare", models[0].windows[place], models[1].windows[other]], only: ["Works"], as: CompareReport.self)
      guard let work = report.comparisons.first?.works.first else { continue }
      author.text(
        "**Verdict.** \(NumberText.percent(work.a)) of the \(work.unit) against \(NumberText.percent(work.b)) "
          + "(p ≥ \(NumberText.setting(work.threshold)), \(work.n) tokens)"
          + (work.jaccard.map { "; \(NumberText.percent($0)) of what either covers is covered by both." } ?? "."))
    }
  }
}
