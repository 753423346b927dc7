import RealModule

/// The two-sample Kolmogorov–Smirnov test: whether two samples are from one law.
public struct KolmogorovSmirnovTest: Sendable, Equatable {
  /// Products of the sample sizes up to which the p-value is exact.
  public static let exactLimit = 200_000_000

  /// The largest distance between the empirical distribution functions.
  public let statistic: Double
  /// P of a distance as large or larger. With ties it is an upper bound.
  public let pValue: Double
  /// Whether the p-value was counted, not approximated.
  public let isExact: Bool

  /// Compares samples.
  ///
  /// The exact p-value is the share of lattice paths that come as far from the diagonal, a sum of positive terms;
  /// otherwise it is Kolmogorov's limit at D (√N + 0.12 + 0.11/√N), N = nm/(n + m) (Stephens, JRSS B 32, 1970).
  ///
  /// - Returns: nil where a sample is empty or with a NaN.
  /// - Complexity: O(n log n), and O(nm) for the exact p-value.
  public init?(_ x: [Double], _ y: [Double]) {
    guard !x.isEmpty, !y.isEmpty, !(x + y).contains(where: \.isNaN) else { return nil }
    let (x, y) = (x.sorted(), y.sorted())
    // Differences of the distribution functions, times nm: whole numbers.
    var (i, j, largest) = (0, 0, 0)
    while i < x.count, j < y.count {
      let value = min(x[i], y[j])
      while i < x.count, x[i] == value { i += 1 }
      while j < y.count, y[j] == value { j += 1 }
      largest = max(largest, abs(i * y.count - j * x.count))
    }
    let product = Double(x.count) * Double(y.count)
    statistic = Double(largest) / product
    isExact = product <= Double(Self.exactLimit)
    let root = (product / Double(x.count + y.count)).squareRoot()
    pValue =
      isExact
      ? Self.exact(x.count, y.count, largest)
      : Self.limit(statistic * (root + 0.12 + 0.11 / root))
  }

  /// The probability that a path from (0, 0) to (n, m), all of them alike, meets |i m - j n| >= d. The last step to (i,
  /// j) was from (i - 1, j) with probability i/(i + j).
  private static func exact(_ n: Int, _ m: Int, _ distance: Int) -> Double {
    guard distance > 0 else { return 1 }
    var met = (0...m).map { $0 * n >= distance ? 1.0 : 0 }
    // A path along an edge is one: once it has met the bound it stays so.
    for i in 1...n {
      met[0] = i * m >= distance ? 1 : 0
      for j in 1...m {
        met[j] =
          abs(i * m - j * n) >= distance ? 1 : (Double(i) * met[j] + Double(j) * met[j - 1]) / Double(i + j)
      }
    }
    return met[m]
  }

  /// P(K > λ) = 2 Σ (-1)^(k-1) exp(-2 k² λ²); for small λ through the other of Jacobi's forms, where the first
  /// converges slowly.
  static func limit(_ lambda: Double) -> Double {
    if lambda < 0.2 { return 1 }
    if lambda < 1 {
      let unit: Double = .pi * .pi / (8 * lambda * lambda)
      var sum = 0.0
      for k in stride(from: 19.0, through: 1, by: -2) { sum += .exp(-k * k * unit) }
      return 1 - .sqrt(2 * .pi) / lambda * sum
    }
    var sum = 0.0
    for k in stride(from: 10.0, through: 1, by: -1) {
      let term = 2 * Double.exp(-2 * k * k * lambda * lambda)
      sum = term - sum
    }
    return sum
  }
}
