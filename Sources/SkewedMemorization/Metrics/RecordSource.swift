import Captures
import GSLNumerics
import TokenProcess

/// The records in question: in memory, or in a file that is read as often as they are needed, so that they need not be
/// in memory.
struct RecordSource: Sendable {
  private enum Kind: Sendable {
    case memory([Record])
    case file(CaptureOptions)
  }

  /// What reports call it by.
  let name: String
  private let kind: Kind
  private let threads: Int

  /// The records of a capture.
  init(_ capture: Capture, threads: Int) {
    (name, kind, self.threads) = (capture.name, .memory(capture.records), threads)
  }

  /// The records of a file that can be opened again.
  init(file: String, options: CaptureOptions, threads: Int) {
    (name, kind, self.threads) = (file, .file(options), threads)
  }

  /// The records that are in memory: all or none.
  var inMemory: [Record] {
    if case .memory(let records) = kind { records } else { [] }
  }

  /// Makes one thing of the records. Parts of it are made on several threads and merged in their order.
  ///
  /// - Parameters:
  ///   - empty: What is made of no records.
  ///   - add: Adds records.
  ///   - merge: Adds what was made of the records that follow.
  /// - Throws: `CaptureError` for the first bad line; whatever `add` and `merge` throw; `CancellationError`.
  func reduce<Part: Sendable>(
    from empty: Part, add: @escaping @Sendable (inout Part, ArraySlice<Record>) throws -> Void,
    merge: (inout Part, Part) throws -> Void
  ) async throws -> Part {
    switch kind {
    case .memory(let records):
      var all = empty
      let parts = try await inParallel(chunksOf: records, threads: threads) { records in
        var part = empty
        try add(&part, records)
        return part
      }
      for part in parts { try merge(&all, part) }
      return all
    case .file(let options):
      return try await reading(
        of: InputFile(path: name, sources: options.sources), options: options, threads: threads, from: empty,
        add: { try add(&$0, $1[...]) }, merge: merge)
    }
  }
}
