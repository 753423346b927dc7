import GSLNumerics
import RealModule

/// Spearman's correlation of two lists with what others explain taken out of both: Pearson's correlation of the
/// residuals of their ranks after least squares on the ranks of the covariates.
public struct PartialRankCorrelation: Sendable, Equatable {
  /// The coefficient, -1 to 1.
  public let value: Double
  /// P of one as far from 0 or farther, by permuting the first list's residuals (Freedman and Lane, JBES 1, 1983).
  /// Coefficients are compared in units of their standard errors, since residuals of ranks vary more in some places
  /// than in others (DiCiccio and Romano, JASA 112, 2017).
  public let pValue: Double

  /// Correlates two lists.
  ///
  /// - Parameters:
  ///   - x: One list, whose residuals are permuted.
  ///   - y: The other.
  ///   - covariates: Lists as long as these; what they add to those before may be nothing.
  ///   - permutations: 199 at least; fewer where together they would take more than some seconds.
  ///   - seed: The seed of the permutations.
  /// - Returns: nil for a NaN, or where a list has nothing that the covariates do not explain.
  /// - Precondition: All lists have the same length.
  /// - Complexity: O(n log n + n covariates permutations).
  public init?(
    _ x: [Double], _ y: [Double], given covariates: [[Double]] = [], permutations: Int = 9999, seed: UInt64 = 0
  ) {
    let lists = [x, y] + covariates
    precondition(lists.allSatisfy { $0.count == x.count }, "lists of unequal lengths")
    guard x.count >= 3, !lists.contains(where: { $0.contains(where: \.isNaN) }) else { return nil }
    let center = 0.5 * Double(x.count + 1)
    let centerd = lists.map { ranks($0).map { $0 - center } }
    var basis: [[Double]] = []
    for covariate in centerd.dropFirst(2) {
      if let direction = Self.residual(of: covariate, basis) { basis.append(direction) }
    }
    guard let a = Self.residual(of: centerd[0], basis), let b = Self.residual(of: centerd[1], basis) else { return nil }
    let observed = max(-1, min(1, Self.product(a, b)))
    value = observed
    let statistic = Self.studentized(a, b).magnitude
    var generator = SeededGenerator(seed: seed)
    let made = max(199, min(permutations, 200_000_000 / (x.count * (basis.count + 1))))
    var asExtreme = 0
    var permuted = a
    for _ in 0..<made {
      permuted.shuffle(using: &generator)
      guard let fresh = basis.isEmpty ? permuted : Self.residual(of: permuted, basis) else { continue }
      if Self.studentized(fresh, b).magnitude >= statistic * (1 - 1e-12) { asExtreme += 1 }
    }
    pValue = Double(asExtreme + 1) / Double(made + 1)
  }

  /// The coefficient of lists of length 1, in units of its standard error where they may vary together: r/√(n Σ a² b²).
  private static func studentized(_ a: [Double], _ b: [Double]) -> Double {
    var (sum, squares) = (0.0, 0.0)
    for index in a.indices {
      let term = a[index] * b[index]
      sum += term
      squares += term * term
    }
    return squares > 0 ? sum / (Double(a.count) * squares).squareRoot() : 0
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// What is left of a list beside an orthonormal basis, at length 1; nil where that is rounding. Twice is enough
  /// (Parlett, *The Symmetric Eigenvalue Problem*, 6.9).
  private static func residual(of values: [Double], _ basis: [[Double]]) -> [Double]? {
    var rest = values
    let size = product(values, values).squareRoot()
    for _ in 0..<2 {
      for direction in basis {
        let share = product(rest, direction)
        for index in rest.indices { rest[index] -= share * direction[index] }
      }
    }
    let length = product(rest, rest).squareRoot()
    guard length > 1e-10 * size, length > 0 else { return nil }
    return rest.map { $0 / length }
  }
}
