import GSLNumerics

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
  /// What follows from them: the laws of one record.
  let laws: MatchLengthLaws

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
    laws = MatchLengthLaws(tokenLogProbabilities)
    logSurvival = Array(laws.values(MatchLengthLaws.Column.logSurvival, of: 0))
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
  public var masses: [Double] { Array(laws.values(MatchLengthLaws.Column.mass, of: 0)) }

  /// Mean, variance and third cumulant of min(N, L).
  ///
  /// Formed from central moments of the masses, so that a record that is certain up to 1e-12 keeps its variance.
  /// The equivalent raw forms are E = Σ S(n), E[N²] = Σ (2n-1) S(n), E[N³] = Σ (3n²-3n+1) S(n), n = 1 … L.
  ///
  /// - Complexity: O(L).
  public var moments: Cumulants { laws.moments(of: 0) }
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
