import GSLNumerics
import RealModule

/// The extreme-value index ξ of a tail from its k largest observations: positive for a power law n^(-1/ξ), 0 for an
/// exponential tail, negative for one that ends.
///
/// With X₁ >= X₂ >= … the observations and M_j = (1/k) Σ_{i <= k} (ln X_i - ln X_{k+1})^j:
///
/// - Hill (Annals of Statistics 3, 1975): ξ = M₁, for ξ > 0; variance ξ²/k. With c of the k values censored it is k M₁
///   / (k - c), with variance ξ²/(k - c) (Beirlant, Guillou, Dierckx and Fils-Villetard, Extremes 10, 2007).
/// - Moment (Dekkers, Einmahl and de Haan, Annals of Statistics 17, 1989): ξ = M₁ + 1 - ½ / (1 - M₁²/M₂), for real ξ.
/// - Pickands (Annals of Statistics 3, 1975): ξ = ln[(X_k - X_2k) / (X_2k - X_4k)] / ln 2, for real ξ.
///
/// All are made for continuous values. On whole numbers ties make them jump, and thresholds of a few tens or less bias
/// them: ``PeaksOverThreshold`` has the discrete likelihood, and censoring, instead.
public struct TailIndex: Sendable, Equatable {
  /// A way to estimate.
  public enum Method: String, Sendable, CaseIterable {
    case hill
    case moment
    case pickands
  }

  /// How ξ was estimated.
  public let method: Method
  /// The number of largest observations.
  public let k: Int
  /// The threshold, X_{k+1}; for Pickands' estimate X_4k.
  public let threshold: Int
  /// The estimate of ξ.
  public let xi: Double
  /// Its asymptotic standard error, which assumes k small enough for the tail to have its limiting shape.
  public let standardError: Double

  /// The estimate from the k largest of whole numbers of observations.
  ///
  /// - Returns: nil where it does not exist: fewer than k + 1 observations (4k for Pickands), a threshold below 1,
  ///   values that are all tied, censored ones among those used (all of them for Hill's estimate), or intervals.
  /// - Complexity: O(cells).
  public init?(_ method: Method, k: Int, of counts: CensoredCounts) {
    guard k >= 1, counts.intervals.isEmpty else { return nil }
    self.method = method
    self.k = k
    switch method {
    case .hill, .moment:
      guard let top = LargestObservations(k, of: counts), top.next >= 1 else { return nil }
      threshold = top.next
      let first = top.logExcess(1)
      if method == .hill {
        guard first > 0, top.censored < k else { return nil }
        xi = first * Double(k) / Double(k - top.censored)
        standardError = xi / Double(k - top.censored).squareRoot()
      } else {
        let second = top.logExcess(2)
        guard top.censored == 0, second > first * first else { return nil }
        xi = first + 1 - 0.5 / (1 - first * first / second)
        standardError = (Self.momentVariance(xi) / Double(k)).squareRoot()
      }
    case .pickands:
      guard 4 * k <= Int(counts.total), let all = LargestObservations(4 * k, of: counts, hasNext: false),
        all.censored == 0, let middle = LargestObservations(2 * k, of: counts, hasNext: false),
        let upper = LargestObservations(k, of: counts, hasNext: false)
      else { return nil }
      let (high, low) = (Double(upper.last - middle.last), Double(middle.last - all.last))
      guard high > 0, low > 0 else { return nil }
      threshold = all.last
      xi = .log(high / low) / .log(2)
      standardError = (Self.pickandsVariance(xi) / Double(k)).squareRoot()
    }
  }

  /// A confidence interval: for Hill's estimate from √k (ξ̂/ξ - 1) being standard normal, which keeps it positive, and
  /// symmetric for the others. Its upper end is infinite where so few observations allow that.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func interval(level: Double = 0.95) throws -> ClosedRange<Double> {
    let z = try normalDeviate(ofLevel: level)
    guard method == .hill else { return xi - z * standardError...xi + z * standardError }
    let spread = z * standardError / xi
    return xi / (1 + spread)...(spread < 1 ? xi / (1 - spread) : .infinity)
  }

  /// The moment estimate's asymptotic variance times k.
  private static func momentVariance(_ xi: Double) -> Double {
    if xi >= 0 { return 1 + xi * xi }
    let (two, three, four) = (1 - 2 * xi, 1 - 3 * xi, 1 - 4 * xi)
    return (1 - xi) * (1 - xi) * two * (4 - 8 * two / three + (5 - 11 * xi) * two / (three * four))
  }

  /// Pickands' estimate's asymptotic variance times k, ξ² (2^(2ξ+1) + 1) / (2 (2^ξ - 1) ln 2)².
  private static func pickandsVariance(_ xi: Double) -> Double {
    let doubled = Double.log(2)
    // (2^ξ - 1) / ξ tends to ln 2.
    let slope = xi == 0 ? doubled : .expMinusOne(xi * doubled) / xi
    return (2 * .exp(2 * xi * doubled) + 1) / (4 * slope * slope * doubled * doubled)
  }
}

/// The largest observations of counts.
private struct LargestObservations {
  /// The cells that hold them, the last one in part.
  private var parts: [(length: Int, weight: Double)] = []
  private let k: Int
  /// How many of them are censored.
  private(set) var censored = 0
  /// The smallest of them, X_k.
  private(set) var last = 0
  /// The largest of the others, X_{k+1}.
  private(set) var next = 0

  /// nil when there are too few.
  init?(_ k: Int, of counts: CensoredCounts, hasNext: Bool = true) {
    self.k = k
    var left = k
    for cell in counts.cells.reversed() {
      if left == 0 {
        next = cell.length
        return
      }
      // A value censored at n is larger than one that ended there.
      let censoredHere = min(left, Int(cell.censored.rounded()))
      censored += censoredHere
      let taken = censoredHere + min(left - censoredHere, Int(cell.exact.rounded()))
      parts.append((cell.length, Double(taken)))
      left -= taken
      last = cell.length
      if left == 0, taken < Int((cell.exact + cell.censored).rounded()) {
        next = cell.length
        return
      }
    }
    if left > 0 || hasNext { return nil }
  }

  /// (1/k) Σ (ln X_i - ln X_{k+1})^power.
  func logExcess(_ power: Int) -> Double {
    let base = Double.log(Double(next))
    return parts.reduce(0) { $0 + $1.weight * .pow(.log(Double($1.length)) - base, power) } / Double(k)
  }
}
