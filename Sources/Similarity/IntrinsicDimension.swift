import GSLNumerics
import RealModule

/// In how many directions the vectors around a vector lie, from the distances T_1 <= … <= T_k of its nearest neighbors.
public enum IntrinsicDimension {
  /// Levina and Bickel's estimate of each vector, (k - 2) / Σ_{j < k} ln(T_k / T_j), unbiased for a Poisson process
  /// (NIPS 17, 2005).
  ///
  /// - Parameter distances: Of one vector, from the nearest on; k is their number.
  /// - Returns: nil for fewer than three distances, where the nearest is a copy of the vector, or where all are equally
  ///   far.
  public static func levinaBickel(_ distances: [Double]) -> Double? {
    guard distances.count >= 3, let sum = logarithms(distances) else { return nil }
    return Double(distances.count - 2) / sum
  }

  /// One number for all vectors: the harmonic mean of (k - 1) / Σ_{j < k} ln(T_k / T_j) (MacKay and Ghahramani, 2005),
  /// over the vectors that have an estimate.
  public static func levinaBickel(ofAll distances: [[Double]]) -> Double? {
    let inverses = distances.compactMap { distances in
      distances.count >= 3 ? logarithms(distances).map { $0 / Double(distances.count - 1) } : nil
    }
    let sum = inverses.reduce(0, +)
    return sum > 0 ? Double(inverses.count) / sum : nil
  }

  /// (M - 1) / Σ ln(T_2 / T_1), the unbiased form of TwoNN (Facco et al., Scientific Reports 7, 2017), over the M
  /// vectors that are no copies.
  public static func twoNearest(_ distances: [[Double]]) -> Double? {
    let ratios = distances.filter { $0.count >= 2 && $0[0] > 0 }.map { Double.log($0[1] / $0[0]) }
    let sum = ratios.reduce(0, +)
    return ratios.count >= 2 && sum > 0 ? Double(ratios.count - 1) / sum : nil
  }

  private static func logarithms(_ distances: [Double]) -> Double? {
    guard let first = distances.first, let last = distances.last, first > 0 else { return nil }
    let sum = distances.dropLast().reduce(0) { $0 + .log(last / $1) }
    return sum > 0 ? sum : nil
  }
}
