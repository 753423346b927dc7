import GSLNumerics
import RealModule

/// Membership from several models that were trained with a record or without it.
public enum LikelihoodRatioAttack {
  /// The logit of the geometric mean of the tokens' probabilities: ln(q/(1 - q)), ln q = mean ln p; what is taken as
  /// normal over models.
  public static func statistic(_ logProbabilities: [Double]) -> Double {
    let mean = -Likelihood.loss(logProbabilities)
    return mean - .log(-.expMinusOne(mean))
  }

  /// LiRA without models trained on the record: ln P(a model trained without it has a smaller statistic) under a normal
  /// law with their mean and standard deviation (Carlini et al., arXiv 2112.03570, equation 4).
  ///
  /// - Returns: nil with fewer than two models, or where all agree.
  public static func offline(_ statistic: Double, without: [Double]) -> Double? {
    guard let law = Normal(without) else { return nil }
    return logNormalUpperTail(-(statistic - law.mean) / law.deviation)
  }

  /// LiRA: the logarithm of the ratio of the two normal densities (arXiv 2112.03570, algorithm 1).
  ///
  /// - Returns: nil with fewer than two models of a kind, or where all of a kind agree.
  public static func online(_ statistic: Double, with: [Double], without: [Double]) -> Double? {
    guard let a = Normal(with), let b = Normal(without) else { return nil }
    return a.logDensity(statistic) - b.logDensity(statistic)
  }

  private struct Normal {
    let mean: Double
    let deviation: Double

    init?(_ values: [Double]) {
      guard values.count >= 2, values.allSatisfy(\.isFinite) else { return nil }
      let mean = values.reduce(0, +) / Double(values.count)
      let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      guard sum > 0 else { return nil }
      (self.mean, deviation) = (mean, (sum / Double(values.count - 1)).squareRoot())
    }

    /// Without the constant, which cancels.
    func logDensity(_ value: Double) -> Double {
      let z = (value - mean) / deviation
      return -0.5 * z * z - .log(deviation)
    }
  }
}

/// RMIA: the share of other texts that gain less from training (Zarifzadeh, Liu, Shokri, arXiv 2312.03262, equation 3).
public enum RobustMembership {
  /// The share of the population z with [p(x)/p_ref(x)] / [p(z)/p_ref(z)] >= γ, p the geometric mean of the tokens'
  /// probabilities.
  ///
  /// - Parameters:
  ///   - gain: The mean of ln p(x) - ln p_ref(x) a token.
  ///   - population: The same of texts that are no members.
  ///   - gamma: γ >= 1.
  /// - Precondition: The population is not empty.
  public static func score(gain: Double, population: [Double], gamma: Double = 2) -> Double {
    precondition(!population.isEmpty, "no population")
    return Double(population.count { gain - $0 >= .log(gamma) }) / Double(population.count)
  }
}
