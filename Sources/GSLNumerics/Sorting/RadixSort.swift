/// Numbers with where they came from, sorted: as many digits of 11 bits as the largest number has, from the lowest up
/// (Knuth, TAOCP 3, 5.2.5).
///
/// Equal keys stay in the order of their places. Two buffers of 12 bytes an element.
package struct RadixSort {
  package private(set) var keys: [UInt64]
  package private(set) var places: [UInt32]

  /// - Precondition: At most 2³² keys, as many as places.
  package init(keys: [UInt64], places: [UInt32]) {
    precondition(keys.count == places.count, "\(keys.count) keys, \(places.count) places")
    self.keys = keys
    self.places = places
    if keys.count < 512 { sortSmall() } else { sortByDigits() }
  }

  /// Keys that come from their own places.
  ///
  /// - Precondition: At most 2³² keys.
  package init(keys: [UInt64]) {
    self.init(keys: keys, places: (0..<keys.count).map { UInt32($0) })
  }

  /// Few keys are not worth the counting of digits.
  private mutating func sortSmall() {
    let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    (keys, places) = (order.map { keys[$0] }, order.map { places[$0] })
  }

  private mutating func sortByDigits() {
    let largest = keys.max() ?? 0
    var otherKeys = [UInt64](repeating: 0, count: keys.count)
    var otherPlaces = [UInt32](repeating: 0, count: keys.count)
    var shift: UInt64 = 0
    while shift < 64, largest >> shift > 0 {
      var starts = [Int](repeating: 0, count: 2048)
      starts.withUnsafeMutableBufferPointer { [keys, places, shift] starts in
        for key in keys { starts[Int(key >> shift & 2047)] += 1 }
        var start = 0
        for digit in starts.indices { (starts[digit], start) = (start, start + starts[digit]) }
        otherKeys.withUnsafeMutableBufferPointer { otherKeys in
          otherPlaces.withUnsafeMutableBufferPointer { otherPlaces in
            for (key, place) in zip(keys, places) {
              let digit = Int(key >> shift & 2047)
              otherKeys[starts[digit]] = key
              otherPlaces[starts[digit]] = place
              starts[digit] += 1
            }
          }
        }
      }
      swap(&keys, &otherKeys)
      swap(&places, &otherPlaces)
      shift += 11
    }
  }

  /// The elements from one on whose keys agree with its own after division by `unit`.
  package func run(from start: Int, dividedBy unit: UInt64 = 1) -> Range<Int> {
    let keys = keys.span
    // Those below the next multiple; most runs are short.
    let (bound, isLast) = (keys[start] / unit).addingReportingOverflow(1)
    let (limit, isBeyond) = bound.multipliedReportingOverflow(by: unit)
    var end = start + 1
    while end < keys.count, isLast || isBeyond || keys[end] < limit { end += 1 }
    return start..<end
  }
}
