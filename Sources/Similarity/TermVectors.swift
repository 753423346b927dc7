import GSLNumerics
import RealModule

/// TF–IDF vectors of token lists: counts times ln((1 + M)/(1 + documents with the token)) + 1, brought to length 1 (the
/// smoothed form, Manning, Raghavan and Schütze, *Introduction to Information Retrieval*, 6.2). What stands in for
/// embeddings where there are none.
public struct TermVectors: VectorSet {
  /// The tokens of each list, by number, and their weights.
  private let rows: [[(term: Int32, weight: Double)]]
  private let termCount: Int

  /// The number of vectors.
  public var count: Int { rows.count }

  /// - Complexity: O(tokens log tokens).
  public init(_ documents: [[Int]]) {
    var numbers: [Int: Int32] = [:]
    var frequencies: [Int] = []
    let counts = documents.map { document -> [Int32: Int] in
      var counts: [Int32: Int] = [:]
      for token in document {
        let number = numbers[token] ?? Int32(numbers.count)
        numbers[token] = number
        counts[number, default: 0] += 1
      }
      while frequencies.count < numbers.count { frequencies.append(0) }
      for term in counts.keys { frequencies[Int(term)] += 1 }
      return counts
    }
    let total = Double(1 + documents.count)
    rows = counts.map { counts in
      let row = counts.sorted { $0.key < $1.key }.map { term, count in
        (term: term, weight: Double(count) * (.log(total / Double(1 + frequencies[Int(term)])) + 1))
      }
      let length = row.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot()
      return row.map { ($0.term, $0.weight / length) }
    }
    termCount = numbers.count
  }

  public var zeros: Int { rows.count { $0.isEmpty } }

  public var meanCosines: [Double] {
    var total = [CompensatedSum](repeating: CompensatedSum(), count: termCount)
    for row in rows {
      for (term, weight) in row { total[Int(term)].add(weight) }
    }
    let sums = total.map(\.value)
    return rows.map { row in
      row.reduce(0) { $0 + $1.weight * (sums[Int($1.term)] - $1.weight) } / Double(count - 1)
    }
  }

  /// The cosine of two vectors.
  public func cosine(_ a: Int, _ b: Int) -> Double {
    var (i, j, sum) = (0, 0, 0.0)
    while i < rows[a].count, j < rows[b].count {
      let (x, y) = (rows[a][i], rows[b][j])
      if x.term == y.term { sum += x.weight * y.weight }
      if x.term <= y.term { i += 1 }
      if y.term <= x.term { j += 1 }
    }
    return max(-1, min(1, sum))
  }

  /// - Complexity: O(Σ f²) for tokens that f documents have.
  public func neighbors(_ k: Int, threads: Int = 1) async throws -> [[Neighbor]] {
    let wanted = min(max(0, k), max(0, count - 1))
    guard wanted > 0 else { return Array(repeating: [], count: count) }
    var postings = [[(row: Int32, weight: Double)]](repeating: [], count: termCount)
    for (index, row) in rows.enumerated() {
      for (term, weight) in row { postings[Int(term)].append((Int32(index), weight)) }
    }
    let lists = postings
    // Some rows at a time share one list of sums.
    let parts = min(count, 64)
    let found = try await inParallel(0..<parts, threads: threads) { part in
      var sums = [Double](repeating: 0, count: count)
      return try (part * count / parts..<(part + 1) * count / parts).map { index in
        try Task.checkCancellation()
        for position in sums.indices { sums[position] = 0 }
        for (term, weight) in rows[index] {
          for (row, other) in lists[Int(term)] { sums[Int(row)] += weight * other }
        }
        var nearest: [(index: Int, cosine: Double)] = []
        for (other, cosine) in sums.enumerated() where other != index {
          if nearest.count == wanted, cosine <= nearest[wanted - 1].cosine { continue }
          let place = nearest.firstIndex { $0.cosine < cosine } ?? nearest.count
          nearest.insert((other, cosine), at: place)
          if nearest.count > wanted { nearest.removeLast() }
        }
        return nearest.map { neighbor in
          Neighbor(
            index: neighbor.index, cosine: max(-1, min(1, neighbor.cosine)),
            distance: distance(index, neighbor.index))
        }
      }
    }
    return found.flatMap(\.self)
  }

  private func distance(_ a: Int, _ b: Int) -> Double {
    var (i, j, sum) = (0, 0, 0.0)
    while i < rows[a].count || j < rows[b].count {
      let x = i < rows[a].count ? rows[a][i] : (term: Int32.max, weight: 0)
      let y = j < rows[b].count ? rows[b][j] : (term: Int32.max, weight: 0)
      let difference = (x.term <= y.term ? x.weight : 0) - (y.term <= x.term ? y.weight : 0)
      sum += difference * difference
      if x.term <= y.term { i += 1 }
      if y.term <= x.term { j += 1 }
    }
    return sum.squareRoot()
  }
}
