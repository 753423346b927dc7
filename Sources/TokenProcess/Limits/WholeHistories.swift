/// The tree of a training set's sequences from their beginnings: nodes are histories.
struct WholeHistories: Sendable {
  /// The node that each position's token leads to, by position.
  private(set) var nodes: [UInt32]
  /// One more than the largest node; the root is 0.
  private(set) var count: UInt32 = 1
  /// The next tokens and how often they follow, by increasing token, of nodes that have several.
  private var branches: [UInt32: [(token: Int, count: Int)]] = [:]
  /// Whether a node has several.
  private var isBranching: [Bool]

  /// - Parameter next: Becomes what follows each position's history, by position.
  /// - Complexity: O(tokens log records): level by level, and a sequence that is alone has a path of its own from there.
  init(_ text: TrainingText, next: inout [NextToken]) {
    next = Array(repeating: .only, count: text.tokens.count)
    nodes = Array(repeating: 0, count: text.tokens.count)
    isBranching = Array(repeating: false, count: text.tokens.count + 1)
    let (tokens, starts) = (text.tokens.span, text.starts.span)
    /// Sequences that share their history with others, those of one node side by side.
    var level = Level()
    for sequence in 0..<text.count where !text.isEmpty(sequence) { level.sequences.append(UInt32(sequence)) }
    level.endGroup(node: 0)
    var pairs = KeyedPlaces()
    var depth = 0
    while !level.sequences.isEmpty {
      var deeper = Level()
      for group in level.nodes.indices {
        pairs.removeAll()
        for index in level.starts[group]..<level.starts[group + 1] {
          let sequence = level.sequences[index]
          pairs.append(sequence, key: tokens[starts[Int(sequence)] + depth])
        }
        pairs.sort()
        var (most, tied, parts) = (0, 0, 0)
        var start = 0
        while start < pairs.count {
          let end = pairs.endOfRun(from: start)
          if end - start == most { tied += 1 }
          if end - start > most { (most, tied) = (end - start, 1) }
          parts += 1
          start = end
        }
        var following: [(token: Int, count: Int)] = []
        start = 0
        while start < pairs.count {
          let end = pairs.endOfRun(from: start)
          let child = count
          count += 1
          let nextToken = NextToken(count: end - start, of: pairs.count, most: most, tied: tied)
          for index in start..<end {
            let sequence = pairs.place(index)
            let position = starts[Int(sequence)] + depth
            next[position] = nextToken
            nodes[position] = child
            if end > start + 1 {
              if position + 1 < starts[Int(sequence) + 1] { deeper.sequences.append(sequence) }
            } else {
              for rest in (position + 1)..<starts[Int(sequence) + 1] {
                nodes[rest] = count
                count += 1
              }
            }
          }
          deeper.endGroup(node: child)
          if parts > 1 {
            let token = tokens[starts[Int(pairs.place(start))] + depth]
            following.append((text.vocabulary[Int(token) - 1], end - start))
          }
          start = end
        }
        guard parts > 1 else { continue }
        branches[level.nodes[group]] = following
        isBranching[Int(level.nodes[group])] = true
      }
      level = deeper
      depth += 1
    }
  }

  /// Groups of sequences with a common history.
  private struct Level {
    var sequences: [UInt32] = []
    private(set) var nodes: [UInt32] = []
    /// Where groups begin, and the end.
    private(set) var starts = [0]

    /// Makes a group, where there are any, of the sequences that were added since the last.
    mutating func endGroup(node: UInt32) {
      guard sequences.count > starts[starts.count - 1] else { return }
      nodes.append(node)
      starts.append(sequences.count)
    }
  }

  /// The node of the history before a position of a sequence.
  func history(before position: Int, in sequence: Int, of text: TrainingText) -> UInt32 {
    position == text.starts[sequence] ? 0 : nodes[position - 1]
  }

  /// The next tokens of a node and how often they follow, by increasing token; nil where there is one.
  func branches(of node: UInt32) -> [(token: Int, count: Int)]? { isBranching[Int(node)] ? branches[node] : nil }
}
