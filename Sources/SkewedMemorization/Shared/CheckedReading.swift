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
  let reader = CaptureReader(files: [opened.path], threads: threads, options: options)
  var (all, checks) = (empty, EvidenceChecks())
  let made: @Sendable ([CaptureLine]) -> Result<(Part, EvidenceChecks), any Error> = { lines in
    Result {
      var (part, checks) = (empty, EvidenceChecks())
      let records = try lines.map { try $0.get() }
      add(&part, records)
      for record in records { checks.add(record) }
      return (part, checks)
    }
  }
  try await reader.forEachPart(of: opened, made) {
    let part = try $0.get()
    try merge(&all, part.0)
    checks.merge(part.1)
  }
  guard checks.records > 0 else { throw CaptureError(file: opened.path, problem: "no records") }
  return (all, try checks.accepted(file: opened.path, options))
}
