import Captures
import TokenProcess

/// Reads a capture that has been opened, of which nothing has been read, and makes one thing of its records, with what
/// checks of evidence find. Parts of it are made on several threads and merged in their order.
///
/// - Parameters:
///   - empty: What is made of no records.
///   - add: Adds records.
///   - merge: Adds what was made of the records that follow.
/// - Throws: `CaptureError` for the first bad line, or no records; ``EvidenceError``; whatever `merge` throws;
///   `CancellationError`.
func checkedReading<Part: Sendable>(
  of opened: InputFile, options: CaptureOptions, threads: Int, from empty: Part,
  add: @escaping @Sendable (inout Part, [Record]) -> Void, merge: (inout Part, Part) throws -> Void
) async throws -> (Part, evidence: [Warning]) {
  let (all, checks) = try await reading(
    of: opened, options: options, threads: threads, from: (empty, EvidenceChecks()),
    add: { part, records in
      add(&part.0, records)
      for record in records { part.1.add(record) }
    },
    merge: { all, part in
      try merge(&all.0, part.0)
      all.1.merge(part.1)
    })
  guard checks.records > 0 else { throw CaptureError(file: opened.path, problem: "no records") }
  return (all, try checks.accepted(file: opened.path, options))
}

/// The same without checks of evidence, of a capture that has passed them.
///
/// - Throws: `CaptureError` for the first bad line; whatever `add` and `merge` throw; `CancellationError`.
func reading<Part: Sendable>(
  of opened: InputFile, options: CaptureOptions, threads: Int, from empty: Part,
  add: @escaping @Sendable (inout Part, [Record]) throws -> Void, merge: (inout Part, Part) throws -> Void
) async throws -> Part {
  let reader = CaptureReader(files: [opened.path], threads: threads, options: options)
  var all = empty
  let made: @Sendable ([CaptureLine]) -> Result<Part, any Error> = { lines in
    Result {
      var part = empty
      try add(&part, lines.map { try $0.get() })
      return part
    }
  }
  try await reader.forEachPart(of: opened, made) { try merge(&all, $0.get()) }
  return all
}
