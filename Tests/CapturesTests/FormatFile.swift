import Foundation
import Testing
import TokenProcess

@testable import Captures

/// Files of other formats (References/make_formats.py).
enum FormatFile {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.resourcePath) + "/References/formats/" + name
  }

  /// The records of one of these files, or of any other.
  static func records(
    _ name: String, split: ReferenceSplit? = nil, lengths: String? = nil, format: CaptureFormat? = nil,
    takesWhole: Bool = false
  ) async throws -> [Record] {
    var options = CaptureOptions()
    options.takesWholeReferences = takesWhole
    options.split = split
    options.arrayLengths = try lengths.map(path)
    options.format = format
    return try await CaptureReader(
      files: [name.hasPrefix("/") ? name : try path(name)], threads: 2, options: options
    ).records()
  }

  static func error(_ body: () async throws -> Void) async -> CaptureError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? CaptureError
    }
  }
}
