import Captures
import Foundation

/// Lines of input that are no passages.
public struct InvalidLines: LocalizedError, Sendable, CustomStringConvertible {
  /// What is wrong with the first hundred.
  public internal(set) var errors: [CaptureError] = []
  /// How many there are.
  public internal(set) var count = 0

  init() {}

  mutating func add(_ error: CaptureError) {
    count += 1
    if errors.count < 100 { errors.append(error) }
  }

  public var description: String {
    errors.map(\.description).joined(separator: "\n") + (count > errors.count ? "\n… \(count) in all" : "")
  }

  public var errorDescription: String? { description }
}
