import Foundation
import GSLNumerics

/// Vectors that stand for texts, compared by their cosines.
public protocol VectorSet: Sendable {
  /// The number of vectors.
  var count: Int { get }

  /// The number of vectors that hold only zeros.
  var zeros: Int { get }

  /// The mean cosine of each vector with the others, (u · Σu - ‖u‖²)/(M - 1).
  ///
  /// - Complexity: O(numbers).
  var meanCosines: [Double] { get }

  /// The k vectors with the largest cosines with each, itself left out, from the nearest on; fewer where there are no
  /// more.
  ///
  /// - Throws: `CancellationError`.
  func neighbors(_ k: Int, threads: Int) async throws -> [[Neighbor]]
}

extension VectorSet {
  /// The mean cosine of two different vectors, (‖Σu‖² - Σ‖u‖²)/(M(M - 1)) for unit vectors u (TheModel §9); nil for
  /// fewer than two. A vector of zeros has cosine 0 with all.
  ///
  /// - Complexity: O(numbers), not O(M²).
  public var meanCosine: Double? {
    guard count >= 2 else { return nil }
    var sum = CompensatedSum()
    for cosine in meanCosines { sum.add(cosine) }
    return sum.value / Double(count)
  }
}

/// A vector near another.
public struct Neighbor: Sendable, Equatable {
  /// Its place in the set.
  public let index: Int
  /// The cosine of the angle between the two.
  public let cosine: Double
  /// The distance of the two at length 1.
  public let distance: Double
}

/// What is wrong with vectors.
public enum VectorError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// Vectors of different dimensions.
  case dimension(index: Int, found: Int, expected: Int)
  /// A number that is not finite.
  case notFinite(index: Int)

  public var description: String {
    switch self {
    case .dimension(let index, let found, let expected):
      "vector \(index) has \(found) numbers, and the first \(expected)"
    case .notFinite(let index): "vector \(index) has a number that is not finite"
    }
  }

  public var errorDescription: String? { description }
}
