import GSLNumerics
import TestSupport
import Testing

@Suite struct SymmetricMatrixTests {
  /// The Hilbert matrix of order 3 scaled over 20 orders of magnitude; its inverse has integer elements.
  @Test func inverseOfABadlyScaledMatrix() throws {
    let scale = [1e-10, 1, 1e10]
    var matrix = SymmetricMatrix(dimension: 3)
    for i in 0..<3 {
      for j in 0...i { matrix[i, j] = scale[i] * scale[j] / Double(i + j + 1) }
    }
    let inverse = try #require(matrix.inverse())
    let expected = [[9.0, -36, 30], [-36, 192, -180], [30, -180, 180]]
    for i in 0..<3 {
      for j in 0..<3 { expectClose(inverse[i, j] * scale[i] * scale[j], expected[i][j], relative: 1e-11) }
    }
  }

  @Test func matricesThatAreNotPositiveDefiniteHaveNoInverse() {
    var indefinite = SymmetricMatrix(dimension: 2)
    indefinite[0, 0] = 1
    indefinite[1, 1] = 1
    indefinite[0, 1] = 2
    #expect(indefinite.inverse() == nil)
    indefinite[0, 1] = .nan
    #expect(indefinite.inverse() == nil)
    #expect(SymmetricMatrix(dimension: 0).inverse() == nil)
  }

  @Test func productsAndTransformations() {
    var matrix = SymmetricMatrix(dimension: 2)
    matrix[0, 0] = 2
    matrix[0, 1] = 1
    matrix[1, 1] = 3
    #expect(matrix.multiplied(by: [1, -1]) == [1, -2])
    let image = matrix.transformed(by: [[1, 1]])
    #expect(image[0, 0] == 7)
    #expect(matrix.scaled(by: 2).diagonal == [4, 6])
  }
}
