internal import CVectors
import GSLNumerics
import RealModule

/// The exact law of the prefix-match length N of one record.
///
/// N is the number of tokens of a sampled continuation that equal the reference before the first difference. By the
/// chain rule, with no assumption of independence (arXiv 2502.01187; TheModel §1),
///
///     S(n) = P(N >= n) = exp(l_1 + … + l_n),   S(0) = 1
///
/// for n = 0 … L. A reference of L tokens can only show N >= L: a full match is right-censored there.
public struct MatchLengthLaw: Sendable, Equatable {
  /// l_j = ln p_j, j = 1 … L.
  public let tokenLogProbabilities: [Double]
  /// ln S(n) for n = 0 … L.
  public let logSurvival: [Double]
  /// What follows from them, column by column; see ``Column``.
  private let columns: [Double]

  /// The law from token log-probabilities, each at most 0; -inf is a token that cannot be produced.
  ///
  /// Partial sums carry their rounding error along: each ln S(n) is the rounded exact sum.
  ///
  /// - Complexity: O(L).
  /// - Throws: `RecordError` for an empty array or a value that is NaN or positive.
  public init(tokenLogProbabilities: [Double]) throws(RecordError) {
    self.init(try Record(id: "law", tokenLogProbabilities: tokenLogProbabilities))
  }

  /// The law of a record.
  public init(_ record: Record) {
    self.init(valid: record.tokenLogProbabilities)
  }

  private init(valid tokenLogProbabilities: [Double]) {
    self.tokenLogProbabilities = tokenLogProbabilities
    let length = tokenLogProbabilities.count
    let stride = Self.stride(length)
    let columns = [Double](unsafeUninitializedCapacity: Column.count * stride) { columns, count in
      count = Column.count * stride
      columns.initialize(repeating: 0)
      law_columns(
        tokenLogProbabilities, length, columns.baseAddress, stride, ScaledValue.leastLogarithm, Self.outOfReach)
    }
    self.columns = columns
    logSurvival = Array(columns[...length])
  }

  /// What is kept of each length n, in columns that have room for whole eights: beyond L every number adds nothing to a
  /// sum (`token_sums.h`).
  enum Column {
    /// ln S(n), n = 0 … L; the first one.
    static let logSurvival = LAW_LOG_SURVIVAL
    /// S(n) = significand × 2^exponent: exp(-2000) is exact to rounding too.
    static let significand = LAW_SIGNIFICAND
    static let exponent = LAW_EXPONENT
    /// P(N = n), and at L the mass censored there.
    static let mass = LAW_MASS
    static let count = LAW_COLUMNS
  }

  /// How many numbers a column has room for: lengths 0 … L, in whole eights from 0 on as well as from 1 on.
  private static func stride(_ length: Int) -> Int { (length + 16) / 8 * 8 }

  /// The exponent of numbers that are 0: no shift makes them count.
  private static let outOfReach = -0x1p62

  /// Calls a function with the columns: a column begins at its number times the stride.
  @inline(__always)
  func withColumns(_ body: (_ columns: UnsafePointer<Double>, _ stride: Int) -> Void) {
    columns.withUnsafeBufferPointer { columns in
      // There is always a column.
      if let start = columns.baseAddress { body(start, Self.stride(length)) }
    }
  }

  private func value(_ column: Int, _ n: Int) -> Double {
    columns[column * Self.stride(length) + n]
  }

  /// S(n) with an exponent of its own.
  package func survival(_ n: Int) -> ScaledValue {
    let significand = value(Column.significand, n)
    return significand > 0 ? ScaledValue(significand: significand, exponent: Int(value(Column.exponent, n))) : .zero
  }

  /// The reference length L, at which N is censored.
  public var length: Int { tokenLogProbabilities.count }

  /// ln P(N = n) for n < L; at n = L the logarithm of the censored mass, ln P(N >= L).
  ///
  /// - Precondition: 0 <= n <= L.
  public func logMass(_ n: Int) -> Double {
    precondition(n >= 0 && n <= length, "n = \(n) is outside 0 … \(length)")
    return n == length ? logSurvival[n] : logSurvival[n] + log1mExp(tokenLogProbabilities[n])
  }

  /// P(N = n) for n < L and, last, P(N >= L): they add up to 1.
  public var masses: [Double] {
    let start = Column.mass * Self.stride(length)
    return Array(columns[start...(start + length)])
  }

  /// Mean, variance and third cumulant of min(N, L).
  ///
  /// Formed from central moments of the masses, so that a record that is certain up to 1e-12 keeps its variance.
  /// The equivalent raw forms are E = Σ S(n), E[N²] = Σ (2n-1) S(n), E[N³] = Σ (3n²-3n+1) S(n), n = 1 … L.
  ///
  /// - Complexity: O(L).
  public var moments: Cumulants {
    let moments = law_moments(columns, Self.stride(length), length)
    return Cumulants(mean: moments.mean, variance: moments.variance, third: moments.third)
  }
}

/// The first three cumulants of a law: mean, variance and third central moment.
public struct Cumulants: Sendable, Equatable {
  /// κ1, the mean.
  public let mean: Double
  /// κ2, the variance.
  public let variance: Double
  /// κ3, the third central moment.
  public let third: Double

  /// Three cumulants.
  public init(mean: Double, variance: Double, third: Double) {
    self.mean = mean
    self.variance = variance
    self.third = third
  }

  /// κ3 / κ2^(3/2); nil where the variance is 0.
  public var skewness: Double? {
    variance > 0 ? third / (variance * variance.squareRoot()) : nil
  }
}
