import RealModule

/// By how much any mixture of geometric laws, of however many parts, can be likelier than a given law.
///
/// Let H = ∫ geometric(p) dH(p) be a mixture, and G a law. Because ln is concave,
///
///     ln L(H) - ln L(G) <= ∫ D(p) dH(p) <= max_p D(p)
///     D(p) = Σ exact(n) (f_p(n) / f_G(n) - 1) + Σ censored(n) (S_p(n) / S_G(n) - 1)
///
/// D is the gradient function of Lindsay (Annals of Statistics 11, 1983). It is nowhere above 0 exactly where G is the
/// likeliest of all mixtures.
///
/// A share at zero is a part with p = 0, one without end a part with p = 1. Lengths from m on
/// have a mixture of the same parts.
struct MixtureBound {
  /// max_p D(p); infinite where the law gives some of the data no probability.
  let largestGain: Double

  private struct Term {
    let length: Double
    let exact: Double
    let censored: Double
  }

  /// The bound for a law conditional on N >= `first`.
  ///
  /// D is computed at p = 0 and 1 and on a grid of mean lengths p/(1 - p) in ratios of 1.05, and each of its tops is
  /// then found to ten digits. D is a sum of functions of the logarithm of the mean that rise and fall over a range of
  /// 1 or more, and has no tops between grid points that are neighbors.
  ///
  /// - Complexity: O(cells) for each of some 600 points.
  init(of law: some DiscreteDistribution, on counts: CensoredCounts, from first: Int) {
    let start = law.logSurvival(first)
    // The weights over the probabilities under G, in logarithms: both may be beyond the range of a Double.
    let terms = counts.cells.map { cell in
      Term(
        length: Double(cell.length - first),
        exact: cell.exact > 0 ? .log(cell.exact) - (law.logMass(cell.length) - start) : -.infinity,
        censored: cell.censored > 0 ? .log(cell.censored) - (law.logSurvival(cell.length) - start) : -.infinity)
    }
    func gain(_ logP: Double, _ logRest: Double) -> Double {
      terms.reduce(-counts.total) { sum, term in
        let power = term.length == 0 ? 0 : term.length * logP
        return sum + .exp(term.exact + power + logRest) + .exp(term.censored + power)
      }
    }
    /// At the logarithm of a mean, the logit of p.
    func gain(_ logMean: Double) -> Double {
      gain(-.log(onePlus: .exp(-logMean)), -.log(onePlus: .exp(logMean)))
    }
    let step = Double.log(1.05)
    let (low, high) = (-14.0, Double.log(Double(max(1, counts.maximum - first))) + 10)
    let grid = (0...Int((high - low) / step)).map { low + Double($0) * step }
    let gains = grid.map { gain($0) }
    var largest = max(gain(-.infinity, 0), gain(0, -.infinity), gains.first ?? 0, gains.last ?? 0)
    for index in gains.indices.dropFirst().dropLast()
    where gains[index] >= gains[index - 1] && gains[index] >= gains[index + 1] {
      largest = max(largest, Self.top(of: gain, between: grid[index - 1], and: grid[index + 1]))
    }
    largestGain = largest.isNaN ? .infinity : largest
  }

  /// The largest value of a function with one top, by the golden section.
  private static func top(of function: (Double) -> Double, between low: Double, and high: Double) -> Double {
    let ratio = 0.6180339887498949
    var (low, high) = (low, high)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (function(left), function(right))
    // At a top values change with the square of the distance.
    while high - low > 1e-6 {
      if atLeft >= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = function(left)
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = function(right)
      }
    }
    return max(atLeft, atRight)
  }
}
