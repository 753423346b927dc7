import Foundation
import GSLNumerics
import RealModule
import Similarity
import TestSupport
import Testing

/// Against numpy, scikit-learn and scikit-dimension (References/make_similarity.py).
@Suite struct SimilarityTests {
  private struct Cases: Decodable {
    struct Embeddings: Decodable {
      let vectors: [[Double]]
      let meanCosine: Double
      let k: Int
      let knnSimilarity: [Double]
      let levinaBickel: [Double]?
      let levinaBickelMean: Double?
      let twoNn: Double
    }
    struct Duplicates: Decodable {
      let vectors: [[Double]]
      let meanCosine: Double
    }
    struct Terms: Decodable {
      let documents: [[Int]]
      let cosine: [[Double]]
    }
    struct Gap: Decodable {
      let prefix: [[Double]]
      let full: [[Double]]
      let delta: Double
    }
    let embeddings: [Embeddings]
    let duplicates: [Duplicates]
    let tfidf: [Terms]
    let gap: [Gap]
  }
  private let cases: Cases

  init() throws { cases = try reference("similarity.json", in: .module) }

  @Test func embeddings() async throws {
    #expect(cases.embeddings.count >= 50)
    for entry in cases.embeddings {
      let vectors = try DenseVectors(entry.vectors)
      expectClose(try #require(vectors.meanCosine), entry.meanCosine, relative: 1e-11, absolute: 1e-14)
      let own = vectors.meanCosines
      expectClose(own.reduce(0, +) / Double(own.count), entry.meanCosine, relative: 1e-11, absolute: 1e-14)
      let neighbors = try await vectors.neighbors(entry.k, threads: 2)
      for (found, similarity) in zip(neighbors, entry.knnSimilarity) {
        expectClose(
          found.reduce(0) { $0 + $1.cosine } / Double(found.count), similarity, relative: 1e-11, absolute: 1e-13)
      }
      let distances = neighbors.map { $0.map(\.distance) }
      for (found, dimension) in zip(distances, entry.levinaBickel ?? []) {
        expectClose(try #require(IntrinsicDimension.levinaBickel(found)), dimension, relative: 1e-9)
      }
      if let mean = entry.levinaBickelMean {
        expectClose(try #require(IntrinsicDimension.levinaBickel(ofAll: distances)), mean, relative: 1e-9)
      }
      expectClose(try #require(IntrinsicDimension.twoNearest(distances)), entry.twoNn, relative: 1e-9)
    }
    for entry in cases.duplicates {
      let vectors = try DenseVectors(entry.vectors)
      expectClose(try #require(vectors.meanCosine), entry.meanCosine, relative: 1e-11, absolute: 1e-14)
      // A copy has no distance, and its logarithm is left out.
      let distances = try await vectors.neighbors(3).map { $0.map(\.distance) }
      #expect(distances.contains { IntrinsicDimension.levinaBickel($0) == nil })
    }
  }

  @Test func gap() throws {
    #expect(cases.gap.count >= 10)
    for entry in cases.gap {
      let full = try #require(DenseVectors(entry.full).meanCosine)
      let prefix = try #require(DenseVectors(entry.prefix).meanCosine)
      expectClose(full - prefix, entry.delta, relative: 1e-11, absolute: 1e-13)
    }
  }

  @Test func termVectors() async throws {
    #expect(cases.tfidf.count >= 20)
    for entry in cases.tfidf {
      let vectors = TermVectors(entry.documents)
      let count = entry.documents.count
      for i in 0..<count {
        for j in 0..<count where i != j {
          expectClose(vectors.cosine(i, j), entry.cosine[i][j], relative: 1e-12, absolute: 1e-14)
        }
      }
      let pairs = (0..<count).flatMap { i in (0..<count).filter { $0 != i }.map { entry.cosine[i][$0] } }
      if count >= 2 {
        expectClose(
          try #require(vectors.meanCosine), pairs.reduce(0, +) / Double(pairs.count), relative: 1e-11, absolute: 1e-14)
      }
      for (i, found) in try await vectors.neighbors(3, threads: 2).enumerated() {
        let expected = (0..<count).filter { $0 != i }.map { entry.cosine[i][$0] }.sorted(by: >).prefix(3)
        #expect(found.count == expected.count)
        for (neighbor, cosine) in zip(found, expected) {
          expectClose(neighbor.cosine, cosine, relative: 1e-12, absolute: 1e-14)
          expectClose(neighbor.distance * neighbor.distance, 2 - 2 * cosine, relative: 1e-9, absolute: 1e-12)
        }
      }
    }
  }

  /// Against all pairs in double precision, past the size of a block, with copies, on any number of threads.
  @Test func manyNeighbors() async throws {
    var generator = SeededGenerator(seed: 4)
    var rows = (0..<700).map { _ in (0..<13).map { _ in generator.normal() } }
    for index in 0..<20 { rows[600 + index] = rows[index] }
    let vectors = try DenseVectors(rows)
    let found = try await vectors.neighbors(7, threads: 3)
    #expect(try await vectors.neighbors(7, threads: 1) == found)
    let units = rows.map { row in
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / length }
    }
    for (index, neighbors) in found.enumerated() {
      let cosines = units.indices.filter { $0 != index }.map { other in
        zip(units[index], units[other]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      for (neighbor, cosine) in zip(neighbors, cosines.sorted(by: >)) {
        expectClose(neighbor.cosine, cosine, relative: 1e-12, absolute: 1e-13)
      }
    }
  }

  @Test func edges() async throws {
    #expect(try DenseVectors([]).meanCosine == nil)
    #expect(try await DenseVectors([[1, 2]]).neighbors(3) == [[]])
    #expect(try DenseVectors([[0, 0], [1, 0]]).meanCosine == 0)
    expectClose(try #require(DenseVectors([[1e200, 0], [3e200, 4e200]]).meanCosine), 0.6)
    #expect(throws: VectorError.dimension(index: 1, found: 1, expected: 2)) { try DenseVectors([[1, 2], [1]]) }
    // A copy but for 3e-9, which cosines cannot see, comes after an exact copy.
    let arc = (0..<12).map { [Double.cos(Double($0) / 7), .sin(Double($0) / 7), 0.1] }
    let near = arc + [arc[3], [arc[3][0] + 3e-9, arc[3][1], 0.1]]
    for scale in [1, 1.37] {
      let vectors = try DenseVectors(near.map { $0.map { scale * $0 } })
      let distances = try await vectors.neighbors(4).map { $0.map(\.distance) }
      #expect(distances.allSatisfy { $0 == $0.sorted() })
      #expect(try #require(IntrinsicDimension.levinaBickel(ofAll: distances)) > 0.1)
    }
    #expect(throws: VectorError.notFinite(index: 0)) { try DenseVectors([[.infinity, 2]]) }
    #expect(TermVectors([[], [1]]).cosine(0, 1) == 0 && TermVectors([]).meanCosine == nil)
    #expect(IntrinsicDimension.twoNearest([]) == nil && IntrinsicDimension.levinaBickel([1, 1, 1]) == nil)
  }
}
