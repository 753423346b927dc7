import Inference
import MemorizationMetrics

/// A metric's values, turned round where it falls with memorization, and their ranks.
struct RankedColumn {
  let name: String
  /// NaN where there is none: there may be many columns of many records.
  private let values: [Double]
  private let isKnown: [Bool]
  /// Ranks of the known values about their mean, of length 1; nil where all are equal.
  private let direction: [Double]?

  init(_ column: MetricColumn, _ values: [Double?]) {
    name = column.name
    self.values = values.map { value in value.map(column.oriented) ?? .nan }
    isKnown = self.values.map { !$0.isNaN }
    let ranks = ranks(self.values.filter { !$0.isNaN })
    let mean = 0.5 * Double(ranks.count + 1)
    let size = ranks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    direction = size > 0 ? ranks.map { ($0 - mean) / size } : nil
  }

  /// Spearman's ρ over the records that have both.
  func spearman(_ other: RankedColumn) -> Double? {
    guard isKnown == other.isKnown else {
      let pairs = zip(values, other.values).filter { !$0.0.isNaN && !$0.1.isNaN }
      return RankCorrelation.spearman(pairs.map(\.0), pairs.map(\.1))?.value
    }
    guard let direction, let others = other.direction else { return nil }
    return max(-1, min(1, zip(direction, others).reduce(0) { $0 + $1.0 * $1.1 }))
  }
}
