import Foundation
import TokenProcess

/// Activations of a model on the records of a capture, layer by layer: what `integrations/huggingface/score.py
/// --activations` writes.
///
/// A `.safetensors` file with a tensor records × features for each layer. Or a tensor tokens × features, beside the
/// tensor `offsets` (records + 1) that says where each record's tokens begin; the mean over them is then taken.
///
/// The metadata may have `ids` and `log_probabilities`: JSON lists of the records' names and of their Σ ln p, in the
/// order of the rows. A `.npy` file holds one layer.
public struct ActivationReader: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// The tensor's name.
    public let name: String
    /// The number of features.
    public let dimension: Int
    /// records × features, row after row.
    public let rows: [Float]
  }

  /// The layers, in the order of the numbers in their names.
  public let layers: [Layer]
  /// The number of records.
  public let records: Int
  /// The names of the records; nil where the file does not say.
  public var ids: [String]? { rows.ids }
  private let rows: RecordRows

  /// Reads a file.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read, is no such file, or whose layers have unequal numbers of
  ///   rows.
  public init(path: String) throws(CaptureError) {
    let input = try InputFile(path: path)
    let contents = try input.contents()
    func failure(_ problem: String, field: String? = nil) -> CaptureError {
      CaptureError(file: path, field: field, problem: problem)
    }
    var arrays: [String: NumericArray]
    var metadata: [String: String] = [:]
    if contents.starts(with: NumericArray.npyMagic) {
      let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      arrays = [name: try NumericArray(npy: contents, file: path)]
    } else {
      (arrays, metadata) = try NumericArray.tensors(safetensors: contents, file: path) { _ in true }
    }
    let offsets = try arrays.removeValue(forKey: "offsets").map { array throws(CaptureError) in
      let offsets = array.all.map { Int(exactly: $0) ?? -1 }
      guard offsets.first == 0, offsets.count >= 2, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw failure("do not rise from 0: every record has a token", field: "offsets")
      }
      return offsets
    }
    let named = arrays.filter { $0.value.shape.count == 2 && $0.value.shape[1] > 0 }
    guard named.count > 0 || !arrays.keys.contains(where: { $0.hasPrefix("attention.") }) else {
      throw failure("is a file of attention, which drivers --attention reads")
    }
    guard !named.isEmpty else {
      throw failure("has no tensor of records × features; there are: \(arrays.keys.sorted().joined(separator: ", "))")
    }
    var layers: [Layer] = []
    var records: Int?
    for (name, array) in named.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      let (count, dimension) = (array.shape[0], array.shape[1])
      if let offsets, count != offsets[offsets.count - 1] {
        throw failure("has \(count) rows, and the offsets end at \(offsets[offsets.count - 1])", field: name)
      }
      let own = offsets.map { $0.count - 1 } ?? count
      guard records == nil || records == own else {
        throw failure("has \(own) rows, and another layer has \(records ?? 0)", field: name)
      }
      records = own
      var rows: [Float] = []
      rows.reserveCapacity(own * dimension)
      for record in 0..<own {
        let tokens = offsets.map { $0[record]..<$0[record + 1] } ?? record..<(record + 1)
        let values = array.values(tokens.lowerBound * dimension..<tokens.upperBound * dimension)
        guard values.allSatisfy(\.isFinite) else {
          throw failure("has a number that is not finite in row \(record)", field: name)
        }
        for feature in 0..<dimension {
          var sum = 0.0
          for token in 0..<tokens.count { sum += values[token * dimension + feature] }
          rows.append(Float(sum / Double(tokens.count)))
        }
      }
      layers.append(Layer(name: name, dimension: dimension, rows: rows))
    }
    self.layers = layers
    self.records = records ?? 0
    rows = try RecordRows(metadata, count: self.records, file: path)
  }

  /// The row of each record.
  ///
  /// - Throws: `CaptureError` where the file is not of these records.
  public func rows(of records: [Record], file: String) throws(CaptureError) -> [Int] {
    try rows.rows(of: records, file: file)
  }

  /// Names by their numbers: layer.2 before layer.10.
  private static func isBefore(_ a: String, _ b: String) -> Bool {
    a.compare(b, options: .numeric) == .orderedAscending
  }
}
