/// A value for each parameter of a family, written as an object; parameters `x[1]`, `x[2]`, … of a mixture are one list
/// `x`. A value that a parameter has not, and a number that JSON cannot hold, is null.
public struct PerParameter<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
  /// The names with their values: in the family's order, but in any order once decoded, since JSON objects have none.
  public var items: [Item]

  /// One parameter's value.
  public struct Item: Sendable, Equatable {
    /// The parameter's name, e.g. `alpha` or `weights[2]`.
    public var name: String
    /// Its value.
    public var value: Value?
  }

  init(_ items: [(name: String, value: Value?)]) {
    self.items = items.map { Item(name: $0.name, value: $0.value) }
  }

  /// The value of a parameter; nil also for one that the family has not.
  public subscript(name: String) -> Value? {
    items.first { $0.name == name }?.value
  }

  /// Whether the same names have the same values.
  public static func == (a: Self, b: Self) -> Bool {
    func sorted(_ items: [Item]) -> [Item] { items.sorted { $0.name < $1.name } }
    return sorted(a.items) == sorted(b.items)
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    items = try container.allKeys.flatMap { key -> [Item] in
      if let value = try? container.decode(OrNull<Value>.self, forKey: key) {
        return [Item(name: key.stringValue, value: value.wrappedValue)]
      }
      let list = try container.decode([OrNull<Value>].self, forKey: key)
      return list.enumerated().map {
        Item(name: "\(key.stringValue)[\($0.offset + 1)]", value: $0.element.wrappedValue)
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var lists: [String: [OrNull<Value>]] = [:]
    for item in items {
      let value = OrNull(wrappedValue: item.value)
      if let bracket = item.name.firstIndex(of: "[") {
        lists[String(item.name[..<bracket]), default: []].append(value)
      } else {
        try container.encode(value, forKey: Key(stringValue: item.name))
      }
    }
    for (name, values) in lists { try container.encode(values, forKey: Key(stringValue: name)) }
  }
}
