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
    var counter = NextTokenCounter(text)
    var pairs = KeyedPlaces()
    /// Sequences that share their history with others, those of one node side by side.
    var level = Level()
    level.add((0..<text.count).filter { !text.isEmpty($0) }.map { UInt32($0) }[...], node: 0)
    var depth = 0
    while !level.sequences.isEmpty {
      var deeper = Level()
      for (index, node) in level.nodes.enumerated() {
        let group = level.sequences[level.starts[index]..<level.starts[index + 1]]
        func position(_ sequence: UInt32) -> Int { text.starts[Int(sequence)] + depth }
        counter.count(group.lazy.map { UInt32(position($0)) }, &next)
        pairs.sort(group) { text.tokens[position($0)] }
        var following: [(token: Int, count: Int)] = []
        pairs.forEachRun { part in
          let child = count
          count += 1
          let token = text.tokens[position(part[part.startIndex])]
          if part.count < group.count { following.append((text.vocabulary[Int(token) - 1], part.count)) }
          for sequence in part { nodes[position(sequence)] = child }
          if part.count > 1 {
            deeper.add(part, node: child) { position($0) + 1 < text.starts[Int($0) + 1] }
          } else {
            for sequence in part {
              for rest in (position(sequence) + 1)..<text.starts[Int(sequence) + 1] {
                nodes[rest] = count
                count += 1
              }
            }
          }
        }
        if !following.isEmpty {
          branches[node] = following
          isBranching[Int(node)] = true
        }
      }
      level = deeper
      depth += 1
    }
  }

  /// Groups of sequences with a common history.
  private struct Level {
    var sequences: [UInt32] = []
    var nodes: [UInt32] = []
    /// Where groups begin, and the end.
    var starts = [0]

    /// Adds those of a group that go on.
    mutating func add(_ group: ArraySlice<UInt32>, node: UInt32, where goesOn: (UInt32) -> Bool = { _ in true }) {
      let before = sequences.count
      for sequence in group where goesOn(sequence) { sequences.append(sequence) }
      guard sequences.count > before else { return }
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
