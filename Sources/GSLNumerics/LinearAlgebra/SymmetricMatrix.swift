@preconcurrency internal import CGSL
import RealModule

/// A symmetric matrix of small dimension, such as an information or covariance matrix of fitted parameters.
public struct SymmetricMatrix: Sendable, Equatable {
  /// The number of rows.
  public let dimension: Int
  private var elements: [Double]

  /// The zero matrix.
  public init(dimension: Int) {
    self.dimension = dimension
    elements = Array(repeating: 0, count: dimension * dimension)
  }

  /// The element in row i, column j; setting it sets its mirror image too.
  public subscript(i: Int, j: Int) -> Double {
    get { elements[i * dimension + j] }
    set {
      elements[i * dimension + j] = newValue
      elements[j * dimension + i] = newValue
    }
  }

  /// The diagonal, e.g. the variances in a covariance matrix.
  public var diagonal: [Double] {
    (0..<dimension).map { self[$0, $0] }
  }

  /// The inverse, by Cholesky decomposition of the matrix scaled to unit diagonal; nil unless positive definite.
  public func inverse() -> SymmetricMatrix? {
    guard dimension > 0, elements.allSatisfy(\.isFinite), diagonal.allSatisfy({ $0 > 0 }) else { return nil }
    _ = GSLRuntime.ready
    guard let matrix = gsl_matrix_alloc(dimension, dimension) else { return nil }
    defer { gsl_matrix_free(matrix) }
    // Parameters differ by many orders of magnitude; scaled, the decomposition sees only their correlations.
    let scale = diagonal.map { 1 / $0.squareRoot() }
    for i in 0..<dimension {
      for j in 0..<dimension { gsl_matrix_set(matrix, i, j, self[i, j] * scale[i] * scale[j]) }
    }
    guard gsl_linalg_cholesky_decomp1(matrix) == GSLRuntime.success,
      gsl_linalg_cholesky_invert(matrix) == GSLRuntime.success
    else { return nil }
    var result = SymmetricMatrix(dimension: dimension)
    for i in 0..<dimension {
      for j in 0...i { result[i, j] = gsl_matrix_get(matrix, i, j) * scale[i] * scale[j] }
    }
    return result.elements.allSatisfy(\.isFinite) ? result : nil
  }

  /// The inverse after adding the smallest multiple 10⁻³, 10⁻², … of the largest diagonal element to the diagonal that
  /// makes the matrix positive definite; nil when its elements are not finite.
  package func positiveDefiniteInverse() -> SymmetricMatrix? {
    let size = diagonal.reduce(0) { max($0, $1.magnitude) }
    for exponent in -3...6 {
      var shifted = self
      for index in 0..<dimension { shifted[index, index] += max(size, 1e-300) * .pow(10, Double(exponent)) }
      if let inverse = shifted.inverse() { return inverse }
    }
    return nil
  }

  /// The direction in which the matrix, scaled to unit diagonal, is smallest, in the units of the unscaled one; nil
  /// unless the diagonal is positive and all is finite.
  public func weakestDirection() -> [Double]? {
    guard dimension > 0, elements.allSatisfy(\.isFinite), diagonal.allSatisfy({ $0 > 0 }) else { return nil }
    _ = GSLRuntime.ready
    guard let matrix = gsl_matrix_alloc(dimension, dimension), let vectors = gsl_matrix_alloc(dimension, dimension),
      let values = gsl_vector_alloc(dimension), let workspace = gsl_eigen_symmv_alloc(dimension)
    else { return nil }
    defer {
      gsl_matrix_free(matrix)
      gsl_matrix_free(vectors)
      gsl_vector_free(values)
      gsl_eigen_symmv_free(workspace)
    }
    let scale = diagonal.map { 1 / $0.squareRoot() }
    for i in 0..<dimension {
      for j in 0..<dimension { gsl_matrix_set(matrix, i, j, self[i, j] * scale[i] * scale[j]) }
    }
    guard gsl_eigen_symmv(matrix, values, vectors, workspace) == GSLRuntime.success else { return nil }
    let smallest = (0..<dimension).min { gsl_vector_get(values, $0) < gsl_vector_get(values, $1) } ?? 0
    return (0..<dimension).map { gsl_matrix_get(vectors, $0, smallest) * scale[$0] }
  }

  /// The product with a vector of `dimension` elements.
  public func multiplied(by vector: [Double]) -> [Double] {
    precondition(vector.count == dimension, "a vector of \(dimension) elements is needed")
    return (0..<dimension).map { i in (0..<dimension).reduce(0) { $0 + self[i, $1] * vector[$1] } }
  }

  /// The matrix times a number.
  public func scaled(by factor: Double) -> SymmetricMatrix {
    var result = self
    for index in result.elements.indices { result.elements[index] *= factor }
    return result
  }

  /// A S Aᵀ for a transformation given by its rows, e.g. the covariance of transformed parameters.
  public func transformed(by rows: [[Double]]) -> SymmetricMatrix {
    var result = SymmetricMatrix(dimension: rows.count)
    let images = rows.map { multiplied(by: $0) }
    for i in rows.indices {
      for j in 0...i { result[i, j] = zip(rows[j], images[i]).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    return result
  }
}
