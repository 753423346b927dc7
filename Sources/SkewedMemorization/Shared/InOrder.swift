/// A set that is written in order, so that the same set always gives the same bytes.
@propertyWrapper
struct InOrder<Element: Hashable & Comparable & Codable & Sendable>: Codable, Sendable {
  var wrappedValue: Set<Element>

  init(wrappedValue: Set<Element> = []) { self.wrappedValue = wrappedValue }

  init(from decoder: any Decoder) throws {
    wrappedValue = Set(try decoder.singleValueContainer().decode([Element].self))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue.sorted())
  }
}
