import Captures
import GSLNumerics
import Inference
import MemorizationMetrics
import RealModule
import TokenProcess

/// What canaries say about the training: lower bounds of ε, and how likely each secret comes out.
public struct CanariesAnalysis: Sendable {
  /// δ of the second bound, at least 0 and below 1.
  public var delta = 1e-5
  /// How many canaries are guessed; nil for 2, 5, 10, 20, 50 and 100 %, each at a sixth of the error.
  public var guesses: Int?
  /// How many of the canaries are listed.
  public var top = 20
  /// The confidence level of bounds.
  public var level = 0.95

  /// The usual analysis.
  public init() {}

  /// Audits a model by the canaries of a set.
  ///
  /// The score of a canary is ln of the probability of its secret, less that under the reference model where there is
  /// one. Of r guesses half are the canaries with the largest scores, taken to be included, and half those with the
  /// smallest.
  ///
  /// - Parameters:
  ///   - capture: The canaries by the trained model, by their ids; all of them, included or not.
  ///   - set: The set, from its seal.
  ///   - reference: The canaries by the model before training; nil for none.
  /// - Throws: `CaptureError` where canaries are missing or have other texts; `ArgumentError` for settings out of
  ///   range.
  public func run(on capture: Capture, set: CanarySet, reference: Capture? = nil) async throws -> CanariesReport {
    guard delta >= 0, delta < 1 else { throw ArgumentError(name: "delta", value: "\(delta)", allowed: "0 to below 1") }
    try ArgumentError.check(share: level, "level")
    try ArgumentError.check(top, "top", in: 0...100_000)
    let count = set.canaries.count
    if let guesses { try ArgumentError.check(guesses, "guesses", in: 1...count) }
    return try await naming(capture) { () async throws -> CanariesReport in
      let own = try records(capture, set)
      let before = try reference.map { try records($0, set) }
      let logs = own.map { CompensatedSum(of: $0.tokenLogProbabilities).value }
      let scores = logs.indices.map { index -> Double in
        guard let before else { return logs[index] }
        let other = CompensatedSum(of: before[index].tokenLogProbabilities).value
        return logs[index] == other ? 0 : logs[index] - other
      }
      var report = CanariesReport(
        file: capture.name, referenceFile: reference?.name, commitment: set.seal.commitment, canaries: count,
        included: set.isIncluded.count { $0 }, level: level, delta: delta)
      addGuesses(scores, set, &report)
      addKinds(own, logs, set, &report)
      return report
    }
  }

  private func records(_ capture: Capture, _ set: CanarySet) throws(CaptureError) -> [Record] {
    let byID = Dictionary(grouping: capture.records, by: \.id)
    var records: [Record] = []
    for canary in set.canaries {
      guard let found = byID[canary.id] else {
        throw CaptureError(
          file: capture.name,
          problem: "has no \(canary.id); all \(set.canaries.count) canaries must be scored, included or not")
      }
      guard found.count == 1 else {
        throw CaptureError(file: capture.name, problem: "has \(canary.id) \(found.count) times")
      }
      if let text = found[0].reference, text != canary.reference {
        throw CaptureError(
          file: capture.name, field: "reference", problem: "\(canary.id) has another secret than the seal says")
      }
      records.append(found[0])
    }
    return records
  }

  private func addGuesses(_ scores: [Double], _ set: CanarySet, _ report: inout CanariesReport) {
    let count = scores.count
    let sizes =
      guesses.map { [$0] }
      ?? Set([0.02, 0.05, 0.1, 0.2, 0.5, 1].map { max(1, Int((Double(count) * $0).rounded())) }).sorted()
    // Several tries share the error, so that the best of them may be taken.
    let own = 1 - (1 - level) / Double(sizes.count)
    // Equal scores keep the order of the set, which the coins do not know.
    let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    for size in sizes {
      let high = (size + 1) / 2
      let right =
        order.prefix(high).count { set.isIncluded[$0] } + order.suffix(size - high).count { !set.isIncluded[$0] }
      func bound(_ delta: Double) -> Double {
        EpsilonBound(canaries: count, guesses: size, right: right, delta: delta).lowerLimit(level: own)
      }
      report.guesses.append(
        .init(guesses: size, right: right, epsilon: bound(0), epsilonWithDelta: bound(delta)))
    }
    report.epsilon = report.guesses.map(\.epsilon).max() ?? 0
    report.epsilonWithDelta = report.guesses.map(\.epsilonWithDelta).max() ?? 0
    let members = scores.indices.filter { set.isIncluded[$0] }.map { scores[$0] }
    let others = scores.indices.filter { !set.isIncluded[$0] }.map { scores[$0] }
    if let area = Discrimination(members: members, others: others, level: level) {
      report.areaUnderCurve = area.areaUnderCurve
      report.areaInterval = Interval(area.interval)
    }
  }

  private func addKinds(
    _ records: [Record], _ logs: [Double], _ set: CanarySet, _ report: inout CanariesReport
  ) {
    var rows: [CanariesReport.Canary] = []
    for kind in CanarySet.Kind.allCases {
      let places = set.canaries.indices.filter { set.canaries[$0].kind == kind }
      guard !places.isEmpty else { continue }
      let (own, others) = (places.filter { set.isIncluded[$0] }, places.filter { !set.isIncluded[$0] })
      let exposure = Exposure(referenceLosses: others.map { Likelihood.loss(records[$0].tokenLogProbabilities) })
      let exposures = own.map { exposure?.byRank(loss: Likelihood.loss(records[$0].tokenLogProbabilities)) }
      let known = exposures.compactMap(\.self)
      report.kinds.append(
        .init(
          kind: kind.rawValue, included: own.count, excluded: others.count, bits: set.bits[places[0]],
          meanExposure: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count), largestExposure: known.max(),
          expectedExtracted: CompensatedSum(of: own.map { .exp(logs[$0]) }).value,
          largestExcluded: others.map { logs[$0] }.max()))
      rows += zip(own, exposures).map { place, exposure in
        .init(
          id: set.canaries[place].id, kind: kind.rawValue, logProbability: logs[place], exposure: exposure)
      }
    }
    rows.sort { ($0.logProbability ?? -.infinity, $1.id) > ($1.logProbability ?? -.infinity, $0.id) }
    report.riskiest = Array(rows.prefix(top))
  }
}
