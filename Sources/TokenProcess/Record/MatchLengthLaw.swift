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
  /// S(n) with an exponent of its own, so that exp(-2000) is exact to rounding too.
  package let survival: [ScaledValue]
  /// 1 - p_j, j = 1 … L.
  package let failures: [Double]

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
    var logSurvival = [0.0]
    var survival = [ScaledValue.one]
    logSurvival.reserveCapacity(tokenLogProbabilities.count + 1)
    survival.reserveCapacity(tokenLogProbabilities.count + 1)
    var sum = CompensatedSum()
    for value in tokenLogProbabilities {
      sum.add(value)
      let rounded = sum.value
      logSurvival.append(rounded)
      survival.append(ScaledValue(exponentOf: sum.high, rounded > -.infinity ? sum.low : 0))
    }
    self.logSurvival = logSurvival
    self.survival = survival
    failures = tokenLogProbabilities.map { -.expMinusOne($0) }
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
    var masses = [Double](repeating: 0, count: length + 1)
    for n in 0..<length {
      masses[n] = failures[n] * survival[n].double
    }
    masses[length] = survival[length].double
    return masses
  }

  /// ln(1 - S(n)): the probability of no match of n tokens.
  package func logNone(_ n: Int) -> Double {
    // As log1mExp, which would take the exponential again.
    logSurvival[n] > -0.7 ? log1mExp(logSurvival[n]) : .log(onePlus: -survival[n].double)
  }

  /// Mean, variance and third cumulant of min(N, L).
  ///
  /// Formed from central moments of the masses, so that a record that is certain up to 1e-12 keeps its variance.
  /// The equivalent raw forms are E = Σ S(n), E[N²] = Σ (2n-1) S(n), E[N³] = Σ (3n²-3n+1) S(n), n = 1 … L.
  ///
  /// - Complexity: O(L).
  public var moments: Cumulants {
    moments(masses: masses)
  }

  package func moments(masses: [Double]) -> Cumulants {
    // From the far end: the survivals rise towards n = 1, and small terms are added first.
    var mean = 0.0
    for n in stride(from: length, through: 1, by: -1) { mean += survival[n].double }
    var second = 0.0
    var third = 0.0
    for n in stride(from: length, through: 0, by: -1) {
      let deviation = Double(n) - mean
      let term = masses[n] * deviation * deviation
      second += term
      third += term * deviation
    }
    return Cumulants(mean: mean, variance: second, third: third)
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
