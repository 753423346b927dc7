import GSLNumerics

/// Places by keys, for groups that are mostly small and sometimes very large.
struct KeyedPlaces {
  /// Keys in the upper halves, places in the lower.
  private var pairs: [UInt64] = []
  private var places: [UInt32] = []

  /// Sorts places by their keys; those of equal keys by themselves.
  mutating func sort(_ group: ArraySlice<UInt32>, by key: (UInt32) -> UInt32) {
    pairs.removeAll(keepingCapacity: true)
    for place in group { pairs.append(UInt64(key(place)) << 32 | UInt64(place)) }
    if pairs.count <= 24 {
      insertionSort()
    } else if pairs.count < 4096 {
      pairs.sort()
    } else {
      let sorted = RadixSort(keys: pairs.map { $0 >> 32 }, places: Array(group))
      for index in pairs.indices { pairs[index] = sorted.keys[index] << 32 | UInt64(sorted.places[index]) }
    }
    places.removeAll(keepingCapacity: true)
    for pair in pairs { places.append(UInt32(truncatingIfNeeded: pair)) }
  }

  private mutating func insertionSort() {
    pairs.withUnsafeMutableBufferPointer { pairs in
      for index in pairs.indices.dropFirst() {
        let pair = pairs[index]
        var place = index
        while place > 0, pairs[place - 1] > pair {
          pairs[place] = pairs[place - 1]
          place -= 1
        }
        pairs[place] = pair
      }
    }
  }

  /// Calls `body` with the places of each key, in order.
  func forEachRun(_ body: (ArraySlice<UInt32>) -> Void) {
    var start = 0
    while start < pairs.count {
      let key = pairs[start] >> 32
      var end = start + 1
      while end < pairs.count, pairs[end] >> 32 == key { end += 1 }
      body(places[start..<end])
      start = end
    }
  }
}
