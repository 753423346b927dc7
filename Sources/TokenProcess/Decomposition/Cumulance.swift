import GSLNumerics

/// The law of total cumulance over records: how much of the variance and the skew of N is the token process itself and
/// how much is differences between records (TheModel §3a).
///
///     Var N = E[Var(N|K)] + Var(E[N|K])
///     κ3(N) = E[κ3(N|K)] + 3 Cov(E[N|K], Var(N|K)) + κ3(E[N|K])
///
/// K is the record, drawn uniformly; the terms are exact for the data set, so divisors are M and not M - 1.
public struct CumulanceDecomposition: Sendable, Equatable {
  /// E[Var(N|K)].
  public let varianceWithin: Double
  /// Var(E[N|K]).
  public let varianceBetween: Double
  /// E[κ3(N|K)].
  public let thirdWithin: Double
  /// 3 Cov(E[N|K], Var(N|K)).
  public let thirdCovariance: Double
  /// κ3(E[N|K]).
  public let thirdBetween: Double
}

/// The sums over records that ``CumulanceDecomposition`` needs; two of them merge by addition.
///
/// Power sums in 32-digit arithmetic: their central forms cancel up to half of the digits.
public struct CumulanceAccumulator: Sendable, Codable {
  private var count = 0
  private var means = DoubleDouble(0)
  private var squares = DoubleDouble(0)
  private var cubes = DoubleDouble(0)
  private var variances = DoubleDouble(0)
  private var products = DoubleDouble(0)
  private var thirds = DoubleDouble(0)

  /// The accumulator of no records.
  public init() {}

  /// Adds one record's cumulants of min(N, L).
  public mutating func add(_ moments: Cumulants) {
    let mean = DoubleDouble(moments.mean)
    let square = mean * mean
    count += 1
    means += mean
    squares += square
    cubes += square * mean
    variances += DoubleDouble(moments.variance)
    products += mean * DoubleDouble(moments.variance)
    thirds += DoubleDouble(moments.third)
  }

  /// Adds the records of another accumulator.
  public mutating func merge(_ other: CumulanceAccumulator) {
    count += other.count
    means += other.means
    squares += other.squares
    cubes += other.cubes
    variances += other.variances
    products += other.products
    thirds += other.thirds
  }

  /// The decomposition; nil without records.
  public var decomposition: CumulanceDecomposition? {
    guard count > 0 else { return nil }
    let m = Double(count)
    let mean = means / m
    let meanSquare = squares / m
    let between = meanSquare - mean * mean
    // E[X³] - 3 μ E[X²] + 2 μ³
    let third = cubes / m - DoubleDouble(3) * mean * meanSquare + DoubleDouble(2) * mean * mean * mean
    let covariance = products / m - mean * (variances / m)
    return CumulanceDecomposition(
      varianceWithin: (variances / m).double, varianceBetween: max(0, between.double),
      thirdWithin: (thirds / m).double, thirdCovariance: 3 * covariance.double, thirdBetween: third.double)
  }
}
