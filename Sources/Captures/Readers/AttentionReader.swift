import TokenProcess

/// How a model's heads attend to the prefixes of a capture's records: what `integrations/huggingface/score.py
/// --attention` writes.
///
/// A `.safetensors` file with tensors `attention.NAME` of the shape records × layers × heads. Its metadata is as
/// `ActivationReader` has it.
public struct AttentionReader: Sendable {
  /// One number of each head for each record.
  public struct Measure: Sendable {
    /// `entropy`, `maximum`, `prefix_mass` or another name.
    public let name: String
    /// The number of layers.
    public let layers: Int
    /// The number of heads of a layer.
    public let heads: Int
    fileprivate let values: [Double]

    /// The values of a head, one a record.
    public func values(layer: Int, head: Int) -> [Double] {
      stride(from: layer * heads + head, to: values.count, by: layers * heads).map { values[$0] }
    }
  }

  /// The measures, by name.
  public let measures: [Measure]
  /// The number of records.
  public let records: Int
  /// The names of the records; nil where the file does not say.
  public var ids: [String]? { rows.ids }
  private let rows: RecordRows

  /// Reads a file.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read, or is no such file.
  public init(path: String) throws(CaptureError) {
    func failure(_ problem: String, field: String? = nil) -> CaptureError {
      CaptureError(file: path, field: field, problem: problem)
    }
    let prefix = "attention."
    let (tensors, metadata) = try NumericArray.tensors(
      safetensors: try InputFile(path: path).contents(), file: path
    ) { $0.hasPrefix(prefix) }
    guard let records = tensors.values.first?.shape.first else {
      throw failure("has no tensor attention.… of records × layers × heads")
    }
    measures = try tensors.sorted { $0.key < $1.key }.map { name, tensor throws(CaptureError) in
      guard tensor.shape.count == 3, tensor.shape[0] == records, tensor.count > 0 else {
        throw failure("is of shape \(tensor.shape), not \(records) records × layers × heads", field: name)
      }
      let values = tensor.all
      guard values.allSatisfy(\.isFinite) else { throw failure("has a number that is not finite", field: name) }
      return Measure(
        name: String(name.dropFirst(prefix.count)), layers: tensor.shape[1], heads: tensor.shape[2], values: values)
    }
    self.records = records
    rows = try RecordRows(metadata, count: records, file: path)
  }

  /// The place of each record in the tensors.
  ///
  /// - Throws: `CaptureError` where the file is not of these records.
  public func rows(of records: [Record], file: String) throws(CaptureError) -> [Int] {
    try rows.rows(of: records, file: file)
  }
}
