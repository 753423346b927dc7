/// Reads vectors from `.npy` files.
public enum EmbeddingReader {
  /// The rows of a two-dimensional array.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read or is no such array.
  public static func rows(path: String) throws(CaptureError) -> [[Double]] {
    let array = try NumericArray(npy: try InputFile(path: path).contents(), file: path)
    guard array.shape.count == 2, array.shape[1] > 0 else {
      throw CaptureError(file: path, problem: "is of shape \(array.shape), not of a row a record")
    }
    return (0..<array.shape[0]).map { array.values($0 * array.shape[1]..<($0 + 1) * array.shape[1]) }
  }
}
