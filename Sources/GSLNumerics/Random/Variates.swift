import RealModule

extension RandomNumberGenerator {
  /// A uniform variate in (0, 1]: never 0, so that its logarithm is finite.
  package mutating func uniform() -> Double {
    Double((next() >> 11) + 1) * 0x1p-53
  }

  /// A standard normal variate, by Marsaglia's polar method.
  package mutating func normal() -> Double {
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let square = u * u + v * v
      if square > 0, square < 1 { return u * .sqrt(-2 * .log(square) / square) }
    }
  }

  /// The logarithm of a Gamma(shape, 1) variate (Marsaglia and Tsang, ACM TOMS 26, 2000).
  ///
  /// In logarithms because a shape of 0.001 puts most of the law below the smallest Double.
  package mutating func logGammaVariate(shape: Double) -> Double {
    if shape < 1 {
      let boost = Double.log(uniform()) / shape
      return logGammaVariate(shape: shape + 1) + boost
    }
    let d = shape - 1.0 / 3
    let c = 1 / Double.sqrt(9 * d)
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if .log(uniform()) < 0.5 * x * x + d * (1 - v + .log(v)) { return .log(d) + .log(v) }
    }
  }

  /// ln X for X ~ Beta(a, b): exact near 0 and near 1 alike.
  package mutating func logBetaVariate(_ a: Double, _ b: Double) -> Double {
    let x = logGammaVariate(shape: a)
    let y = logGammaVariate(shape: b)
    // ln(e^x / (e^x + e^y)), as log1p of the odds so that X near 1 keeps the digits of 1 - X.
    return y < x ? -.log(onePlus: .exp(y - x)) : (x - y) - .log(onePlus: .exp(x - y))
  }

  /// A draw from the binomial law of n trials with probability p.
  ///
  /// While n is large, the median order statistic of the trials' uniforms splits them in two (Devroye, *Non-Uniform
  /// Random Variate Generation*, X.4.4): O(log n) beta variates. The few successes that remain are counted by
  /// inversion.
  package mutating func binomial(_ n: Int, _ p: Double) -> Int {
    guard n > 0, p > 0 else { return 0 }
    if p >= 1 { return n }
    if p > 0.5 { return n - binomial(n, 1 - p) }
    var trials = n
    var probability = p
    var successes = 0
    while Double(trials) * min(probability, 1 - probability) > 16 {
      let rank = trials / 2 + 1
      let median = Double.exp(logBetaVariate(Double(rank), Double(trials + 1 - rank)))
      if median <= probability {
        successes += rank
        probability = (probability - median) / (1 - median)
        trials -= rank
      } else {
        probability /= median
        trials = rank - 1
      }
    }
    guard trials > 0, probability > 0 else { return successes }
    guard probability < 1 else { return successes + trials }
    let isFlipped = probability > 0.5
    let rare = isFlipped ? 1 - probability : probability
    var mass = Double.exp(Double(trials) * .log(onePlus: -rare))
    var u = uniform()
    var count = 0
    while u > mass, count < trials {
      u -= mass
      count += 1
      mass *= Double(trials - count + 1) / Double(count) * (rare / (1 - rare))
    }
    return successes + (isFlipped ? trials - count : count)
  }
}
