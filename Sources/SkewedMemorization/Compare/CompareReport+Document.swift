import Reports

extension CompareReport: ReadableReport {
  /// Coverage of works that two captures have windows of.
  private func addWorks(_ short: (String) -> String, to document: inout ReportDocument) {
    // Where neither has anything there is nothing to see.
    let rows = comparisons.flatMap { pair in pair.works.filter { $0.a > 0 || $0.b > 0 }.map { (pair, $0) } }
    guard let unit = rows.first?.1.unit else { return }
    document.heading("Works")
    document.paragraph(
      "The share of each work's \(unit) in windows that one draw repeats with at least some probability, copies left "
        + "out; "
        + "limits of the difference resample blocks of the text.")
    document.table(
      .init(
        ["work", "window", "p ≥", "a", "b", "share in a", "share in b", "difference", "limits", "in both, of either"],
        left: [0, 3, 4],
        rows: rows.map { pair, work in
          [
            NumberText.name(work.document), NumberText.count(work.n), NumberText.setting(work.threshold), short(pair.a),
            short(pair.b), NumberText.percent(work.a), NumberText.percent(work.b), NumberText.percent(work.difference),
            work.interval.map { ends in
              "\(NumberText.percent(ends.lower)) – \(NumberText.percent(ends.upper))"
            } ?? "—", NumberText.percent(work.jaccard),
          ]
        }))
  }

  /// What is left of records, for one pair or where there is a retrained model.
  private func addForgetting(_ pair: Pair, _ short: (String) -> String, to document: inout ReportDocument) {
    guard let found = pair.forgetting, comparisons.count == 1 || found.notForgotten != nil else { return }
    let hasRetrained = found.notForgotten != nil
    document.heading("What \(short(pair.b)) still repeats")
    let middle = found.thresholds.first { $0.threshold == 0.1 } ?? found.thresholds[0]
    var text =
      "Of \(NumberText.count(found.records, "record")) with \(NumberText.count(found.n, "token")) or more, "
      + "\(NumberText.count(middle.a)) came out with probability \(NumberText.setting(middle.threshold)) or more in "
      + "one "
      + "draw, \(NumberText.count(middle.b)) do now, \(NumberText.count(middle.both)) before and now."
    if let notForgotten = found.notForgotten {
      text +=
        " \(NumberText.count(notForgotten, "record")) \(notForgotten == 1 ? "is" : "are") not forgotten: the model "
        + "knows "
        + "\(notForgotten == 1 ? "it" : "them") better than the retrained one knows records by chance (false discovery "
        + "rate 5 %). Whether they come out is another question, which S(\(found.n)) answers."
    }
    if let quality = found.forgetQuality {
      text +=
        " Forget quality: p = \(NumberText.text(quality.p)) (Kolmogorov–Smirnov distance "
        + "\(NumberText.text(quality.statistic)) of the mean ln p of records between the two models)."
    }
    if let leakage = found.privacyLeakage {
      text += " PrivLeak: \(NumberText.text(leakage)) % (0 is right, below 0 the records are known still)."
    }
    document.paragraph(text)
    let retrained = hasRetrained ? ["retrained"] : []
    document.table(
      .init(
        ["S(\(found.n)) at least", "before", "after", "both"] + retrained,
        rows: found.thresholds.map { row in
          [
            NumberText.setting(row.threshold), NumberText.count(row.a), NumberText.count(row.b),
            NumberText.count(row.both),
          ] + (hasRetrained ? [row.retrained.map { NumberText.count($0) } ?? "—"] : [])
        }))
    document.table(
      .init(
        ["mean of", "before", "after"] + retrained, left: [0],
        rows: found.measures.map { measure in
          [measure.measure, NumberText.text(measure.a), NumberText.text(measure.b)]
            + (hasRetrained ? [NumberText.text(measure.retrained)] : [])
        }))
    let shown = found.still.prefix(12)
    guard !shown.isEmpty else { return }
    document.table(
      .init(
        ["record", "S(\(found.n)) before", "after"] + retrained + (hasRetrained ? ["p"] : []), left: [0],
        rows: shown.map { record in
          [
            NumberText.name(record.id), NumberText.probability(log: record.a), NumberText.probability(log: record.b),
          ]
            + (hasRetrained
              ? [NumberText.probability(log: record.retrained), NumberText.text(record.p)] : [])
        }))
    if let notForgotten = found.notForgotten, shown.count < notForgotten {
      document.paragraph("\(shown.count) of \(NumberText.count(notForgotten)) are shown.")
    }
  }

  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    let names = shortNames
    func short(_ name: String) -> String { names[name] ?? name }
    var document = ReportDocument()
    document.title("Comparison of \(NumberText.count(dataSets.count, "data set"))")
    for trajectory in trajectories { document.paragraph(text(trajectory)) }
    for trajectory in trajectories {
      document.figure(trajectoryFigure(trajectory))
      document.figure(lossFigure(trajectory))
    }
    if trajectories.isEmpty { document.figure(survivalFigure(short)) }
    document.list(warnings.map { "Note: \($0.text)." })
    addTraining(to: &document)
    document.heading("Data sets")
    let lengths = dataSets.first?.lengths.map(\.n) ?? []
    document.table(
      .init(
        [
          "data set", "epoch", "records", "train loss", "loss", "E[N]", "greedy mean", "median", "90 %", "max",
          "E[max]", "tail exponent",
        ] + lengths.map { "S(\($0))" },
        left: [0],
        rows: dataSets.map { set in
          [
            short(set.name), set.epoch.map { NumberText.weight($0) } ?? "—", NumberText.count(set.records),
            NumberText.text(set.trainLoss), NumberText.text(set.meanLoss), NumberText.text(set.expected),
            NumberText.text(set.greedy?.mean), NumberText.text(set.greedy?.median),
            NumberText.text(set.greedy?.quantile90), set.greedy.map { "\($0.maximum)" } ?? "—",
            NumberText.text(set.expectedMaximum), NumberText.text(set.tailExponent),
          ] + lengths.map { n in NumberText.text(set.lengths.first { $0.n == n }?.survival) }
        }))
    document.heading("Skewness penalty: what a mean of logarithms hides")
    document.table(
      .init(
        ["data set"] + lengths.map { "n = \($0)" }, left: [0],
        rows: dataSets.map { set in
          [short(set.name)] + lengths.map { n in NumberText.text(set.lengths.first { $0.n == n }?.penalty) }
        }))
    addWorks(short, to: &document)
    for pair in comparisons {
      document.heading("\(short(pair.b)) against \(short(pair.a))")
      document.paragraph(
        (pair.paired > 0
          ? "\(NumberText.count(pair.paired, "record")) of both, one by one."
          : "No records in common: the two are compared as samples.")
          + " Effects are positive where \(short(pair.b)) is longer.")
      document.table(
        .init(
          ["length of", "test", "statistic", "p", "Holm", "BH", "effect", "size", "limits"], left: [0, 1, 6],
          rows: pair.tests.map { test in
            [
              test.measure, test.test + (test.exact ? "" : " *"), NumberText.weight(test.statistic),
              NumberText.text(test.p), NumberText.text(test.holm), NumberText.text(test.benjaminiHochberg),
              test.effect ?? "", NumberText.text(test.effectSize),
              intervalText(test.effectInterval),
            ]
          }))
      document.table(
        .init(
          ["n", "difference of the mean P(N ≥ n) of records that long", "\(NumberText.level(level)) limits"],
          rows: pair.tails.map { ["\($0.n)", NumberText.text($0.difference), intervalText($0.interval)] }))
      addForgetting(pair, short, to: &document)
    }
    if comparisons.contains(where: { $0.tests.contains { !$0.exact } }) {
      document.paragraph("* not counted: by the normal or limiting law, or by permutations.")
    }
    return document
  }

  /// The files' names without the folders that all share.
  private var shortNames: [String: String] {
    let paths = dataSets.map { $0.name.split(separator: "/", omittingEmptySubsequences: false) }
    let shortest = paths.map(\.count).min() ?? 1
    let shared = (0..<(shortest - 1)).prefix { depth in paths.allSatisfy { $0[depth] == paths[0][depth] } }.count
    return Dictionary(
      zip(dataSets.map(\.name), paths.map { $0.dropFirst(shared).joined(separator: "/") })
    ) { first, _ in first }
  }

  private func text(_ trajectory: Trajectory) -> String {
    let name = trajectory.run + (trajectory.split.map { " (\($0))" } ?? "")
    let crossings = trajectory.crossings.map { crossing in
      crossing.epoch.map {
        "\(crossing.length) tokens first at epoch \(NumberText.weight($0)), at a training loss of "
          + "\(NumberText.text(crossing.loss))"
      } ?? "\(crossing.length) tokens at no captured epoch"
    }
    return
      "\(name), \(NumberText.count(trajectory.epochs.count)) epochs: the longest greedy match exceeds "
      + crossings.joined(separator: ", ")
      + "; the training loss at the end is \(NumberText.text(trajectory.finalLoss))."
  }
}
