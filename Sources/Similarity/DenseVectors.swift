internal import CVectors
import GSLNumerics
import RealModule

/// Embeddings: vectors of equal dimension, brought to length 1.
public struct DenseVectors: VectorSet {
  /// The number of vectors.
  public let count: Int
  /// The numbers of each vector.
  public let dimension: Int
  /// One after the other, at length 1.
  private let values: [Double]
  /// The same, padded to a multiple of 8 each.
  private let singles: [Float]
  private let isZero: [Bool]
  private var padded: Int { (dimension + 7) / 8 * 8 }

  /// - Throws: ``VectorError``.
  public init(_ vectors: [[Double]]) throws(VectorError) {
    count = vectors.count
    dimension = vectors.first?.count ?? 0
    let padded = (dimension + 7) / 8 * 8
    var values: [Double] = []
    var singles: [Float] = []
    var isZero: [Bool] = []
    values.reserveCapacity(count * dimension)
    singles.reserveCapacity(count * padded)
    for (index, vector) in vectors.enumerated() {
      guard vector.count == dimension else {
        throw .dimension(index: index, found: vector.count, expected: dimension)
      }
      let largest = vector.reduce(0) { max($0, $1.magnitude) }
      guard vector.allSatisfy(\.isFinite) else { throw .notFinite(index: index) }
      // By the largest first: squares of 1e200 are no numbers.
      let scaled = largest > 0 ? vector.map { $0 / largest } : vector
      let length = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let unit = length > 0 ? scaled.map { $0 / length } : scaled
      values += unit
      isZero.append(length == 0)
      singles += unit.map { Float($0) }
      singles += repeatElement(0, count: padded - dimension)
    }
    self.values = values
    self.singles = singles
    self.isZero = isZero
  }

  public var zeros: Int { isZero.count { $0 } }

  public var meanCosines: [Double] {
    var total = [CompensatedSum](repeating: CompensatedSum(), count: dimension)
    for index in values.indices { total[index % dimension].add(values[index]) }
    let sums = total.map(\.value)
    return (0..<count).map { index in
      var product = 0.0
      for k in 0..<dimension {
        let value = values[index * dimension + k]
        product += value * (sums[k] - value)
      }
      return product / Double(count - 1)
    }
  }

  /// Exact: all pairs are compared in single precision, and the k and eight more that come first again in double
  /// precision. Where more than eight others lie within 1e-6 of the k-th without being equal to it, one of them may be
  /// taken in its place.
  ///
  /// - Complexity: O(M² d) for M vectors of d numbers.
  public func neighbors(_ k: Int, threads: Int = 1) async throws -> [[Neighbor]] {
    let wanted = min(max(0, k), max(0, count - 1))
    guard wanted > 0 else { return Array(repeating: [], count: count) }
    let kept = min(wanted + 8, count - 1)
    let side = 192
    let blocks = (count + side - 1) / side
    let tasks = max(1, min(threads, blocks))
    // Each task compares some blocks with those after them, for both sides at once, in lists of its own.
    let lists = try await inParallel(0..<tasks, threads: tasks) { task in
      var nearest = NearestLists(count: count, kept: kept)
      var products = [Float](repeating: 0, count: side * side)
      for first in stride(from: task, to: blocks, by: tasks) {
        try Task.checkCancellation()
        for second in first..<blocks { compare(first, second, side, &products, &nearest) }
      }
      return nearest
    }
    return try await inParallel(0..<count, threads: threads) { index in
      var candidates: [(index: Int, score: Float)] = []
      for list in lists { candidates += list.entries(of: index) }
      candidates.sort { ($0.score, $1.index) > ($1.score, $0.index) }
      let exact = candidates.prefix(kept).map { neighbor(index, $0.index) }
      return Array(exact.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.prefix(wanted))
    }
  }

  private func compare(
    _ first: Int, _ second: Int, _ side: Int, _ products: inout [Float], _ nearest: inout NearestLists
  ) {
    let rows = (first * side)..<min(count, (first + 1) * side)
    let columns = (second * side)..<min(count, (second + 1) * side)
    singles.withUnsafeBufferPointer { singles in
      products.withUnsafeMutableBufferPointer { products in
        guard let values = singles.baseAddress, let target = products.baseAddress else { return }
        dot_products(
          values + rows.lowerBound * padded, rows.count, values + columns.lowerBound * padded, columns.count, padded,
          target)
        nearest.add(rows, columns, UnsafeBufferPointer(start: target, count: rows.count * columns.count))
      }
    }
  }

  private func neighbor(_ a: Int, _ b: Int) -> Neighbor {
    var product = 0.0
    var square = 0.0
    for k in 0..<dimension {
      let (x, y) = (values[a * dimension + k], values[b * dimension + k])
      product += x * y
      // Not from the cosine: near vectors would lose the digits of their distance.
      square += (x - y) * (x - y)
    }
    // Between a vector of zeros and another there is no angle: cosine 0, as far as at a right angle.
    let distance = isZero[a] || isZero[b] ? 2.0.squareRoot() : square.squareRoot()
    return Neighbor(index: b, cosine: max(-1, min(1, product)), distance: distance)
  }
}

/// The largest scores of each vector so far.
private struct NearestLists: Sendable {
  private let kept: Int
  private var scores: [Float]
  private var indices: [Int32]
  /// The smallest score kept, below which nothing is looked at.
  private var thresholds: [Float]

  init(count: Int, kept: Int) {
    self.kept = kept
    scores = Array(repeating: -.infinity, count: count * kept)
    indices = Array(repeating: -1, count: count * kept)
    thresholds = Array(repeating: -.infinity, count: count)
  }

  /// The products of two blocks of vectors; both get theirs.
  mutating func add(_ rows: Range<Int>, _ columns: Range<Int>, _ products: UnsafeBufferPointer<Float>) {
    let isOne = rows.lowerBound == columns.lowerBound
    guard let scores = products.baseAddress else { return }
    for row in rows {
      let start = scores + (row - rows.lowerBound) * columns.count
      var place = 0
      while true {
        place = thresholds.withUnsafeBufferPointer { thresholds in
          guard let ofColumns = thresholds.baseAddress.map({ $0 + columns.lowerBound }) else { return columns.count }
          return first_reaching(start, thresholds[row], ofColumns, place, columns.count)
        }
        guard place < columns.count else { break }
        let (column, score) = (columns.lowerBound + place, start[place])
        place += 1
        guard column != row else { continue }
        if score >= thresholds[row] { insert(score, column, of: row) }
        if !isOne, score >= thresholds[column] { insert(score, row, of: column) }
      }
    }
  }

  /// Lists are in order, of equals the first of the set first: what is kept does not depend on the order in which it
  /// came.
  private mutating func insert(_ score: Float, _ index: Int, of vector: Int) {
    let start = vector * kept
    let end = start + kept - 1
    guard (score, indices[end]) > (scores[end], Int32(index)) || indices[end] < 0 else { return }
    var place = end
    while place > start, indices[place - 1] < 0 || (score, indices[place - 1]) > (scores[place - 1], Int32(index)) {
      scores[place] = scores[place - 1]
      indices[place] = indices[place - 1]
      place -= 1
    }
    scores[place] = score
    indices[place] = Int32(index)
    thresholds[vector] = indices[end] < 0 ? -.infinity : scores[end]
  }

  func entries(of vector: Int) -> [(index: Int, score: Float)] {
    (vector * kept..<(vector + 1) * kept).filter { indices[$0] >= 0 }.map { (Int(indices[$0]), scores[$0]) }
  }
}
