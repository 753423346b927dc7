import Captures
import TokenProcess

/// What tells a record from others: its id, and where it is one of several runs, splits or epochs, of which.
struct RecordName: Sendable, Hashable {
  let id: String
  let run: String?
  let split: String?
  let epoch: Double?

  init(_ record: Record) { (id, run, split, epoch) = (record.id, record.run, record.split, record.epoch) }
}

/// Finds the record that generations are of.
struct GenerationsOfRecords {
  private let records: [RecordName]
  private let byID: [String: [Int]]

  init(_ records: [RecordName]) {
    self.records = records
    byID = Dictionary(grouping: records.indices, by: { records[$0].id })
  }

  /// The record of the generations' name that is not of another run, split or epoch than they say; nil for none.
  ///
  /// - Throws: `RecordError` where several fit.
  func record(of set: SampledGenerations) throws(RecordError) -> Int? {
    let candidates = (byID[set.id] ?? []).filter { index in
      let record = records[index]
      return Self.agree(set.run, record.run) && Self.agree(set.split, record.split)
        && Self.agree(set.epoch, record.epoch)
    }
    guard candidates.count < 2 else {
      throw RecordError(
        field: "id",
        problem:
          "several records are called \(set.id), and the generations do not say by run, split and epoch of which they "
          + "are")
    }
    return candidates.first
  }

  private static func agree<Value: Equatable>(_ a: Value?, _ b: Value?) -> Bool { a == nil || b == nil || a == b }
}
