import ArgumentParser

/// Numbers with commas between them.
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument, ExpressibleByArrayLiteral,
  Sendable
{
  let numbers: [Number]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Number(String($0)) }
    guard numbers.count == parts.count else { return nil }
    self.numbers = numbers
  }

  init(_ numbers: [Number]) { self.numbers = numbers }

  init(arrayLiteral elements: Number...) { numbers = elements }

  var defaultValueDescription: String { numbers.map { "\($0)" }.joined(separator: ",") }
}
