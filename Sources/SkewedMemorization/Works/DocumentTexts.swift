import Captures
import Foundation

/// The texts of documents, from folders with a file for each: `NAME.txt` has the text; `NAME.doc.json` or `NAME.json`
/// has `token_ids` or `tokens`, and `offsets`, as a tokenizer gave them.
struct DocumentTexts: Sendable {
  private let folders: [String]

  /// - Throws: `CaptureError` for what is no folder.
  init(folders: [String]) throws(CaptureError) {
    for folder in folders {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
        throw CaptureError(file: folder, problem: "is no folder; texts are in a folder, one file a document")
      }
    }
    self.folders = folders
  }

  /// The scalars of a document's text; nil where there is no file of it.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  func scalars(of document: String) throws(CaptureError) -> [UInt32]? {
    guard let path = path(document, endings: ["", ".txt", ".md"]) else { return nil }
    guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
    else { throw CaptureError(file: path, problem: "is no text in UTF-8") }
    return text.unicodeScalars.map(\.value)
  }

  /// The number of a document's tokens, and where they begin and the last one ends; nil where there is no file of it.
  ///
  /// - Throws: `CaptureError` for a file that does not hold them.
  func tokens(of document: String) throws(CaptureError) -> (count: Int, boundaries: [Int]?)? {
    guard let path = path(document, endings: [".doc.json", ".json"]) else { return nil }
    guard let data = FileManager.default.contents(atPath: path),
      let tokens = try? JSONDecoder().decode(Tokens.self, from: data)
    else { throw CaptureError(file: path, problem: "does not hold a document's tokens: token_ids, offsets") }
    let boundaries = tokens.offsets ?? tokens.tokenOffsets
    guard let count = tokens.tokenIDs?.count ?? boundaries.map({ $0.count - 1 }), count >= 1 else {
      throw CaptureError(file: path, problem: "has neither token_ids nor offsets")
    }
    if let boundaries {
      guard boundaries.count == count + 1, boundaries[0] >= 0, zip(boundaries, boundaries.dropFirst()).allSatisfy(<=)
      else {
        throw CaptureError(
          file: path, field: "offsets", problem: "is not one offset for each of \(count) tokens, and the end")
      }
    }
    return (count, boundaries)
  }

  private struct Tokens: Decodable {
    var tokenIDs: [Int]?
    var offsets: [Int]?
    var tokenOffsets: [Int]?

    enum CodingKeys: String, CodingKey {
      case offsets
      case tokenIDs = "token_ids"
      case tokenOffsets = "token_offsets"
    }
  }

  private func path(_ document: String, endings: [String]) -> String? {
    // A name is no way out of the folder.
    guard !document.contains("/"), document != "..", document != "." else { return nil }
    return folders.lazy.flatMap { folder in endings.map { "\(folder)/\(document)\($0)" } }.first {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }
}
