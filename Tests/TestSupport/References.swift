import Foundation

/// Reads a file of reference values that a test target carries as a resource.
public func reference<Value: Decodable>(_ name: String, in bundle: Bundle) throws -> Value {
  let folder = bundle.resourceURL ?? bundle.bundleURL
  let data = try Data(contentsOf: folder.appendingPathComponent("References").appendingPathComponent(name))
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(Value.self, from: data)
}

/// The Double nearest to a decimal, as the makers of the references read it.
public func number(_ decimal: String) -> Double {
  switch decimal {
  case "-inf": -.infinity
  case "inf", "+inf": .infinity
  default: Double(decimal) ?? .nan
  }
}
