/// The smallest values of a data set, to see a floor: a value that many tokens share at the end of a tail in which no
/// two others are equal.
struct LowestValues {
  /// One value.
  struct Value {
    let value: Double
    var count = 0
    /// Records with it, the first of their names, and numbers for the values of some: copies of one record do not count.
    var records = 0
    var names: [String] = []
    var answers: Set<UInt64> = []
    /// Some of the places in records where it stands: the first token of a template is as improbable in each.
    var places: Set<Int> = []
    /// The record that was added last.
    var last = ""
  }

  private static let size = 24
  private var values: [Value] = []

  /// What is above has no place among the smallest values.
  var threshold: Double { values.count < Self.size ? 0 : values[Self.size - 1].value }

  /// Adds the values of a record.
  mutating func add(_ numbers: [Double], of name: String, _ answer: UInt64) {
    for (position, value) in numbers.enumerated() where value <= threshold && value > -.infinity && value < 0 {
      let place = values.firstIndex { $0.value >= value } ?? values.count
      if place == values.count || values[place].value != value {
        values.insert(Value(value: value), at: place)
        if values.count > Self.size { values.removeLast() }
        if place == values.count { continue }
      }
      values[place].count += 1
      if values[place].count == 1 || values[place].last != name {
        values[place].last = name
        values[place].records += 1
        if values[place].names.count < 5 { values[place].names.append(name) }
      }
      if values[place].answers.count < 4 { values[place].answers.insert(answer) }
      if values[place].places.count < 4 { values[place].places.insert(position) }
    }
  }

  /// Adds those of another part of the data set.
  mutating func merge(_ other: LowestValues) {
    var all: [Value] = []
    var (own, others) = (values[...], other.values[...])
    while all.count < Self.size, let next = [own.first, others.first].compactMap({ $0?.value }).min() {
      var value = Value(value: next)
      for part in [own.first, others.first] where part?.value == next {
        guard let part else { continue }
        value.count += part.count
        value.records += part.records
        value.names += part.names.prefix(5 - value.names.count)
        value.answers.formUnion(part.answers)
        value.places.formUnion(part.places)
      }
      if own.first?.value == next { own.removeFirst() }
      if others.first?.value == next { others.removeFirst() }
      all.append(value)
    }
    values = all
  }

  /// The smallest value where it is a floor: at least five tokens of three different records have it, in different
  /// places, and ten times as many as any of the next larger values, which rounding or copies repeat as well.
  var floor: Value? {
    guard let first = values.first, values.count == Self.size, first.value < -1, first.count >= 5,
      first.answers.count >= 3, first.places.count >= 2,
      values.dropFirst().allSatisfy({ $0.count == 1 || 10 * $0.count <= first.count })
    else { return nil }
    return first
  }
}
