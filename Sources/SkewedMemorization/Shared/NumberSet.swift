/// A set of numbers in which every bit counts already, as in fingerprints: to hash them anew would take longest.
///
/// Open addressing with linear probing (Knuth, TAOCP 3, 6.4), at most half full.
struct NumberSet: Sendable {
  /// 0 where nothing is.
  private var slots: [UInt64] = []
  private var hasZero = false
  /// The number of numbers.
  private(set) var count = 0

  init() {}

  /// Room for so many numbers.
  init(minimumCapacity: Int) { grow(to: minimumCapacity) }

  /// Adds a number.
  ///
  /// - Returns: Whether it is new.
  @discardableResult
  mutating func insert(_ number: UInt64) -> Bool {
    guard number != 0 else {
      defer { hasZero = true }
      if !hasZero { count += 1 }
      return !hasZero
    }
    if 2 * (count + 1) > slots.count { grow(to: 2 * (count + 1)) }
    let place = place(of: number)
    guard slots[place] == 0 else { return false }
    slots[place] = number
    count += 1
    return true
  }

  /// Whether a number is in the set.
  func contains(_ number: UInt64) -> Bool {
    number == 0 ? hasZero : !slots.isEmpty && slots[place(of: number)] == number
  }

  /// The numbers, in no order.
  var numbers: [UInt64] { slots.filter { $0 != 0 } + (hasZero ? [0] : []) }

  /// Where a number is, or where it would be.
  private func place(of number: UInt64) -> Int {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
    while slots[place] != 0, slots[place] != number { place = (place + 1) & mask }
    return place
  }

  private mutating func grow(to capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    guard size > slots.count else { return }
    let before = slots
    slots = [UInt64](repeating: 0, count: size)
    for number in before where number != 0 { slots[place(of: number)] = number }
  }
}

/// Written as the numbers in order.
extension NumberSet: Codable {
  init(from decoder: any Decoder) throws {
    for number in try decoder.singleValueContainer().decode([UInt64].self) { insert(number) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(numbers.sorted())
  }
}
