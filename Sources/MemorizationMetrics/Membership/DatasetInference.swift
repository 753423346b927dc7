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
    guard let width = suspects.first?.count, (suspects + others).allSatisfy({ $0.count == width }) else { return nil }
    self.init(suspects: suspects.flatMap(\.self), others: others.flatMap(\.self), width: width, seed: seed)
  }

  /// The same with the scores of all texts one after the other, `width` for each.
  package init?(suspects: [Double], others: [Double], width: Int, seed: UInt64 = 0) {
    guard width > 0, min(suspects.count, others.count) >= 8 * width, suspects.allSatisfy(\.isFinite),
      others.allSatisfy(\.isFinite)
    else { return nil }
    let scores = Scores(width: width, values: suspects + others)
    let texts = (suspects: suspects.count / width, all: scores.values.count / width)
    splits = (0..<25).map { split in
      var generator = SeededGenerator(seed: seed, stream: UInt64(split))
      let a = (0..<texts.suspects).shuffled(using: &generator)
      let b = (texts.suspects..<texts.all).shuffled(using: &generator)
      let sum = WeightedSum(scores, suspects: a[..<(a.count / 2)], others: b[..<(b.count / 2)])
      return Self.welch(
        a[(a.count / 2)...].map { sum.value(scores, $0) }, b[(b.count / 2)...].map { sum.value(scores, $0) })
    }
    pValue = min(1, 2 * splits.sorted()[splits.count / 2])
  }

  /// Scores, a row a text, one after the other.
  private struct Scores {
    let width: Int
    let values: [Double]

    subscript(row: Int, column: Int) -> Double { values[row * width + column] }
  }

  /// A weighted sum of standardized scores that is larger for suspects.
  private struct WeightedSum {
    private var means: [Double] = []
    private var deviations: [Double] = []
    private var weights: [Double] = []

    init(_ scores: Scores, suspects: ArraySlice<Int>, others: ArraySlice<Int>) {
      let width = scores.width
      let rows = suspects + others
      let count = Double(rows.count)
      for column in 0..<width {
        let mean = rows.reduce(0) { $0 + scores[$1, column] } / count
        let variance = rows.reduce(0) { $0 + (scores[$1, column] - mean) * (scores[$1, column] - mean) } / count
        means.append(mean)
        deviations.append(variance > 0 ? variance.squareRoot() : 1)
      }
      var moments = SymmetricMatrix(dimension: width)
      var right = Array(repeating: 0.0, count: width)
      var values = right
      for (index, row) in rows.enumerated() {
        for column in 0..<width { values[column] = standardized(scores[row, column], column) }
        let label = index < suspects.count ? 1 / Double(suspects.count) : -1 / Double(others.count)
        for i in 0..<width {
          right[i] += label * values[i]
          for j in 0...i { moments[i, j] += values[i] * values[j] / count }
        }
      }
      for i in 0..<width { moments[i, i] += 0.1 }
      weights = moments.inverse()?.multiplied(by: right) ?? right
    }

    private func standardized(_ score: Double, _ column: Int) -> Double {
      // What is beyond three deviations would carry the regression.
      max(-3, min(3, (score - means[column]) / deviations[column]))
    }

    func value(_ scores: Scores, _ row: Int) -> Double {
      (0..<scores.width).reduce(0) { $0 + standardized(scores[row, $1], $1) * weights[$1] }
    }
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
