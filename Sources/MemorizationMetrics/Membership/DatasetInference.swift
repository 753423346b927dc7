import GSLNumerics
import RealModule

/// Dataset inference: one p-value for the question whether a set of texts was trained on, from many weak membership
/// scores of it and of a set of the same kind that was not (Maini et al., arXiv 2406.06443).
public struct DatasetInference: Sendable, Equatable {
  /// The p-value: at most 0.05 with probability 0.05 at most where the two sets are alike.
  public let pValue: Double
  /// The p-value of each split.
  public let splits: [Double]

  /// Compares two sets of texts by their scores.
  ///
  /// In each of 25 random halvings weights of the scores are learned on one half of both sets, by ridge regression of
  /// the set on standardized scores; the other halves are compared by Welch's one-sided t-test of the weighted sum.
  /// p-values of halvings are dependent, so twice their median is the p-value, which is valid whatever the dependence
  /// (Rüschendorf, Journal of Applied Probability 19, 1982; Vovk, Wang, arXiv 1212.4966).
  ///
  /// - Parameters:
  ///   - suspects: The scores of each suspect text, as many for each.
  ///   - others: The scores of texts that were not trained on.
  ///   - seed: The seed of the halvings.
  /// - Returns: nil with fewer than eight texts in a set, without scores, or with one that is not finite.
  public init?(suspects: [[Double]], others: [[Double]], seed: UInt64 = 0) {
    let rows = suspects + others
    guard min(suspects.count, others.count) >= 8, let width = rows.first?.count, width > 0,
      rows.allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) })
    else { return nil }
    splits = (0..<25).map { split in
      var generator = SeededGenerator(seed: seed, stream: UInt64(split))
      let (a, b) = (suspects.shuffled(using: &generator), others.shuffled(using: &generator))
      let learning = (Array(a[..<(a.count / 2)]), Array(b[..<(b.count / 2)]))
      let weigh = Self.weights(learning.0, learning.1)
      return Self.welch(a[(a.count / 2)...].map(weigh), b[(b.count / 2)...].map(weigh))
    }
    pValue = min(1, 2 * splits.sorted()[splits.count / 2])
  }

  /// A weighted sum of standardized scores that is larger for suspects.
  private static func weights(_ suspects: [[Double]], _ others: [[Double]]) -> ([Double]) -> Double {
    let rows = suspects + others
    let width = rows[0].count
    let count = Double(rows.count)
    let means = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / count }
    let deviations = (0..<width).map { column in
      let variance = rows.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) } / count
      return variance > 0 ? variance.squareRoot() : 1
    }
    func standardized(_ row: [Double]) -> [Double] {
      // What is beyond three deviations would carry the regression.
      row.indices.map { max(-3, min(3, (row[$0] - means[$0]) / deviations[$0])) }
    }
    var moments = SymmetricMatrix(dimension: width)
    var right = Array(repeating: 0.0, count: width)
    for (index, row) in rows.enumerated() {
      let values = standardized(row)
      let label = index < suspects.count ? 1 / Double(suspects.count) : -1 / Double(others.count)
      for i in 0..<width {
        right[i] += label * values[i]
        for j in 0...i { moments[i, j] += values[i] * values[j] / count }
      }
    }
    for i in 0..<width { moments[i, i] += 0.1 }
    let weights = moments.inverse()?.multiplied(by: right) ?? right
    return { row in zip(standardized(row), weights).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// The one-sided p-value that the first mean is larger.
  private static func welch(_ a: [Double], _ b: [Double]) -> Double {
    func moments(_ values: [Double]) -> (mean: Double, error: Double, freedom: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let freedom = Double(values.count - 1)
      return (mean, sum / freedom / Double(values.count), freedom)
    }
    let (x, y) = (moments(a), moments(b))
    let error = x.error + y.error
    guard error > 0 else { return x.mean > y.mean ? 0 : 1 }
    let freedom = error * error / (x.error * x.error / x.freedom + y.error * y.error / y.freedom)
    return studentLowerTail(-(x.mean - y.mean) / error.squareRoot(), degreesOfFreedom: freedom)
  }
}
