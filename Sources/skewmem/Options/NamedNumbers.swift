import ArgumentParser

/// The values of a repeated option `--option name=value`; `name=value,value,…` names `name[1]`, `name[2]`, ….
///
/// - Throws: `ValidationError` for another form, and for a name that is given twice.
func namedNumbers(_ texts: [String], option: String) throws -> [String: Double] {
  var values: [String: Double] = [:]
  for text in texts {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.last?.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) } ?? []
    guard parts.count == 2, !numbers.contains(nil) else {
      throw ValidationError("--\(option) \"\(text)\" is not of the form name=value or name=value,value,….")
    }
    for (index, value) in numbers.enumerated() {
      let name = numbers.count > 1 ? "\(parts[0])[\(index + 1)]" : String(parts[0])
      guard values.updateValue(value ?? .nan, forKey: name) == nil else {
        throw ValidationError("--\(option) \(parts[0]) is given twice.")
      }
    }
  }
  return values
}
