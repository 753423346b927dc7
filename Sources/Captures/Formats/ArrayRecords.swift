internal import CVectors
import Compression
import Foundation
import TokenProcess

/// Records from arrays of log-probabilities.
///
/// Rows of a two-dimensional array, each as long as the lengths say or up to the first NaN; or pieces of a
/// one-dimensional one between offsets. Other arrays of the same shape are ranks and token ids. A file that is not
/// compressed is mapped: what is not in use need not be in memory.
struct ArrayRecords: RecordBatches {
  private let rows: Rows
  private let count: Int
  private var position = 0

  /// About how many values are made records at a time.
  private static let batchSize = 1 << 19

  init(
    _ input: InputFile, _ format: CaptureFormat, lengths: String?, namePrefix: String
  ) throws(CaptureError) {
    let file = input.path
    var arrays: [String: NumericArray]
    switch format {
    case .safetensors: arrays = try NumericArray.tensors(safetensors: try input.contents(), file: file)
    case .npz: arrays = try NumericArray.arrays(npz: try input.contents(), file: file)
    default: arrays = ["token_logprobs": try NumericArray(npy: try input.contents(), file: file)]
    }
    guard let array = arrays.removeValue(forKey: "token_logprobs") else {
      throw CaptureError(
        file: file, field: "token_logprobs", problem: "is no array of the file; there are: \(arrays.keys.sorted())")
    }
    guard (1...2).contains(array.shape.count) else {
      throw CaptureError(file: file, problem: "has \(array.shape.count) dimensions; 1 or 2 are read")
    }
    let own = arrays[array.shape.count == 1 ? "offsets" : "lengths"]
    let given = try lengths.map { path throws(CaptureError) in
      try NumericArray(npy: try InputFile(path: path).contents(), file: path)
    }
    rows = try Rows(file, array, (given ?? own)?.all, arrays, namePrefix)
    count = rows.count
  }

  mutating func next() -> (@Sendable () -> [CaptureLine])? {
    guard position < count else { return nil }
    let end = min(count, position + max(1, Self.batchSize / max(1, rows.typicalLength)))
    defer { position = end }
    return { [rows, position] in rows.lines(position..<end) }
  }

  /// Where the rows are, and what they hold.
  private struct Rows: Sendable {
    private let file: String
    private let array: NumericArray
    /// The rows' lengths, or where they begin; nil for rows that end at the first NaN.
    private let lengths: [Double]?
    private let others: [String: NumericArray]
    private let namePrefix: String
    let count: Int

    init(
      _ file: String, _ array: NumericArray, _ lengths: [Double]?, _ others: [String: NumericArray],
      _ namePrefix: String
    ) throws(CaptureError) {
      func failure(_ problem: String, field: String? = nil) -> CaptureError {
        CaptureError(file: file, field: field, problem: problem)
      }
      self.file = file
      self.array = array
      self.lengths = lengths
      self.namePrefix = namePrefix
      self.others = others.filter { ["ranks", "reference_token_ids", "greedy_token_ids"].contains($0.key) }
      for (name, other) in self.others.sorted(by: { $0.key < $1.key }) where other.shape != array.shape {
        throw failure("has another shape than token_logprobs", field: name)
      }
      if array.shape.count == 2 {
        count = array.shape[0]
        guard array.shape[1] > 0 || count == 0 else { throw failure("has rows without a value") }
        if let lengths, lengths.count != count { throw failure("has \(count) rows, but \(lengths.count) lengths") }
        return
      }
      guard let lengths else {
        throw CaptureError(
          file: file,
          problem: "is one-dimensional: say where each reference begins and the last ends, or give an array offsets",
          option: "arrayLengths")
      }
      let cuts = lengths.map { Int(exactly: $0) ?? -1 }
      guard cuts.count >= 2, cuts[0] == 0, zip(cuts, cuts.dropFirst()).allSatisfy({ $0 <= $1 }),
        cuts[cuts.count - 1] == array.count
      else { throw failure("do not rise from 0 to the \(array.count) values", field: "offsets") }
      count = cuts.count - 1
    }

    /// The mean number of values of a row.
    var typicalLength: Int { array.count / max(1, count) }

    /// The records of some rows, with one look at where the values are.
    func lines(_ rows: Range<Int>) -> [CaptureLine] {
      let mayBePadded = array.shape.count == 2 && lengths == nil
      return array.withElements { elements in
        rows.map { line($0, elements, mayBePadded: mayBePadded) }
      }
    }

    private func line(
      _ row: Int, _ elements: NumericArray.Elements, mayBePadded: Bool
    ) -> CaptureLine {
      do throws(RecordError) {
        let range = try range(row)
        var values = elements.values(range)
        // Most rows have no padding, and no NaN is at most 0.
        if mayBePadded, are_logarithms(values, values.count) == 0,
          let end = values.firstIndex(where: \.isNaN)
        {
          guard values[end...].allSatisfy(\.isNaN) else {
            throw RecordError(
              field: "token_logprobs[\(end)]", problem: "is NaN before other values: only the end of a row is padding")
          }
          values.removeSubrange(end...)
        }
        let used = range.lowerBound..<(range.lowerBound + values.count)
        var record = Record(unchecked: "\(namePrefix)row-\(row)", tokenLogProbabilities: values)
        if !others.isEmpty {
          record.ranks = try integers("ranks", used)
          record.referenceTokenIDs = try integers("reference_token_ids", used)
          record.greedyTokenIDs = try integers("greedy_token_ids", used)
        }
        try record.validate()
        return .success(record)
      } catch {
        return .failure(CaptureError(file: file, row: row, field: error.field, problem: error.problem))
      }
    }

    private func range(_ row: Int) throws(RecordError) -> Range<Int> {
      guard array.shape.count == 2 else {
        guard let lengths else { return 0..<0 }
        return Int(lengths[row])..<Int(lengths[row + 1])
      }
      let (start, width) = (row * array.shape[1], array.shape[1])
      guard let lengths else { return start..<(start + width) }
      guard let length = Int(exactly: lengths[row]), (0...width).contains(length) else {
        throw RecordError(field: "lengths[\(row)]", problem: "is \(lengths[row]), and must be 0 to \(width)")
      }
      return start..<(start + length)
    }

    private func integers(_ name: String, _ range: Range<Int>) throws(RecordError) -> [Int]? {
      guard let values = others[name]?.values(range) else { return nil }
      var integers: [Int] = []
      for (index, value) in values.enumerated() {
        guard let integer = Int(exactly: value) else {
          throw RecordError(field: "\(name)[\(index)]", problem: "is no whole number")
        }
        integers.append(integer)
      }
      return integers
    }
  }
}
