import GSLNumerics

/// The tree of a training set's sequences from their beginnings: nodes are histories.
struct WholeHistories: Sendable {
  /// The node that each position's token leads to, by position.
  private(set) var nodes: [UInt32]
  /// The next tokens and how often they follow, by increasing token, of nodes that have several; the root is 0.
  private(set) var branches: [UInt32: [(token: Int, count: Int)]] = [:]

  /// - Parameter next: Becomes what follows each position's history, by position.
  /// - Complexity: O(tokens): level by level, and a sequence that is alone has a path of its own from there.
  init(_ text: TrainingText, next: inout [NextToken]) {
    next = Array(repeating: .only, count: text.tokens.count)
    nodes = Array(repeating: 0, count: text.tokens.count)
    var nodeCount: UInt32 = 1
    /// Sequences that share their history with others, and its node.
    var active = (0..<text.count).filter { text.starts[$0 + 1] > text.starts[$0] }.map {
      (sequence: UInt32($0), node: UInt32(0))
    }
    var depth = 0
    while !active.isEmpty {
      let sorted = RadixSort(
        keys: active.map {
          UInt64($0.node) * text.tokenBound + UInt64(text.tokens[text.starts[Int($0.sequence)] + depth])
        },
        places: active.map(\.sequence))
      active = []
      sorted.forEachRun(dividedBy: text.tokenBound) { history in
        var parts: [Range<Int>] = []
        sorted.forEachRun(in: history) { parts.append($0) }
        let following = NextToken.of(parts.map(\.count))
        if parts.count > 1 {
          branches[UInt32(sorted.keys[history.lowerBound] / text.tokenBound)] = parts.map { part in
            (text.vocabulary[Int(sorted.keys[part.lowerBound] % text.tokenBound) - 1], part.count)
          }
        }
        for (part, following) in zip(parts, following) {
          let node = nodeCount
          nodeCount += 1
          for index in part {
            let sequence = Int(sorted.places[index])
            let position = text.starts[sequence] + depth
            next[position] = following
            nodes[position] = node
            guard position + 1 < text.starts[sequence + 1] else { continue }
            if part.count > 1 {
              active.append((UInt32(sequence), node))
            } else {
              for rest in (position + 1)..<text.starts[sequence + 1] {
                nodes[rest] = nodeCount
                nodeCount += 1
              }
            }
          }
        }
      }
      depth += 1
    }
  }

  /// The node of the history before a position of a sequence.
  func history(before position: Int, in sequence: Int, of text: TrainingText) -> UInt32 {
    position == text.starts[sequence] ? 0 : nodes[position - 1]
  }
}
