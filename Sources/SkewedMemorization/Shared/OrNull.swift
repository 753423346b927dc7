/// An optional value that is written as null, not left out, so that every key of a report is always there. A number
/// that JSON cannot hold (an infinity) is null too.
@propertyWrapper
public struct OrNull<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
  /// The value.
  public var wrappedValue: Value?

  /// A value or nothing.
  public init(wrappedValue: Value?) {
    self.wrappedValue = wrappedValue
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let number = wrappedValue as? Double, !number.isFinite {
      try container.encodeNil()
    } else {
      try container.encode(wrappedValue)
    }
  }
}
