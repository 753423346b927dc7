import GSLNumerics

/// Places by keys, for groups that are mostly small and sometimes very large.
struct KeyedPlaces {
  /// Keys in the upper halves, places in the lower.
  private var pairs: [UInt64] = []

  var count: Int { pairs.count }

  mutating func removeAll() { pairs.removeAll(keepingCapacity: true) }

  mutating func append(_ place: UInt32, key: UInt32) { pairs.append(UInt64(key) << 32 | UInt64(place)) }

  func place(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: pairs[index]) }

  /// Sorts by keys; places of equal keys by themselves.
  ///
  /// - Precondition: They were added in order.
  mutating func sort() {
    if pairs.count <= 24 {
      insertionSort()
    } else if pairs.count < 4096 {
      pairs.sort()
    } else {
      let sorted = RadixSort(
        keys: pairs.map { $0 >> 32 }, places: pairs.map { UInt32(truncatingIfNeeded: $0) })
      for index in pairs.indices { pairs[index] = sorted.keys[index] << 32 | UInt64(sorted.places[index]) }
    }
  }

  private mutating func insertionSort() {
    var pairs = pairs.mutableSpan
    for index in 0..<pairs.count {
      let pair = pairs[index]
      var place = index
      while place > 0, pairs[place - 1] > pair {
        pairs[place] = pairs[place - 1]
        place -= 1
      }
      pairs[place] = pair
    }
  }

  /// The end of the run of equal keys that begins at an index, after sorting.
  func endOfRun(from start: Int) -> Int {
    let pairs = pairs.span
    var end = start + 1
    while end < pairs.count, pairs[end] >> 32 == pairs[start] >> 32 { end += 1 }
    return end
  }
}
