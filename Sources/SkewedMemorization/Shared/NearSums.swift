import GSLNumerics
import RealModule
import TokenProcess

/// What adds up over the records whose near-copies were searched for, for one distance, e and n.
struct NearSums: Sendable, Codable {
  /// The probabilities at which records are counted.
  static let thresholds = [0.001, 0.01, 0.1, 0.5]

  /// The largest probability of a record, as logarithms.
  struct Largest: Sendable, Codable {
    var verbatim = -Double.greatestFiniteMagnitude
    var lower = -Double.greatestFiniteMagnitude
    var upper = -Double.greatestFiniteMagnitude

    mutating func merge(_ other: Largest) {
      verbatim = max(verbatim, other.verbatim)
      lower = max(lower, other.lower)
      upper = max(upper, other.upper)
    }
  }

  /// Expected records in several draws from each.
  struct InDraws: Sendable, Codable {
    let draws: Double
    var verbatim = CompensatedSum()
    var lower = CompensatedSum()
    var upper = CompensatedSum()

    mutating func merge(_ other: InDraws) {
      verbatim.merge(other.verbatim)
      lower.merge(other.lower)
      upper.merge(other.upper)
    }
  }

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
  /// The scheme; nil for sampling at temperature 1.
  private(set) var decoding: Decoding?
  private(set) var largest = Largest()
  /// Records with an estimate beside the bounds, and the sum of those estimates.
  private(set) var estimates = 0
  private(set) var estimated = CompensatedSum()
  private(set) var inDraws: [InDraws]

  /// - Parameter draws: The numbers of draws from each record at which expected records are added up.
  init(_ bounds: NearVerbatimBounds, draws: [Double] = [10, 100, 1000]) {
    (distance, limit, length) = (bounds.distance, bounds.limit, bounds.length)
    decoding = bounds.decoding == .plain ? nil : bounds.decoding
    inDraws = draws.map { InDraws(draws: $0) }
  }

  /// Adds a record to sums for each distance, scheme, e and n that was searched for, by ``key(_:)``.
  static func add(_ record: Record, to sums: inout [String: NearSums], draws: [Double]) {
    guard let near = record.near else { return }
    let law = MatchLengthLaw(record)
    for bounds in near { sums[key(bounds), default: NearSums(bounds, draws: draws)].add(bounds, record, law) }
  }

  /// Adds sums of other records to those of some, by ``key(_:)``.
  static func merge(_ others: [String: NearSums], into sums: inout [String: NearSums]) {
    for (key, other) in others {
      if sums[key]?.merge(other) == nil { sums[key] = other }
    }
  }

  /// What tells these sums from others.
  static func key(_ bounds: NearVerbatimBounds) -> String {
    "\(bounds.distance.rawValue) \(bounds.limit) \(bounds.length)"
      + (bounds.decoding == .plain ? "" : " \(bounds.decoding)")
  }

  mutating func add(_ bounds: NearVerbatimBounds, _ record: Record, _ law: MatchLengthLaw) {
    // A verbatim copy is a near-copy: where the scheme's own law leaves bounds, the middle is between them.
    let known = (try? bounds.logVerbatim(record, law)) ?? -.infinity
    let exact = decoding == nil ? known : min(known, bounds.logUpper)
    // What is proved may be less than what is known.
    let logLower = decoding == nil ? max(bounds.logLower, exact) : bounds.logLower
    records += 1
    requests += bounds.requests
    verbatim.add(.exp(exact))
    lower.add(.exp(logLower))
    upper.add(.exp(bounds.logUpper))
    if let estimate = bounds.estimate {
      estimates += 1
      estimated.add(estimate.probability)
    }
    largest.merge(
      Largest(
        verbatim: max(exact, -.greatestFiniteMagnitude), lower: max(logLower, -.greatestFiniteMagnitude),
        upper: min(0, bounds.logUpper)))
    for index in inDraws.indices {
      func probability(_ log: Double) -> Double {
        .exp(Extraction.logProbability(logSurvival: min(0, log), draws: inDraws[index].draws))
      }
      inDraws[index].verbatim.add(probability(exact))
      inDraws[index].lower.add(probability(logLower))
      inDraws[index].upper.add(probability(bounds.logUpper))
    }
    for (index, threshold) in Self.thresholds.enumerated() {
      let logThreshold = Double.log(threshold)
      if exact >= logThreshold { verbatimAbove[index] += 1 }
      if logLower >= logThreshold { lowerAbove[index] += 1 }
      if bounds.logUpper >= logThreshold { upperAbove[index] += 1 }
    }
  }

  mutating func merge(_ other: NearSums) {
    records += other.records
    requests += other.requests
    verbatim.merge(other.verbatim)
    lower.merge(other.lower)
    upper.merge(other.upper)
    largest.merge(other.largest)
    estimates += other.estimates
    estimated.merge(other.estimated)
    for index in inDraws.indices where index < other.inDraws.count { inDraws[index].merge(other.inDraws[index]) }
    for index in Self.thresholds.indices {
      verbatimAbove[index] += other.verbatimAbove[index]
      lowerAbove[index] += other.lowerAbove[index]
      upperAbove[index] += other.upperAbove[index]
    }
  }
}

extension NearVerbatimBounds {
  /// ln S(n) of a verbatim copy under the scheme of the bounds; the middle where the scheme's own law leaves bounds.
  func logVerbatim(_ record: Record, _ law: MatchLengthLaw) throws(RecordError) -> Double {
    decoding == .plain
      ? law.logSurvival[length] : try DecodedLaw(record, under: decoding).logSurvival(length).middle
  }
}
