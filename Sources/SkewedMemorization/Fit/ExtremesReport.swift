import HeavyTails

/// How far the longest matches reach: estimates of the tail from the largest lengths alone.
public struct ExtremesReport: Codable, Sendable, Equatable {
  /// An estimate of the extreme-value index.
  public struct Index: Codable, Sendable, Equatable {
    /// `hill`, `moment` or `pickands`.
    public var method: String
    /// The number of largest lengths used.
    public var k: Int
    /// The length above which they lie.
    public var threshold: Int
    /// The estimate of ξ.
    public var xi: Double
    /// Its confidence interval.
    public var interval: Interval
  }

  /// The mean excess over a threshold.
  public struct Excess: Codable, Sendable, Equatable {
    /// The threshold u.
    public var threshold: Int
    /// How many lengths exceed it.
    public var exceedances: Double
    /// E[N - u | N > u].
    public var mean: Double
    /// Its confidence interval; null with too few.
    @OrNull public var interval: Interval?
    /// Whether the largest length is censored, so that the mean is cut there.
    public var restricted: Bool
  }

  /// A generalized Pareto tail above a threshold.
  public struct Peaks: Codable, Sendable, Equatable {
    /// The threshold u.
    public var threshold: Int
    /// How many lengths reach it.
    public var exceedances: Double
    /// The scale above u; null on a boundary.
    @OrNull public var sigma: Double?
    /// The shape; null on a boundary.
    @OrNull public var xi: Double?
    /// The shape's confidence interval; null on a boundary.
    @OrNull public var xiInterval: Interval?
    /// σ - ξu, which does not depend on u where the law holds; null on a boundary.
    @OrNull public var stableScale: Double?
    /// Its standard error.
    @OrNull public var stableScaleError: Double?
    /// The limit at which the supremum lies.
    @OrNull public var boundary: String?

    enum CodingKeys: String, CodingKey {
      case threshold, exceedances, sigma, xi, boundary
      case xiInterval = "xi_interval"
      case stableScale = "stable_scale"
      case stableScaleError = "stable_scale_error"
    }
  }

  /// The longest match to expect in a larger set.
  public struct Level: Codable, Sendable, Equatable {
    /// How many times this set's size.
    public var times: Double
    /// The length reached once in expectation; null where there is none.
    @OrNull public var length: Double?
    /// Its confidence interval.
    @OrNull public var interval: Interval?
  }

  /// The extreme-value index.
  public var tailIndex: [Index]
  /// The mean excess.
  public var meanExcess: [Excess]
  /// The generalized Pareto tails.
  public var peaksOverThreshold: [Peaks]
  /// The threshold whose tail the return levels are of.
  @OrNull public var threshold: Int?
  /// The return levels.
  public var returnLevels: [Level]

  enum CodingKeys: String, CodingKey {
    case threshold
    case tailIndex = "tail_index"
    case meanExcess = "mean_excess"
    case peaksOverThreshold = "peaks_over_threshold"
    case returnLevels = "return_levels"
  }

  /// The estimates from counts, at thresholds that a half to a hundredth of the lengths reach and at least 20 do.
  init(_ counts: CensoredCounts) throws {
    var thresholds: [Int] = []
    var above = counts.total
    for cell in counts.cells {
      let shares = [0.5, 0.25, 0.1, 0.05, 0.025, 0.01]
      let share = thresholds.count < shares.count ? shares[thresholds.count] : 0
      if above <= share * counts.total, above >= 20, cell.exact > 0 { thresholds.append(cell.length) }
      above -= cell.exact + cell.censored
    }
    tailIndex = try thresholds.flatMap { threshold -> [Index] in
      let k = Int(counts.restricted(from: threshold).total)
      return try TailIndex.Method.allCases.compactMap { method in
        try TailIndex(method, k: method == .pickands ? k / 4 : k, of: counts).map {
          Index(
            method: method.rawValue, k: $0.k, threshold: $0.threshold, xi: $0.xi, interval: Interval(try $0.interval()))
        }
      }
    }
    meanExcess = try thresholds.compactMap { threshold in
      try MeanExcess(over: threshold, of: counts).map {
        Excess(
          threshold: threshold, exceedances: $0.exceedances, mean: $0.mean,
          interval: try $0.interval().map { Interval($0) },
          restricted: $0.isRestricted)
      }
    }
    // A tail in which nothing ends has no law.
    let tails = thresholds.compactMap { try? PeaksOverThreshold(over: $0, of: counts) }
    peaksOverThreshold = try tails.map { tail in
      let isInside = tail.boundary == nil
      let xi = try ProfileLikelihood(tail.fit, counts: tail.excesses).interval(of: "xi")
      return Peaks(
        threshold: tail.threshold, exceedances: tail.exceedances, sigma: isInside ? tail.fit.parameters[0].value : nil,
        xi: isInside ? tail.fit.parameters[1].value : nil, xiInterval: isInside ? xi.map { Interval($0) } : nil,
        stableScale: tail.stableScale?.value, stableScaleError: tail.stableScale?.standardError,
        boundary: tail.boundary)
    }
    // The tenth of the lengths that is longest, or more of them in a small set.
    let inside = tails.filter { $0.boundary == nil }
    let chosen = inside.last { $0.exceedances >= max(50, 0.08 * counts.total) } ?? inside.first
    threshold = chosen?.threshold
    returnLevels = try [1.0, 10, 100, 1000].map { times in
      let records = times * counts.total
      return Level(
        times: times, length: chosen?.returnLevel(records: records),
        interval: try chosen?.returnLevelInterval(records: records).map { Interval($0) })
    }
  }
}
