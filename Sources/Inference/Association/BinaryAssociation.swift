import GSLNumerics
import RealModule

/// How much two binary variables tell of each other, from a table of counts.
public struct BinaryAssociation: Sendable, Equatable {
  /// Observations.
  public let count: Int
  /// The mutual information H(X) - H(X|Y) of the shares in the table, in nats.
  public let mutualInformation: Double
  /// The same with Miller and Madow's correction of each entropy, (cells in use - 1)/2n; may be negative.
  public let corrected: Double
  /// P of as much mutual information or more when the one variable's values are permuted: the sum of the hypergeometric
  /// probabilities of the tables with the same margins, not a simulation.
  public let pValue: Double

  /// The association in a table.
  ///
  /// - Parameters:
  ///   - both: Observations with both.
  ///   - first: With the first only.
  ///   - second: With the second only.
  ///   - neither: With neither.
  /// - Returns: nil without observations.
  /// - Precondition: Counts are 0 or more.
  /// - Complexity: O(smallest margin).
  public init?(both: Int, first: Int, second: Int, neither: Int) {
    precondition(min(both, first, second, neither) >= 0, "negative counts")
    count = both + first + second + neither
    guard count > 0 else { return nil }
    let margins = (x: both + first, y: both + second)
    let observed = Self.information(both, margins, count)
    mutualInformation = observed
    let cells = [both, first, second, neither].count { $0 > 0 }
    let rows = (margins.x > 0 ? 1 : 0) + (margins.x < count ? 1 : 0)
    let columns = (margins.y > 0 ? 1 : 0) + (margins.y < count ? 1 : 0)
    corrected = observed + Double(rows + columns - cells - 1) / (2 * Double(count))
    var sum = CompensatedSum()
    let smallest = max(0, margins.x + margins.y - count)
    let largest = min(margins.x, margins.y)
    let total = logChoose(count, margins.y)
    for cell in smallest...largest where Self.information(cell, margins, count) >= observed * (1 - 1e-9) - 1e-15 {
      sum.add(.exp(logChoose(margins.x, cell) + logChoose(count - margins.x, margins.y - cell) - total))
    }
    pValue = min(1, sum.value)
  }

  private static func information(_ both: Int, _ margins: (x: Int, y: Int), _ count: Int) -> Double {
    let n = Double(count)
    func term(_ cell: Int, _ row: Int, _ column: Int) -> Double {
      cell == 0 ? 0 : Double(cell) / n * .log(Double(cell) * n / (Double(row) * Double(column)))
    }
    let (x, y) = margins
    let sum =
      term(both, x, y) + term(x - both, x, count - y) + term(y - both, count - x, y)
      + term(count - x - y + both, count - x, count - y)
    return max(0, sum)
  }
}

private func logChoose(_ n: Int, _ k: Int) -> Double {
  .logGamma(Double(n + 1)) - .logGamma(Double(k + 1)) - .logGamma(Double(n - k + 1))
}
