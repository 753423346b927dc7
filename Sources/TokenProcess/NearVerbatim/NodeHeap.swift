/// A heap of beginnings that are open, the one with the largest key first, and the earlier one among equals.
struct NodeHeap<Node> {
  /// One beginning with its key.
  struct Entry {
    let key: Double
    /// Its place in the order in which beginnings were opened.
    let number: Int
    let node: Node
  }

  /// The entries, the first on top.
  private(set) var entries: [Entry] = []

  var top: Entry? { entries.first }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var index = entries.count - 1
    while index > 0, isBefore(entries[index], entries[(index - 1) / 2]) {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func pop() {
    let last = entries.removeLast()
    guard !entries.isEmpty else { return }
    entries[0] = last
    var index = 0
    while true {
      var first = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < entries.count && isBefore(entries[child], entries[first]) {
        first = child
      }
      if first == index { return }
      entries.swapAt(index, first)
      index = first
    }
  }

  private func isBefore(_ a: Entry, _ b: Entry) -> Bool { (a.key, -a.number) > (b.key, -b.number) }
}
