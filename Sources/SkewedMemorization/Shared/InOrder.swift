/// A set that is written in order, so that the same set always gives the same bytes.
struct InOrder<Element: Hashable & Comparable & Codable & Sendable>: Codable, Sendable {
  var elements: Set<Element> = []

  init() {}

  init(from decoder: any Decoder) throws {
    elements = Set(try decoder.singleValueContainer().decode([Element].self))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(elements.sorted())
  }
}
