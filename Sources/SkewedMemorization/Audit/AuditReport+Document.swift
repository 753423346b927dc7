import Foundation
import Reports

extension AuditReport: ReadableReport {
  /// How many of the riskiest records a reader is shown; the JSON has them all.
  private static let shownRecords = 12
  private static let shownWhole = 5

  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Memorization audit: \(source)")
    // Where a reference has one value, nothing is known of its tokens.
    if !warnings.contains(where: { $0.code == .wholeReferences }) { document.paragraph(plainAnswer) }
    document.paragraph(opening)
    document.figure(survivalFigure)
    document.list(warnings.map { "Note: \($0.text)." })
    addControls(to: &document)
    addWorks(to: &document)
    addRecords(to: &document)
    document.figure(riskMapFigure)
    addTexts(to: &document)
    addSurvival(to: &document)
    document.figure(hazardFigure)
    document.addNearCopies(near)
    addAverageAgainstTail(to: &document)
    document.figure(averageFigure)
    document.figure(lorenzFigure)
    addSources(to: &document)
    document.figure(decompositionFigure)
    addFits(to: &document)
    addNextSteps(to: &document)
    return document
  }

  private var source: String {
    switch files.count {
    case 0: "capture"
    case 1: files[0] == "-" ? "standard input" : files[0]
    default: "\(NumberText.count(files.count)) files"
    }
  }

  /// What was asked, what the answer is, how sure it is and what it does not say, for a reader of no statistics.
  private var plainAnswer: String {
    var text =
      "In plain words: the model was given the beginning of "
      + (records == 1 ? "a text" : "each of \(NumberText.count(records)) texts") + ", and the "
      + "question is how far it goes on word for word. When one continuation is drawn"
      + (records == 1 ? "" : " for each") + ", the longest match is expected to have "
      + (maximum.expected < 0.1
        ? "no token at all" : "about \(NumberText.text(maximum.expected, digits: 2)) tokens")
      + " (a token is about three quarters of an English word). "
    if let first = recordsInFull.first {
      text +=
        "The one most likely to come out whole is \(NumberText.name(first.id)), of "
        + "\(NumberText.count(first.length, "token")): \(NumberText.odds(log: first.logProbabilityFull)). "
      if let whole = greedy?.censored, whole > 0 {
        text +=
          "Without randomness, by greedy decoding, the model repeats "
          + (whole == 1 ? "one of these texts" : "\(NumberText.count(whole)) of these texts")
          + " whole every time. "
      }
    }
    return text
      + "These numbers are computed from the model's own probabilities, and not from samples. They hold for these "
      + "texts, these beginnings and this way of drawing. They do not say what other prompts bring out, or whether the "
      + "model was trained on these texts."
  }

  private var opening: String {
    var text =
      "\(NumberText.count(records, "record")), \(NumberText.count(tokens, "token")), references of up to "
      + "\(NumberText.count(maxLength, "token")). "
    text +=
      "One sampled continuation of a random record matches \(NumberText.text(matchLength.expected)) tokens on average; "
    text +=
      "the longest match in one draw from every record is expected to be \(NumberText.text(maximum.expected)) tokens"
    if let low = maximum.quantiles["0.05"], let high = maximum.quantiles["0.95"] {
      text += " (90 %: \(low) to \(high))"
    }
    text += "."
    if let greedy {
      text +=
        " Greedy decoding matches \(NumberText.text(greedy.mean)) tokens on average, median "
        + "\(NumberText.text(greedy.median)), "
      text +=
        "at most \(greedy.maximum); \(NumberText.count(greedy.censored)) record\(greedy.censored == 1 ? "" : "s") to "
        + "the end."
    }
    return text
  }

  private func addControls(to document: inout ReportDocument) {
    guard let controls, let main = controls.lengths.first(where: { $0.n == controls.n }) else { return }
    let unit = controls.unit == "works" ? "work" : "record"
    document.heading("Controls: what unseen text reaches too")
    document.paragraph(
      "\(NumberText.count(main.records, unit)) \(main.records == 1 ? "is" : "are") compared with "
        + "\(NumberText.count(main.controls, "control")), which were given as text of the same kind that the model was "
        + "not trained on. What follows holds if they are. "
        + "At \(NumberText.count(main.n, "token")), "
        + "\(NumberText.count(main.listed, unit)) stand\(main.listed == 1 ? "s" : "") out at a false discovery rate of "
        + "\(NumberText.level(controls.falseDiscoveryRate)): on average at most that share of the list is there by "
        + "chance. With \(NumberText.level(level)) confidence at least "
        + "\(NumberText.count(main.memorizedAtLeast)) of these \(unit)s "
        + "\(main.memorizedAtLeast == 1 ? "is" : "are") known because of training. The largest probability of a "
        + "control is \(NumberText.probability(log: main.largestControl)). To stand out is not to be extractable: the "
        + "probabilities of the \(unit)s are below. Each length in the table is a statement of its own.")
    document.table(
      .init(
        ["n", unit + "s", "controls", "on the list", "known, at least", "largest S(n) of a control", "AUC"]
          + ["limits"],
        rows: controls.lengths.map { length in
          [
            "\(length.n)", NumberText.count(length.records), NumberText.count(length.controls),
            NumberText.count(length.listed), NumberText.count(length.memorizedAtLeast),
            NumberText.probability(log: length.largestControl), NumberText.text(length.areaUnderCurve),
            intervalText(length.areaInterval),
          ]
        }))
    document.paragraph(
      "How many reach a probability S(\(main.n)), and the share of unseen text that does, at most, with "
        + "\(NumberText.level(level)) confidence:")
    document.table(
      .init(
        ["S(\(main.n)) at least", unit + "s", "controls", "unseen text, at most"],
        rows: main.thresholds.map { threshold in
          [
            NumberText.setting(threshold.threshold), NumberText.count(threshold.records),
            NumberText.count(threshold.controls), NumberText.percent(threshold.unseenAtMost),
          ]
        }))
    document.paragraph(
      "A threshold may be chosen afterwards: the bounds on false discoveries hold for all of them together, with "
        + "\(NumberText.level(level)) confidence.")
    document.table(
      .init(
        ["controls that score as high, at most", unit + "s above them", "false discoveries, at most", "share"],
        rows: main.discoveries.map { discovery in
          [
            NumberText.count(discovery.controls), NumberText.count(discovery.records),
            NumberText.count(discovery.falseAtMost),
            NumberText.percent(
              discovery.records == 0 ? nil : Double(discovery.falseAtMost) / Double(discovery.records)),
          ]
        }))
    if main.listed == 0 {
      document.paragraph(
        "Nothing is on the list. With \(NumberText.count(main.controls, "control")) the smallest p-value is "
          + "\(NumberText.text(main.smallestP)); a few \(unit)s among many need more controls to stand out.")
    } else {
      document.table(
        .init(
          [unit, "S(\(main.n))"] + (controls.referenceFiles.isEmpty ? [] : ["ln S less reference"]) + ["p", "q"],
          left: [0],
          rows: controls.memorized.prefix(Self.shownRecords).map { found in
            [NumberText.name(found.id), NumberText.probability(log: found.logSurvival)]
              + (controls.referenceFiles.isEmpty ? [] : [NumberText.text(found.score)])
              + [NumberText.text(found.p), NumberText.text(found.q)]
          }))
      let shown = min(Self.shownRecords, controls.memorized.count)
      if shown < main.listed {
        document.paragraph("The first \(shown) of \(NumberText.count(main.listed)) on the list are shown.")
      }
    }
    document.paragraph(
      "This assumes that a \(unit) the training did nothing to is exchangeable with a control: of the same "
        + "source, kind and time. Ties count against the \(unit)s"
        + (controls.unit == "works" ? "; a work's score is the mean of S(n) over its windows." : "."))
  }

  /// Works that a reader is shown.
  private static let shownWorks = 12

  private func addWorks(to document: inout ReportDocument) {
    guard let works, let totals = worksTotal, let first = totals.first else { return }
    document.heading("Works")
    document.paragraph(
      "The records are windows of \(NumberText.count(works.count, "work")), and overlap: what counts is how many "
        + "tokens of "
        + "a work stand in a window that one draw repeats with at least some probability. The works command shows the "
        + "passages.")
    func share(_ lower: Double) -> String { NumberText.percent(lower) }
    let thresholds = first.coverage.map { "p ≥ \(NumberText.setting($0.threshold))" }
    document.table(
      .init(
        ["window", "tokens", "unknown"] + thresholds + ["\(NumberText.level(level)) limits"], left: [0],
        rows: totals.map { total in
          let limits = total.coverage.first?.limits.map {
            "\(NumberText.percent($0.lower)) – \(NumberText.percent($0.upper))"
          }
          return [
            NumberText.count(total.n, "token"), NumberText.count(total.tokens), NumberText.count(total.unknownTokens),
          ] + total.coverage.map { share($0.lower) } + [limits ?? "—"]
        }))
    if works.count > 1 {
      let riskiest = works.enumerated().sorted { a, b in
        let (one, other) = (a.element.lengths[0].coverage[0].lower, b.element.lengths[0].coverage[0].lower)
        return (one, b.offset) > (other, a.offset)
      }
      document.table(
        .init(
          ["work", "tokens"] + thresholds + ["longest"], left: [0],
          rows: riskiest.prefix(Self.shownWorks).map(\.element).map { work in
            [NumberText.name(work.document), NumberText.count(work.tokens)]
              + work.lengths[0].coverage.map { share($0.lower) }
              + [NumberText.count(work.lengths[0].coverage.first?.longestSpan ?? 0)]
          }))
    }
  }

  private func addRecords(to document: inout ReportDocument) {
    guard !recordsAtRisk.isEmpty else { return }
    document.heading("Records most at risk")
    document.paragraph("By the number of tokens that one draw is expected to match:")
    document.table(table(of: recordsAtRisk, shown: Self.shownRecords))
    document.paragraph("By the probability that one draw repeats the whole reference:")
    document.table(table(of: recordsInFull, shown: Self.shownWhole))
    if recordsAtRisk.count > Self.shownRecords, recordsAtRisk.count > 50 {
      document.paragraph("The JSON report has \(NumberText.count(recordsAtRisk.count)) of each.")
    }
  }

  /// How many texts are shown.
  private static let shownTexts = 10

  private func addTexts(to document: inout ReportDocument) {
    let passages = recordsAtRisk.prefix(Self.shownTexts).compactMap { record -> Passage? in
      guard let text = record.text else { return nil }
      let values = record.tokenLogProbabilities ?? []
      var pieces = (text.tokens ?? []).enumerated().map { index, token in
        Passage.Piece(token, logProbability: index < values.count ? values[index].wrappedValue ?? -.infinity : nil)
      }
      if pieces.isEmpty {
        pieces = [.init(text.reference)]
      } else if text.reference.hasSuffix("…") {
        pieces.append(.init("…"))
      }
      let whole = NumberText.probability(log: record.logProbabilityFull)
      return Passage(
        record.id,
        note: "\(NumberText.text(record.expected)) of \(NumberText.count(record.length, "token")) expected, whole with "
          + "probability \(whole)",
        prefix: text.prefix, pieces: pieces)
    }
    guard !passages.isEmpty else { return }
    let isShaded = passages.contains { $0.pieces.contains { $0.logProbability != nil } }
    document.heading("What the riskiest records say")
    document.paragraph(
      "The end of the prefix, then the beginning of the reference, of the "
        + "\(NumberText.count(passages.count, "record")) with the longest expected matches"
        + (isShaded ? "; on a page, a token is the darker the more probable it is" : "")
        + ". These are texts of the data: --no-text leaves them out.")
    document.passages(passages)
  }

  /// All records when so few were asked for that a page holds them.
  private func table(of records: [RecordAtRisk], shown: Int) -> ReportDocument.Table {
    .init(
      ["record", "expected match", "of", "P(whole reference)", "greedy"], left: [0],
      rows: records.prefix(records.count <= 50 ? 50 : shown).map { record in
        [
          NumberText.name(record.id), NumberText.text(record.expected),
          NumberText.count(record.length), NumberText.probability(log: record.logProbabilityFull),
          record.greedy.map { $0 == record.length ? "all" : "\($0)" } ?? "—",
        ]
      })
  }

  private func addSurvival(to document: inout ReportDocument) {
    document.heading("How far matches go")
    document.paragraph(
      "P(N >= n) for one draw of a random record: exact for this data set, with \(NumberText.level(level)) limits for "
        + "the "
        + "population it was drawn from; and how many records match n tokens when each is drawn once."
        + (survival.last?.atRisk == records
          ? ""
          : " Where records are shorter than n, P(N >= n) assumes that their length has nothing to do with how well "
            + "they are known (non-informative censoring).")
    )
    let rows = extractable.compactMap { extractable -> [String]? in
      guard survival.indices.contains(extractable.n - 1) else { return nil }
      let point = survival[extractable.n - 1]
      return [
        "\(point.n)", NumberText.count(point.atRisk),
        point.probability == nil ? "—" : NumberText.probability(log: point.logProbability),
        point.lower.flatMap { lower in
          point.upper.map { "\(NumberText.text(lower)) – \(NumberText.text($0))" }
        } ?? "—",
        NumberText.text(extractable.expectedRecords),
        "\(NumberText.count(extractable.lower)) – \(NumberText.count(extractable.upper))",
      ]
    }
    document.table(
      .init(["n", "records", "P(N >= n)", "population", "records expected", "range"], rows: rows))
    if let works {
      document.paragraph(
        "The records are windows that overlap: limits for the population resample "
          + (works.count >= 10 ? "works" : "stretches of the works")
          + ". Each window is drawn from by itself, so the numbers of records are right, but several of them may be "
          + "one "
          + "passage.")
    }
  }

  private func addAverageAgainstTail(to document: inout ReportDocument) {
    document.heading("What the average says and what the tail says")
    if let meanLoss {
      var text =
        "The mean loss is \(NumberText.text(meanLoss)) nats a token (perplexity \(NumberText.text(exp(meanLoss))))."
      if let worst = decomposition.lengths.last(where: { $0.penalty != nil }), let quenched = worst.quenched,
        let annealed = worst.annealed, let penalty = worst.penalty
      {
        text +=
          " A typical record, the one that the loss describes, (of those with \(NumberText.count(worst.n, "token"))) "
          + "matches them with probability "
          + "\(NumberText.probability(log: quenched)); the mean over records is "
          + "\(NumberText.probability(log: annealed)), "
          + "\(factor(penalty)) more"
        if let effective = worst.effectiveRecords { text += ", carried by \(NumberText.text(effective)) records" }
        text += "."
      }
      document.paragraph(text)
    }
    document.table(
      .init(
        ["n", "typical record", "mean over records", "ratio", "effective records", "top 1 %", "top 10 %", "Gini"],
        rows: decomposition.lengths.map { length in
          [
            "\(length.n)", NumberText.probability(log: length.quenched), NumberText.probability(log: length.annealed),
            length.penalty.map(factor) ?? "—", NumberText.text(length.effectiveRecords),
            NumberText.percent(length.top1PercentShare), NumberText.percent(length.top10PercentShare),
            NumberText.text(NumberText.share(length.gini)),
          ]
        }))
  }

  /// e^x as "3.2 times", also where it is out of the range of Double.
  private func factor(_ logarithm: Double) -> String {
    logarithm.isFinite ? "\(NumberText.probability(log: logarithm, digits: 2))×" : "∞"
  }

  private func addSources(to document: inout ReportDocument) {
    document.heading("Where the spread comes from")
    let variance = decomposition.variance
    let third = decomposition.thirdCumulant
    var items = [
      "Variance of the match length \(NumberText.text(matchLength.variance)): "
        + "\(share(variance.between, of: matchLength.variance)) differences between records, "
        + "\(share(variance.within, of: matchLength.variance)) the drawing of tokens.",
      "Third cumulant \(NumberText.text(matchLength.thirdCumulant))"
        + (matchLength.skewness.map { " (skewness \(NumberText.text($0)))" } ?? "") + ": "
        + "\(share(third.between, of: matchLength.thirdCumulant)) between records, "
        + "\(share(third.covariance, of: matchLength.thirdCumulant)) from records that vary more the further they go, "
        + "\(share(third.within, of: matchLength.thirdCumulant)) within records.",
    ]
    if let tokens = decomposition.tokenLogProbability {
      items.append(
        "Variance of ln p: \(NumberText.percent(tokens.record)) records, \(NumberText.percent(tokens.position)) "
          + "positions, "
          + "\(NumberText.percent(tokens.residual)) neither.")
    }
    document.list(items)
    if let heterogeneity { document.paragraph(text(heterogeneity)) }
  }

  /// Two processes give the same law of N; the token probabilities say which one it is.
  private func text(_ found: Heterogeneity) -> String {
    let verdict =
      switch found.verdict {
      case .unobservedHeterogeneity:
        "Records differ (unobserved heterogeneity): some are known better than others from their first token on. "
          + "A heavy tail of N is a mixture of records."
      case .durationDependence:
        "Tokens become more probable the further a match has gone (duration dependence). "
          + "A heavy tail of N is the course of each record."
      case .both:
        "Records differ (unobserved heterogeneity), and tokens become more probable the further a match has gone "
          + "(duration dependence). Neither explains clearly more of a heavy tail of N."
      case .neither: "Neither differences between records nor the position explain ln p beyond chance."
      }
    return verdict
      + " Beyond chance, records explain \(NumberText.percent(found.record)) \(percentText(found.recordInterval)) of "
      + "the variance of ln p and positions "
      + "\(NumberText.percent(found.position)) \(percentText(found.positionInterval)); within records ln p changes by "
      + "\(NumberText.text(found.trend)) \(intervalText(found.trendInterval)) with each unit of ln(position). The "
      + "rest is particular to each token."
  }

  private func percentText(_ ends: Interval) -> String {
    "[\(NumberText.percent(ends.lower)), \(NumberText.percent(ends.upper))]"
  }

  private func share(_ part: Double, of whole: Double) -> String {
    NumberText.percent(whole == 0 ? nil : part / whole)
  }

  private func addFits(to document: inout ReportDocument) {
    guard let best = fits.first else { return }
    document.heading("Which family fits")
    document.paragraph(sentence(for: best))
    document.table(
      .init(
        ["family", "ΔAIC", "ln L", "parameters (± standard error)", "boundary"], left: [0, 3, 4],
        rows: fits.prefix(6).map { fit in
          [
            fit.family, NumberText.text(fit.aic - best.aic), NumberText.text(fit.logLikelihood, digits: 6),
            parameterText(fit), fit.boundary ?? (fit.converged ? "" : "not converged"),
          ]
        }))
  }

  /// Where the best family agrees with the exact law and where it does not.
  private func sentence(for fit: FamilyFit) -> String {
    func known(_ fit: FamilyFit) -> [(n: Int, logRatio: Double)] {
      fit.misfit.compactMap { misfit in misfit.logRatio.map { (n: misfit.n, logRatio: $0) } }
        .filter { $0.logRatio.isFinite }
    }
    func worst(_ fit: FamilyFit) -> (n: Int, logRatio: Double)? {
      known(fit).max { $0.logRatio.magnitude < $1.logRatio.magnitude }
    }
    let known = known(fit)
    let rivals = fits.dropFirst().filter { $0.aic < fit.aic + 2 }
    var text = "By AIC the law of N is best described as \(fit.family)"
    if rivals.isEmpty {
      text += "."
    } else {
      text +=
        "; \(NumberText.count(rivals.count, "other family", plural: "other families")) "
        + "\(rivals.count == 1 ? "is" : "are") within 2 of it"
      let furthest = rivals.compactMap { rival in worst(rival).map { (family: rival.family, misfit: $0) } }
        .max { $0.misfit.logRatio.magnitude < $1.misfit.logRatio.magnitude }
      // AIC goes by where the weight is; families may agree there and not in the tail.
      let own = worst(fit)?.logRatio.magnitude ?? 0
      if let furthest, furthest.misfit.logRatio.magnitude > max(0.0953, 1.5 * own) {
        text +=
          ", but not in the tail: at n = \(furthest.misfit.n) \(furthest.family) says "
          + "\(factor(furthest.misfit.logRatio)) the exact probability."
      } else {
        text += "\(rivals.count == 1 ? " and describes" : " and describe") it about as well."
      }
    }
    let its = rivals.isEmpty ? "Its" : "The first one's"
    guard let worst = worst(fit) else { return text }
    if worst.logRatio.magnitude <= 0.0953 {
      text += " \(its) P(N >= n) is within 10 % of the exact one at every length in the table."
    } else {
      let good = known.filter { $0.logRatio.magnitude <= 0.0953 }.map { "\($0.n)" }
      text +=
        good.isEmpty
        ? " No length in the table is met within 10 %."
        : " \(its) P(N >= n) is within 10 % of the exact one at n = \(good.joined(separator: ", "))."
      text += " It is worst at n = \(worst.n), where it says \(factor(worst.logRatio)) the exact probability"
      text += worst.logRatio.magnitude > 1 ? ": do not carry it beyond the lengths that were measured." : "."
    }
    return text
  }

  /// What to ask next, with the commands.
  private func addNextSteps(to document: inout ReportDocument) {
    let capture = files.count == 1 && files[0] != "-" ? files[0] : "CAPTURES"
    let length = survival.map(\.n).last { 4 * $0 <= maxLength } ?? 1
    var steps: [String] = []
    if controls == nil {
      steps.append("Is it more than unseen text of the same kind reaches? skewmem audit \(capture) --held-out UNSEEN")
    }
    if works != nil { steps.append("Which passages of the works? skewmem works \(capture)") }
    if files.count == 1 {
      steps.append(
        "Which records come out within 100 draws? skewmem predict \(capture) --length \(length) --draws 100")
      if !files[0].hasSuffix(".summary") {
        steps.append("What do other metrics say of the same records? skewmem metrics \(capture)")
      }
    }
    document.heading("What to ask next")
    document.list(steps)
  }
}
