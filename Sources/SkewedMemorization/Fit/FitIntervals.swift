import HeavyTails

/// Confidence intervals of one fit by one method.
struct FitIntervals {
  /// Of the parameters.
  let parameters: PerParameter<Interval>
  /// Of S(n).
  let survival: [FamilyFit.Survival]
  /// Of the chosen n_min.
  let minimum: ClosedRange<Int>?

  init(
    of fit: Fit, lengths: [Int], parameter: (String) throws -> ClosedRange<Double>?,
    logSurvival: (Int) throws -> ClosedRange<Double>?, minimum: ClosedRange<Int>? = nil
  ) throws {
    parameters = PerParameter(try fit.parameters.map { ($0.name, try parameter($0.name).map { Interval($0) }) })
    survival = try lengths.compactMap { n in
      let value = fit.logSurvival(n)
      guard value.isFinite else { return nil }
      let interval = try logSurvival(n)
      return .init(n: n, logSurvival: value, lower: interval?.lowerBound, upper: interval?.upperBound)
    }
    self.minimum = minimum
  }
}
