import GSLNumerics
import RealModule

/// The lengths n_min <= N <= n_max on which a fit is conditional: left truncation, and sharp truncation on the right.
public struct LengthWindow: Sendable, Equatable {
  /// n_min.
  public let minimum: Int
  /// n_max; nil when there is none.
  public let maximum: Int?

  /// All lengths from `minimum` to `maximum`.
  ///
  /// - Precondition: 0 <= minimum <= maximum <= 2⁶⁰.
  public init(from minimum: Int = 0, through maximum: Int? = nil) {
    precondition(
      minimum <= CensoredCounts.longestLength && maximum ?? 0 <= CensoredCounts.longestLength,
      "lengths are at most 2^60")
    precondition(minimum >= 0 && minimum <= maximum ?? .max, "the window \(minimum) to \(maximum ?? .max) is empty")
    self.minimum = minimum
    self.maximum = maximum
  }

  /// Whether no length is excluded.
  public var isAll: Bool { minimum == 0 && maximum == nil }

  /// ln P(n_min <= N <= n_max) under a law of all lengths.
  public func logProbability(of law: some DiscreteDistribution) -> Double {
    logSurvival(of: law, from: minimum)
  }

  /// ln P(n <= N <= n_max), not yet divided by the window's probability.
  func logSurvival(of law: some DiscreteDistribution, from n: Int) -> Double {
    let upper = law.logSurvival(n)
    guard let maximum else { return upper }
    let beyond = law.logSurvival(maximum + 1)
    if cancels(beyond - upper, from: n, through: maximum) {
      return (n...maximum).reduce(-.infinity) { logAddExp($0, law.logMass($1)) }
    }
    return upper + log1mExp(beyond - upper)
  }

  /// Whether nearly all of the law lies beyond a window, so that the difference of the two survivals has lost its
  /// digits and the masses in between are to be added up.
  private func cancels(_ difference: Double, from n: Int, through maximum: Int) -> Bool {
    difference > -1e-3 && maximum >= n && maximum - n < 10_000
  }

  /// ``logSurvival(of:from:)`` with its derivatives by the parameters.
  func logSurvival(of law: some FittableFamily, from n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard let maximum else { return law.logSurvival(n, gradient: &gradient) }
    let beyond = law.logSurvival(maximum + 1, gradient: &gradient)
    let slopes = (0..<gradient.count).map { gradient[$0] }
    let upper = law.logSurvival(n, gradient: &gradient)
    if cancels(beyond - upper, from: n, through: maximum) {
      let value = logSurvival(of: law, from: n)
      var sums = [Double](repeating: 0, count: gradient.count)
      for m in n...maximum {
        let share = Double.exp(law.logMass(m, gradient: &gradient) - value)
        for index in sums.indices where share > 0 { sums[index] += share * gradient[index] }
      }
      for index in sums.indices { gradient[index] = sums[index] }
      return value
    }
    let value = upper + log1mExp(beyond - upper)
    let (inner, outer) = (Double.exp(upper - value), Double.exp(beyond - value))
    for index in 0..<gradient.count {
      gradient[index] = inner * gradient[index] - (outer > 0 ? outer * slopes[index] : 0)
    }
    return value
  }

  /// ln P(N = n | window).
  public func logMass(of law: some DiscreteDistribution, _ n: Int) -> Double {
    logMass(of: law, n, logProbability(of: law))
  }

  /// ln P(N >= n | window).
  public func logSurvival(of law: some DiscreteDistribution, _ n: Int) -> Double {
    logSurvival(of: law, n, logProbability(of: law))
  }

  /// ``logMass(of:_:)`` for a known probability of the window.
  func logMass(of law: some DiscreteDistribution, _ n: Int, _ logProbability: Double) -> Double {
    n < minimum || n > maximum ?? .max ? -.infinity : min(0, law.logMass(n) - logProbability)
  }

  /// ``logSurvival(of:_:)`` for a known probability of the window.
  func logSurvival(of law: some DiscreteDistribution, _ n: Int, _ logProbability: Double) -> Double {
    if n <= minimum { return 0 }
    if let maximum, n > maximum { return -.infinity }
    return min(0, logSurvival(of: law, from: n) - logProbability)
  }
}
