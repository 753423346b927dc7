import Captures
import GSLNumerics
import Inference
import MemorizationMetrics
import RealModule
import TokenProcess

/// Predicted laws of the match length against sampled generations: what `skewmem validate` does.
public struct ValidateAnalysis: Sendable {
  /// The simulations behind each p-value, as replicates.
  public var resampling = Resampling(replicates: 2000)

  /// How much less probable than the first choice another token may be, in ln p, and still be chosen by greedy
  /// decoding: a prompt's batch and a generation's single tokens are not computed with the same roundings. Needs
  /// alternatives.
  public var nearTie = 0.1

  /// The usual validation.
  public init() {}

  /// Compares generations with the records of a capture, one group for each decoding scheme.
  ///
  /// - Parameters:
  ///   - capture: The records that predict.
  ///   - generations: What was sampled.
  ///   - file: Where the generations are from, for the report.
  /// - Throws: `CaptureError` for a record that lacks reference token ids or what a scheme needs, and when no
  ///   generation is of a record of the capture; `ArgumentError` for a setting out of range.
  public func run(
    on capture: Capture, generations: [SampledGenerations], file: String
  ) async throws -> ValidateReport {
    try resampling.check()
    guard nearTie >= 0, nearTie.isFinite else {
      throw ArgumentError(name: "nearTie", value: "\(nearTie)", allowed: "0 or more")
    }
    return try await naming(capture) { try await report(on: capture, generations: generations, file: file) }
  }

  private func report(
    on capture: Capture, generations: [SampledGenerations], file: String
  ) async throws -> ValidateReport {
    let records = capture.records
    let places = GenerationsOfRecords(records.map(RecordName.init))
    var schemes: [Decoding] = []
    for set in generations where !schemes.contains(set.decoding) { schemes.append(set.decoding) }
    var missing = 0
    var groups: [ValidateReport.Group] = []
    for decoding in schemes {
      var matches: [Int: [(length: Int, compared: Int)]] = [:]
      var order: [Int] = []
      // The same, with draws that ended of themselves as mismatches, where there are such.
      var withEnds: [Int: [(length: Int, compared: Int)]] = [:]
      var ends = 0
      for set in generations where set.decoding == decoding {
        guard let index = try places.record(of: set) else {
          missing += 1
          continue
        }
        let record = records[index]
        guard let reference = record.referenceTokenIDs else {
          throw RecordError(field: "reference_token_ids", problem: "record \(record.id) needs them to be compared")
        }
        if matches[index] == nil {
          order.append(index)
          matches[index] = []
        }
        let asked = min(set.maximumTokens ?? set.generations.map(\.count).max() ?? 0, reference.count)
        for tokens in set.generations {
          let known = min(tokens.count, reference.count)
          let mismatch = (0..<known).first { tokens[$0] != reference[$0] }
          if mismatch == nil, known < asked { ends += 1 }
          withEnds[index, default: []].append((mismatch ?? known, max(known, asked)))
          // A draw that was ended because it had left the reference would have been compared as far as was asked for:
          // to compare it only as far as it goes would leave the others, which match, to speak for the lengths beyond.
          let compared = mismatch == nil ? known : min(max(known, set.maximumTokens ?? known), reference.count)
          matches[index, default: []].append((mismatch ?? known, compared))
        }
      }
      var ties = 0
      let laws = try order.map { index in
        let law = try DecodedLaw(records[index], under: decoding)
        guard decoding.isGreedy else { return law }
        let nearTies = self.nearTies(records[index])
        ties += nearTies.count
        return law.open(at: nearTies)
      }
      let draws = zip(order, laws).map { AgreementTest.Draws(law: $1, matches: matches[$0] ?? []) }
      if draws.contains(where: { $0.matches.contains { $0.compared > 0 } }) {
        var group = try await group(decoding, draws)
        if decoding.isGreedy { group.nearTies = ties }
        if ends > 0 {
          let test = try await AgreementTest(
            zip(order, laws).map { AgreementTest.Draws(law: $1, matches: withEnds[$0] ?? []) },
            simulations: resampling.replicates, seed: resampling.seed, threads: resampling.threads)
          group.earlyEnds = .init(draws: ends, pValue: test.pValue)
        }
        group.reliability = reliability(draws)
        group.near = try near(records, generations, places, decoding)
        groups.append(group)
      }
    }
    guard !groups.isEmpty else {
      throw CaptureError(
        file: file, field: "id",
        problem: missing == generations.count
          ? "none of \(generations.count) lines is of a record of \(capture.name): they have other ids, or are of "
            + "another run, split or epoch"
          : "none of \(generations.count) lines has a token to compare with a record of \(capture.name)")
    }
    return ValidateReport(
      capture: capture.name, file: file, groups: groups,
      warnings: missing > 0 ? [Warning(.unknownRecords, counts: ["lines": missing])] : [])
  }

  /// The probabilities of matching n tokens beside what draws did, at the n of 1, 2, 4, … where Σ S (1 - S) is largest.
  private func reliability(_ draws: [AgreementTest.Draws]) -> CalibrationSummary? {
    let longest = draws.flatMap(\.matches).map(\.compared).max() ?? 0
    var best: (n: Int, spread: Double, probabilities: [Double], outcomes: [Bool])?
    for n in sequence(first: 1, next: { 2 * $0 <= longest ? 2 * $0 : nil }) where n <= longest {
      var (probabilities, outcomes): ([Double], [Bool]) = ([], [])
      for record in draws where record.law.length >= n {
        let probability = Double.exp(record.law.logSurvival(n).middle)
        for match in record.matches where match.compared >= n {
          probabilities.append(probability)
          outcomes.append(match.length >= n)
        }
      }
      let spread = probabilities.reduce(0) { $0 + $1 * (1 - $1) }
      if spread > best?.spread ?? 0 { best = (n, spread, probabilities, outcomes) }
    }
    return best.flatMap { best in
      Calibration(probabilities: best.probabilities, outcomes: best.outcomes, level: resampling.level)
        .map { CalibrationSummary("P(N >= \(best.n))", $0) }
    }
  }

  /// The share of draws within a distance beside its proved bounds for the same scheme. Records whose draws were ended
  /// before the compared length are left out: what was ended had left the reference.
  private func near(
    _ records: [Record], _ generations: [SampledGenerations], _ places: GenerationsOfRecords,
    _ decoding: Decoding
  ) throws -> [ValidateReport.Near]? {
    var rows: [String: ValidateReport.Near] = [:]
    for set in generations where set.decoding == decoding {
      guard let index = try places.record(of: set), let reference = records[index].referenceTokenIDs else { continue }
      for bounds in records[index].near ?? [] where bounds.decoding == decoding {
        let n = bounds.length
        let isWhole = set.generations.allSatisfy { $0.count >= n || $0.last == SampledGenerations.endOfText }
        guard isWhole, !set.generations.isEmpty, reference.count >= n else { continue }
        let target = Array(reference.prefix(n))
        let within = set.generations.count { draw in
          let tokens = Array(draw.prefix(n))
          // A draw that ends early is no continuation of n tokens.
          guard tokens.count == n else { return false }
          let distance =
            bounds.distance == .hamming
            ? EditDistance.hamming(tokens, target) : EditDistance.levenshtein(tokens, target)
          return distance <= bounds.limit
        }
        let key = NearSums.key(bounds)
        var row =
          rows[key]
          ?? .init(
            distance: bounds.distance, e: bounds.limit, n: n, records: 0, draws: 0, within: 0, interval: nil, lower: 0,
            upper: 0)
        row.records += 1
        row.draws += set.generations.count
        row.within += within
        // Means over draws.
        row.lower += Double(set.generations.count) * .exp(bounds.logLower)
        row.upper += Double(set.generations.count) * .exp(bounds.logUpper)
        rows[key] = row
      }
    }
    guard !rows.isEmpty else { return nil }
    return rows.values.map { row in
      var row = row
      row.lower /= Double(row.draws)
      row.upper = min(1, row.upper / Double(row.draws))
      row.interval = Interval(clopperPearson(row.within, of: row.draws, level: resampling.level))
      return row
    }.sorted { ($0.distance.rawValue, $0.n, $0.e) < ($1.distance.rawValue, $1.n, $1.e) }
  }

  /// The positions at which greedy decoding may choose the reference's token or another: both are first choices within
  /// ``nearTie``.
  private func nearTies(_ record: Record) -> [Int] {
    guard let lists = record.topLogProbabilities, let identifiers = record.referenceTokenIDs else { return [] }
    return lists.indices.filter { position in
      let own = record.tokenLogProbabilities[position]
      let other = lists[position].lazy.filter { $0.tokenID != identifiers[position] }.map(\.logProbability).max()
      return other.map { ($0 - own).magnitude <= nearTie } ?? false
    }
  }

  private func group(_ decoding: Decoding, _ draws: [AgreementTest.Draws]) async throws -> ValidateReport.Group {
    let test = try await AgreementTest(
      draws, simulations: resampling.replicates, seed: resampling.seed, threads: resampling.threads)
    var bins = [Bin](repeating: Bin(), count: Self.edges.count)
    var drawMeans = [Double](repeating: 0, count: Self.edges.count)
    var (brier, comparisons, logScore, count) = (CompensatedSum(), 0.0, CompensatedSum(), 0)
    let longest = draws.flatMap(\.matches).map(\.compared).max() ?? 0
    // Σ S and Σ S (1 - S) at the longest compared length.
    var (mean, variance, reaching) = (0.0, 0.0, 0.0)
    for record in draws where !record.matches.isEmpty {
      let survival = record.law.logSurvival.map { 0.5 * (Double.exp($0.lower) + .exp($0.upper)) }
      for (length, compared) in record.matches {
        count += 1
        var inBin = [Double](repeating: 0, count: bins.count)
        for n in stride(from: 1, through: compared, by: 1) {
          let outcome = length >= n ? 1.0 : 0
          brier.add((outcome - survival[n]) * (outcome - survival[n]))
          comparisons += 1
          let bin = Self.edges.lastIndex { survival[n] >= $0 } ?? 0
          bins[bin].add(survival[n], outcome)
          // The number K of a draw's lengths in a bin that are matched: they are nested, so that E[K²] = Σ (2k - 1)
          // S(n_k).
          inBin[bin] += 1
          bins[bin].secondMoment += (2 * inBin[bin] - 1) * survival[n]
          drawMeans[bin] += survival[n]
        }
        for bin in bins.indices where inBin[bin] > 0 {
          bins[bin].squaredMeans += drawMeans[bin] * drawMeans[bin]
          drawMeans[bin] = 0
        }
        logScore.add(.log(length == compared ? survival[length] : survival[length] - survival[length + 1]))
      }
      if record.law.length >= longest {
        reaching += 1
        mean += survival[longest]
        variance += survival[longest] * (1 - survival[longest])
      }
    }
    return ValidateReport.Group(
      decoding: decoding, records: draws.count, draws: count, pValue: test.pValue, deviance: test.deviance,
      simulations: test.simulations, brier: comparisons > 0 ? brier.value / comparisons : nil,
      logScore: logScore.value / Double(count),
      calibration: bins.filter { $0.draws > 0 }.map {
        .init(
          predicted: $0.predicted / $0.draws, observed: $0.observed / $0.draws,
          deviation: max(0, $0.secondMoment - $0.squaredMeans).squareRoot() / $0.draws, draws: Int($0.draws))
      }, length: longest, meanProbability: reaching > 0 ? mean / reaching : nil,
      samplingEquivalentDraws: mean > 0 ? (variance / (0.01 * mean * 0.01 * mean)).rounded(.up) : nil,
      exact: draws.allSatisfy { $0.law.isExact })
  }

  /// Lower edges of the calibration's bins of predicted probabilities.
  private static let edges = [0, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

  private struct Bin {
    var predicted = 0.0
    var observed = 0.0
    var draws = 0.0
    /// Σ over draws of E[K²] and of E[K]², K a draw's matched lengths in the bin.
    var secondMoment = 0.0
    var squaredMeans = 0.0

    mutating func add(_ probability: Double, _ outcome: Double) {
      predicted += probability
      observed += outcome
      draws += 1
    }
  }
}
