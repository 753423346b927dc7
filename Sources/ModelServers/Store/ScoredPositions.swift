import Foundation
import TokenProcess

/// What is known of one position of a reference.
struct ScoredPosition: Codable, Equatable {
  /// ln p of the reference's token.
  let value: Double
  /// The most probable tokens.
  let top: [Record.Alternative]

  init(value: Double, top: [Record.Alternative]) {
    self.value = value
    self.top = top
  }

  init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    value = try list.decode(Double.self)
    var top: [Record.Alternative] = []
    while !list.isAtEnd {
      top.append(.init(tokenID: try list.decode(Int.self), logProbability: try list.decode(Double.self)))
    }
    self.top = top
  }

  func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    try list.encode(value)
    for token in top {
      try list.encode(token.tokenID)
      try list.encode(token.logProbability)
    }
  }
}

/// Keeps the positions of a passage that takes many requests, so that a run that is cut off loses none of them.
struct ScoredPositions: Sendable {
  let store: CaptureStore
  /// The passage's place in the store.
  let passage: Int

  /// The positions that an earlier run scored, from the first on.
  ///
  /// - Throws: `StoreError`.
  func known() throws -> [ScoredPosition] {
    try store.scoredPositions(of: passage).map { try JSONDecoder().decode(ScoredPosition.self, from: $0) }
  }

  /// Keeps a position; one whose value JSON has not is scored again.
  ///
  /// - Throws: `StoreError`.
  func keep(_ position: ScoredPosition, at index: Int) throws {
    guard position.value.isFinite, position.top.allSatisfy(\.logProbability.isFinite) else { return }
    try store.keep(try JSONEncoder().encode(position), passage: passage, index: index)
  }
}
