import Captures
import GSLNumerics
import Inference
import RealModule
import TokenProcess

/// How the probability of a reference depends on what stands before it: several prefixes of the same reference
/// (TheModel §13).
public struct PrefixesAnalysis: Sendable {
  /// n of S(n); nil for the longest length up to 50 that half of the records have.
  public var length: Int?
  /// The probability from which a prefix suffices.
  public var threshold = 0.5
  /// Draws from each prefix.
  public var draws = [1, 10, 100, 1000]
  /// How many of the riskiest records are listed.
  public var top = 20
  /// The confidence level and the bootstrap of limits.
  public var resampling = Resampling()

  /// The usual analysis.
  public init() {}

  /// Reports on records with several prefixes.
  ///
  /// - Throws: `CaptureError` where no record has two prefixes, or one has references of different lengths;
  ///   `ArgumentError` for settings out of range; `CancellationError`.
  /// - Complexity: O(tokens).
  public func run(on capture: Capture) async throws -> PrefixesReport {
    try resampling.check()
    guard threshold > 0, threshold <= 1 else {
      throw ArgumentError(name: "threshold", value: "\(threshold)", allowed: "above 0, at most 1")
    }
    for count in draws { try ArgumentError.check(count, "draws", in: 1...1_000_000_000) }
    guard !draws.isEmpty else { throw ArgumentError(name: "draws", value: "none", allowed: "one or more") }
    try ArgumentError.check(top, "top", in: 0...100_000)
    let sizes = capture.records.map(\.tokenLogProbabilities.count).sorted()
    if let length { try ArgumentError.check(length, "length", in: 1...sizes[sizes.count - 1]) }
    let n = length ?? min(50, sizes[sizes.count / 2])
    return try await naming(capture) { () async throws -> PrefixesReport in
      let groups = try groups(of: capture, n)
      guard groups.contains(where: { $0.variants.count > 1 }) else {
        throw CaptureError(
          file: capture.name, field: "prefix_id",
          problem: "no record of \(n) tokens has two prefixes: capture --prefix-lengths, or lines of one id with a "
            + "prefix_id each")
      }
      return report(groups, capture.name, n)
    }
  }

  /// One reference with its prefixes.
  private struct Group {
    let id: String
    var variants: [Variant] = []
  }

  private struct Variant {
    let prefixID: String
    let tokens: Int?
    let logSurvival: Double
  }

  private func groups(of capture: Capture, _ n: Int) throws(RecordError) -> [Group] {
    var places: [String: Int] = [:]
    var groups: [Group] = []
    var first: [String: Record] = [:]
    for record in capture.records {
      let known = first[record.id] ?? record
      first[record.id] = known
      let isOther =
        known.tokenLogProbabilities.count != record.tokenLogProbabilities.count
        || known.referenceTokenIDs.map { own in record.referenceTokenIDs.map { $0 != own } ?? false } ?? false
        || known.reference.map { own in record.reference.map { $0 != own } ?? false } ?? false
      guard !isOther else {
        throw RecordError(
          field: "reference",
          problem: "record \(record.id) has another reference after another prefix; one id is one "
            + "reference")
      }
    }
    for record in capture.records where record.tokenLogProbabilities.count >= n {
      let place = places[record.id] ?? groups.count
      if place == groups.count {
        places[record.id] = place
        groups.append(Group(id: record.id))
      }
      let name = record.prefixID ?? "own"
      guard !groups[place].variants.contains(where: { $0.prefixID == name }) else {
        throw RecordError(field: "prefix_id", problem: "record \(record.id) has two lines with the prefix \(name)")
      }
      groups[place].variants.append(
        Variant(
          prefixID: name, tokens: record.prefixTokenIDs?.count, logSurvival: MatchLengthLaw(record).logSurvival[n]))
    }
    return groups
  }

  private func report(_ groups: [Group], _ file: String, _ n: Int) -> PrefixesReport {
    let limit = Double.log(threshold)
    let records = groups.map { group -> PrefixesReport.Record in
      let best = group.variants.max { $0.logSurvival < $1.logSurvival }
      let sufficient = group.variants.filter { $0.logSurvival >= limit }
      let shortest = sufficient.compactMap { variant in variant.tokens.map { ($0, variant.prefixID) } }
        .min { $0 < $1 }
      let values = group.variants.map { Double.exp($0.logSurvival) }
      return .init(
        id: group.id, prefixes: group.variants.count, logMaximum: best?.logSurvival, best: best?.prefixID ?? "",
        mean: CompensatedSum(of: values).value / Double(values.count), sufficient: sufficient.count,
        shortestSufficient: shortest?.0,
        anyOf: draws.map { draws in
          // ln Π (1 - S)^q, and 1 less that.
          let missed = values.reduce(0) { $0 + Double(draws) * .log(onePlus: -$1) }
          return .init(draws: draws, probability: -.expMinusOne(missed))
        })
    }
    var order: [String] = []
    var byPrefix: [String: [Variant]] = [:]
    for variant in groups.flatMap(\.variants) {
      if byPrefix[variant.prefixID] == nil { order.append(variant.prefixID) }
      byPrefix[variant.prefixID, default: []].append(variant)
    }
    let curve = order.map { name -> PrefixesReport.Point in
      let variants = byPrefix[name] ?? []
      let tokens = variants.compactMap(\.tokens)
      let values = variants.map { Double.exp($0.logSurvival) }
      let interval = BCaInterval.ofMeans(
        [values], level: resampling.level, replicates: resampling.replicates, seed: resampling.seed
      ) { $0[0] }.map { Interval($0) }
      return .init(
        prefixID: name,
        tokens: tokens.count == variants.count ? Double(tokens.reduce(0, +)) / Double(tokens.count) : nil,
        records: variants.count, mean: CompensatedSum(of: values).value / Double(values.count), interval: interval,
        reached: variants.count { $0.logSurvival >= limit })
    }
    let sorted = curve.sorted { ($0.tokens ?? .infinity, $0.prefixID) < ($1.tokens ?? .infinity, $1.prefixID) }
    let riskiest = records.sorted { ($0.logMaximum ?? -.infinity, $1.id) > ($1.logMaximum ?? -.infinity, $0.id) }
    return PrefixesReport(
      file: file, n: n, threshold: threshold, level: resampling.level, records: groups.count,
      severalPrefixes: groups.count { $0.variants.count > 1 },
      reachedByAny: records.count { ($0.logMaximum ?? -.infinity) >= limit },
      expectedByAny: draws.enumerated().map { index, count in
        .init(draws: count, probability: CompensatedSum(of: records.map { $0.anyOf[index].probability }).value)
      }, curve: sorted, riskiest: Array(riskiest.prefix(top)))
  }
}
