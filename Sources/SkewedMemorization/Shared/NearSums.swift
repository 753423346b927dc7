import GSLNumerics
import RealModule
import TokenProcess

/// What adds up over the records whose near-copies were searched for, for one distance, e and n.
struct NearSums: Sendable, Codable {
  /// The probabilities at which records are counted.
  static let thresholds = [0.001, 0.01, 0.1, 0.5]

  private(set) var distance: TokenDistance
  private(set) var limit: Int
  private(set) var length: Int
  private(set) var records = 0
  private(set) var requests = 0
  private(set) var verbatim = CompensatedSum()
  private(set) var lower = CompensatedSum()
  private(set) var upper = CompensatedSum()
  private(set) var verbatimAbove = [Int](repeating: 0, count: thresholds.count)
  private(set) var lowerAbove = [Int](repeating: 0, count: thresholds.count)
  private(set) var upperAbove = [Int](repeating: 0, count: thresholds.count)

  init(_ bounds: NearVerbatimBounds) {
    (distance, limit, length) = (bounds.distance, bounds.limit, bounds.length)
  }

  /// What tells these sums from others.
  static func key(_ bounds: NearVerbatimBounds) -> String {
    "\(bounds.distance.rawValue) \(bounds.limit) \(bounds.length)"
  }

  mutating func add(_ bounds: NearVerbatimBounds, _ law: MatchLengthLaw) {
    let exact = law.logSurvival[bounds.length]
    records += 1
    requests += bounds.requests
    verbatim.add(.exp(exact))
    lower.add(.exp(bounds.logLower))
    upper.add(.exp(bounds.logUpper))
    for (index, threshold) in Self.thresholds.enumerated() {
      let logThreshold = Double.log(threshold)
      if exact >= logThreshold { verbatimAbove[index] += 1 }
      if bounds.logLower >= logThreshold { lowerAbove[index] += 1 }
      if bounds.logUpper >= logThreshold { upperAbove[index] += 1 }
    }
  }

  mutating func merge(_ other: NearSums) {
    records += other.records
    requests += other.requests
    verbatim.merge(other.verbatim)
    lower.merge(other.lower)
    upper.merge(other.upper)
    for index in Self.thresholds.indices {
      verbatimAbove[index] += other.verbatimAbove[index]
      lowerAbove[index] += other.lowerAbove[index]
      upperAbove[index] += other.upperAbove[index]
    }
  }
}
