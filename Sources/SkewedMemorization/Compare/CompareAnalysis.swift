import GSLNumerics
import HeavyTails
import Inference
import RealModule
import TokenProcess

/// Compares checkpoints and data sets: what `skewmem compare` does.
public struct CompareAnalysis: Sendable {
  /// Which data sets are compared with which.
  public enum Pairs: String, Sendable, CaseIterable {
    /// Each with each.
    case all
    /// Each with the one before it.
    case consecutive
    /// Each with the first.
    case first
  }

  /// Which data sets are compared.
  public var pairs = Pairs.all
  /// n, for tail probabilities; nil for 1, 4, 16, 64, … up to the longest reference.
  public var lengths: [Int]?
  /// A record counts as learned where S(n) is at least the threshold at this n, or at its own length where that is
  /// smaller.
  public var learned = (length: 16, threshold: 0.5)
  /// The same records by a model that was trained without them; nil for none.
  public var retrained: Capture?
  /// Held-out records by the second model of each pair, for PrivLeak; nil for none.
  public var heldOut: Capture?
  /// The same held-out records by the retrained model.
  public var retrainedHeldOut: Capture?
  /// What the signed-rank test does with differences of 0.
  public var zeros = SignedRankTest.Zeros.pratt
  /// The bootstraps of differences of tail probabilities, the permutations, and the level of all intervals.
  public var resampling = Resampling()

  /// The usual comparison.
  public init() {}

  /// Compares captures.
  ///
  /// - Throws: `ArgumentError` for settings out of range, fewer than two captures or one that is given twice;
  ///   `CancellationError`.
  public func run(on dataSets: [Capture]) async throws -> CompareReport {
    try check(dataSets)
    let longest = dataSets.flatMap { $0.records.map(\.tokenLogProbabilities.count) }.max() ?? 1
    for n in lengths ?? [] where n > longest {
      throw ArgumentError(name: "lengths", value: "\(n)", allowed: "1 to \(longest), the longest reference")
    }
    let lengths = lengths ?? Array(sequence(first: 1) { $0 * 4 }.prefix { $0 <= longest })
    let measured = try await inParallel(0..<dataSets.count, threads: resampling.threads) {
      MeasuredDataSet(dataSets[$0])
    }
    var report = CompareReport(
      dataSets: measured.map { $0.profile(lengths: lengths) }, trajectories: [], comparisons: [],
      level: resampling.level,
      warnings: measured.compactMap(\.duplicateWarning))
    let chosen = chosenPairs(dataSets.count)
    report.comparisons = try await inParallel(0..<chosen.count, threads: resampling.threads) { index in
      let (a, b) = chosen[index]
      return try compare(measured[a], measured[b], lengths, seed: resampling.seed &+ UInt64(index))
    }
    adjust(&report.comparisons)
    report.trajectories = trajectories(report.dataSets, halfLength: longest / 2)
    let history = TrainingHistory(
      zip(report.dataSets, measured), length: learned.length, threshold: learned.threshold, resampling: resampling)
    report.learning = history.learning
    report.gaps = history.gaps
    for (pair, (a, b)) in zip(report.comparisons, chosen) {
      let sizes = [dataSets[a].records.count, dataSets[b].records.count]
      let others = measured[a].otherReferences(in: measured[b])
      if others > 0 {
        report.warnings.append(
          Warning(.otherReferences, counts: ["records": others], names: ["a": pair.a, "b": pair.b]))
      }
      for (document, own) in measured[a].works.sums.sorted(by: { $0.key < $1.key }) {
        guard let other = measured[b].works.sums[document], !WorkComparison(own, other).isComparable else {
          continue
        }
        report.warnings.append(
          Warning(.otherTokens, names: ["document": document, "a": pair.a, "b": pair.b]))
      }
      guard pair.paired > 0, pair.paired < max(sizes[0], sizes[1]) else { continue }
      report.warnings.append(
        Warning(
          .commonRecords, counts: ["records_a": sizes[0], "records_b": sizes[1], "paired": pair.paired],
          names: ["a": pair.a, "b": pair.b]))
    }
    report.add(evidenceOf: dataSets + [retrained, heldOut, retrainedHeldOut].compactMap(\.self))
    return report
  }

  private func check(_ dataSets: [Capture]) throws(ArgumentError) {
    guard dataSets.count >= 2 else {
      throw ArgumentError(name: "captures", value: "\(dataSets.count)", allowed: "two or more")
    }
    var names: Set<String> = []
    for dataSet in dataSets where !names.insert(dataSet.name).inserted {
      throw ArgumentError(name: "captures", value: "\(dataSet.name) twice", allowed: "different captures")
    }
    if let lengths, lengths.isEmpty {
      throw ArgumentError(name: "lengths", value: "none", allowed: "one or more, or not set")
    }
    for n in lengths ?? [] where n < 1 { throw ArgumentError(name: "lengths", value: "\(n)", allowed: "1 or more") }
    guard learned.length >= 1 else {
      throw ArgumentError(name: "learned.length", value: "\(learned.length)", allowed: "1 or more")
    }
    try ArgumentError.check(share: learned.threshold, "learned.threshold")
    guard (heldOut == nil) == (retrainedHeldOut == nil), heldOut == nil || retrained != nil else {
      throw ArgumentError(
        name: heldOut == nil ? "retrainedHeldOut" : "heldOut", value: "given",
        allowed: "given with the retrained model's capture, and for both models: PrivLeak compares the two")
    }
    try resampling.check()
  }

  private func chosenPairs(_ count: Int) -> [(Int, Int)] {
    switch pairs {
    case .all: (0..<count).flatMap { a in ((a + 1)..<count).map { (a, $0) } }
    case .consecutive: (1..<count).map { ($0 - 1, $0) }
    case .first: (1..<count).map { (0, $0) }
    }
  }

  // MARK: One pair

  private func compare(_ a: MeasuredDataSet, _ b: MeasuredDataSet, _ lengths: [Int], seed: UInt64) throws(CaptureError)
    -> CompareReport.Pair
  {
    let shared = a.shared(with: b)
    var pair = CompareReport.Pair(
      a: a.name, b: b.name, paired: shared.count, tests: [], tails: [], works: [], forgetting: nil)
    pair.forgetting = try forgetting(a, b, shared)
    for (measure, values) in [
      ("expected_match", \MeasuredDataSet.expected), ("greedy_match", \MeasuredDataSet.greedyValues),
    ] {
      let (first, second) = (a[keyPath: values], b[keyPath: values])
      guard let first, let second else { continue }
      pair.tests +=
        shared.isEmpty
        ? unpaired(measure, first, second, seed) : paired(measure, shared.map { second[$0.b] - first[$0.a] })
    }
    for n in lengths {
      if let tail = tail(a, b, shared, n, seed) { pair.tails.append(tail) }
    }
    var resampling = resampling
    resampling.seed = seed
    for (document, own) in a.works.sums.sorted(by: { $0.key < $1.key }) {
      guard let other = b.works.sums[document] else { continue }
      pair.works += WorkComparison(own, other).differences(document, resampling)
    }
    return pair
  }

  private func forgetting(
    _ a: MeasuredDataSet, _ b: MeasuredDataSet, _ shared: [(a: Int, b: Int)]
  ) throws(CaptureError) -> CompareReport.Forgetting? {
    let others = Dictionary(
      (retrained?.records ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let trios = shared.compactMap { pair -> ForgettingComparison.Trio? in
      let (own, its) = (a.records[pair.a], b.records[pair.b])
      let other = others[own.id].flatMap {
        $0.tokenLogProbabilities.count == own.tokenLogProbabilities.count ? $0 : nil
      }
      return retrained != nil && other == nil ? nil : .init(a: own, b: its, retrained: other)
    }
    if let retrained, !shared.isEmpty, trios.isEmpty {
      throw CaptureError(
        file: retrained.name,
        problem: "has none of the records of \(a.name) and \(b.name), by id and length: it is to score the same ones")
    }
    return ForgettingComparison(
      records: trios, heldOut: heldOut?.records ?? [], retrainedHeldOut: retrainedHeldOut?.records ?? [],
      level: resampling.level
    ).report()
  }

  private func paired(_ measure: String, _ differences: [Double]) -> [CompareReport.Test] {
    guard let ranks = SignedRankTest(differences: differences, zeros: zeros, level: resampling.level),
      let sign = SignTest(differences: differences)
    else { return [] }
    return [
      test(
        measure, "signed-rank", ranks.positiveRankSum, ranks.pValue, ranks.isExact, effect: "rank-biserial",
        ranks.rankBiserial, ranks.interval),
      test(measure, "sign", Double(sign.positive), sign.pValue, true),
    ]
  }

  private func unpaired(
    _ measure: String, _ first: [Double], _ second: [Double], _ seed: UInt64
  ) -> [CompareReport.Test] {
    var tests: [CompareReport.Test] = []
    if let found = MannWhitneyTest(second, first, level: resampling.level) {
      tests.append(
        test(
          measure, "mann-whitney", found.statistic, found.pValue, found.isExact, effect: "cliffs-delta",
          found.cliffsDelta, found.interval))
    }
    if let found = KolmogorovSmirnovTest(second, first) {
      tests.append(test(measure, "kolmogorov-smirnov", found.statistic, found.pValue, found.isExact))
    }
    if let found = AndersonDarlingTest(second, first, seed: seed) {
      tests.append(test(measure, "anderson-darling", found.statistic, found.pValue, false))
    }
    return tests
  }

  private func test(
    _ measure: String, _ name: String, _ statistic: Double, _ p: Double, _ isExact: Bool, effect: String? = nil,
    _ size: Double? = nil, _ interval: ClosedRange<Double>? = nil
  ) -> CompareReport.Test {
    .init(
      measure: measure, test: name, statistic: statistic, p: p, exact: isExact, holm: p, benjaminiHochberg: p,
      effect: effect, effectSize: size, effectInterval: interval.map { Interval($0) })
  }

  private func tail(
    _ a: MeasuredDataSet, _ b: MeasuredDataSet, _ shared: [(a: Int, b: Int)], _ n: Int, _ seed: UInt64
  ) -> CompareReport.TailDifference? {
    if !shared.isEmpty {
      let differences = shared.compactMap { pair -> Double? in
        guard let first = a.survival(pair.a, n), let second = b.survival(pair.b, n) else { return nil }
        return second - first
      }
      guard !differences.isEmpty else { return nil }
      return .init(n: n, difference: mean(of: differences), interval: interval([differences], seed) { $0[0] })
    }
    let samples = [a, b].map { set in set.laws.indices.compactMap { set.survival($0, n) } }
    guard !samples[0].isEmpty, !samples[1].isEmpty else { return nil }
    return .init(
      n: n, difference: mean(of: samples[1]) - mean(of: samples[0]), interval: interval(samples, seed) { $0[1] - $0[0] }
    )
  }

  private func interval(_ samples: [[Double]], _ seed: UInt64, _ combine: ([Double]) -> Double) -> Interval? {
    BCaInterval.ofMeans(
      samples, level: resampling.level, replicates: resampling.replicates, seed: seed, combine
    ).map { Interval($0) }
  }

  private func adjust(_ pairs: inout [CompareReport.Pair]) {
    let pValues = pairs.flatMap { $0.tests.map(\.p) }
    let (holm, bh) = (MultipleComparisons.holm(pValues), MultipleComparisons.benjaminiHochberg(pValues))
    var next = 0
    for pair in pairs.indices {
      for test in pairs[pair].tests.indices {
        pairs[pair].tests[test].holm = holm[next]
        pairs[pair].tests[test].benjaminiHochberg = bh[next]
        next += 1
      }
    }
  }

  // MARK: Over epochs

  private func trajectories(_ profiles: [CompareReport.Profile], halfLength: Int) -> [CompareReport.Trajectory] {
    let dated = profiles.filter { $0.epoch != nil && $0.run != nil }
    let groups = Dictionary(grouping: dated) { [$0.run ?? "", $0.split ?? ""] }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, group in
      let points = group.sorted { ($0.epoch ?? 0) < ($1.epoch ?? 0) }
      guard let first = points.first, let last = points.last, first.epoch != last.epoch else { return nil }
      // The training loss is not that of records that were not trained on.
      func loss(_ profile: CompareReport.Profile) -> Double? {
        [nil, "train"].contains(profile.split) ? profile.trainLoss ?? profile.meanLoss : profile.meanLoss
      }
      return .init(
        run: first.run ?? "", split: first.split, epochs: points.compactMap(\.epoch),
        crossings: Set([10, 20, halfLength]).sorted().filter { $0 > 0 }.map { length in
          let crossing = points.first { ($0.greedy?.maximum ?? 0) > length }
          return .init(length: length, epoch: crossing?.epoch, loss: crossing.flatMap(loss))
        }, finalLoss: loss(last))
    }
  }
}
