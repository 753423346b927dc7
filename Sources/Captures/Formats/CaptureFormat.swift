import Foundation

/// The formats of captures.
public enum CaptureFormat: String, Sendable, CaseIterable {
  /// One JSON object a line, see ``CaptureReader``.
  case native
  /// Responses of servers: OpenAI's completions with echo and logprobs, vLLM's prompt_logprobs, SGLang's
  /// input_token_logprobs, TGI's prefill, llama.cpp's completion_probabilities.
  case server
  /// Samples that lm-evaluation-harness logs: one value for a whole reference.
  case harness = "lm-eval"
  /// A table with a JSON list in a cell, as pandas writes it: the first line names the fields of the native format;
  /// separated by commas or tabs.
  case csv
  /// Probabilities of whole suffixes, one JSON object of `results`, as code for sliding windows along a book writes it.
  case suffixes
  /// A NumPy array of log-probabilities.
  case npy
  /// NumPy's archive of arrays by name.
  case npz
  /// Tensors by name.
  case safetensors

  /// The format of what begins with these bytes.
  init(beginning: [UInt8]) {
    if beginning.starts(with: NumericArray.npyMagic) {
      self = .npy
    } else if beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) || beginning.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
      self = .npz
    } else if beginning.count > 8, beginning[8] == UInt8(ascii: "{"), beginning[4..<8].allSatisfy({ $0 == 0 }) {
      self = .safetensors
    } else {
      let text = String(decoding: beginning, as: UTF8.self)
      // Of a server that fails there is nothing but its error.
      let signs = [
        "\"prompt_logprobs\"", "\"choices\"", "\"completion_probabilities\"", "\"custom_id\"",
        "\"input_token_logprobs\"", "\"prefill\"",
      ]
      let isServer =
        signs.contains { text.contains($0) }
        || text.contains("\"error\"") && !text.contains("\"token_logprobs\"")
      let isHarness = text.contains("\"resps\"") && text.contains("\"doc_id\"")
      let isTable = text.first { !$0.isWhitespace && $0 != "\u{FEFF}" }.map { $0 != "{" && $0 != "[" } ?? false
      let firstLine = text.prefix { !$0.isNewline }
      if isTable, firstLine.contains("token_logprobs"), [",", "\t", ";"].contains(where: { firstLine.contains($0) }) {
        self = .csv
      } else if text.contains("\"suffix_ids\""), text.contains("\"results\"") {
        self = .suffixes
      } else {
        self = isHarness ? .harness : isServer ? .server : .native
      }
    }
  }
}

extension CaptureFormat {
  /// Whether it is of arrays.
  fileprivate var hasArrays: Bool { [.npy, .npz, .safetensors].contains(self) }

  /// What a file that begins with these bytes is, where it is none of the formats but easy to tell.
  static func stranger(beginning: [UInt8]) -> String? {
    let known: [([UInt8], String)] = [
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "is compressed by xz: gzip and Zstandard are read"),
      (Array("BZh".utf8), "is compressed by bzip2: gzip and Zstandard are read"),
      ([0x04, 0x22, 0x4D, 0x18], "is compressed by lz4: gzip and Zstandard are read"),
      (
        Array("PAR1".utf8),
        "is Parquet: the program reads it through its Python package; write one JSON object a line, or an .npz"
      ),
      ([0x89, 0x48, 0x44, 0x46], "is HDF5, which is not read: write an .npz"),
      ([0xFF, 0xFE], "is UTF-16: JSON is UTF-8"), ([0xFE, 0xFF], "is UTF-16: JSON is UTF-8"),
      ([0x7F, 0x45, 0x4C, 0x46], "is a program"),
    ]
    return known.first { beginning.starts(with: $0.0) }?.1
  }
}

/// How captures are read: their format, and what formats other than the native one leave open.
public struct CaptureOptions: Sendable {
  /// The format; nil to tell by the content.
  public var format: CaptureFormat?
  /// Where the reference begins in what servers score.
  public var split: ReferenceSplit?
  /// The records that were sent to a server, where they say for each response where its reference begins.
  public var promptRecords: PromptRecords?
  /// A `.npy` file of the references' lengths in a two-dimensional array, or of where each begins, and the end, in a
  /// one-dimensional one.
  public var arrayLengths: String?
  /// Whether the most probable tokens of each position are left out, and in native captures not looked at: most of a
  /// capture are these, and few questions need them.
  public var skipsAlternatives = false
  /// Whether a record may have a whole reference as its one token, as samples of lm-evaluation-harness have: what goes
  /// by tokens refuses those.
  public var takesWholeReferences = false
  /// Whether a record may be a long pass, in which a window of a document begins at each token: what takes a record as
  /// one window refuses those.
  public var takesLongPasses = false

  /// Of how many lines of a native capture the alternatives are read all the same, for checks.
  public var alternativesSample = 0
  /// Codes of what checks of evidence find that is let through, e.g. `all-zero`.
  public var allowed: Set<String> = []

  /// What reads captures that are neither files of lines nor arrays, see ``LineSource``.
  public var sources: [any LineSource] = []

  /// Formats are told by the content.
  public init() {}
}

extension CaptureOptions {
  /// Throws for what is asked of a format that has no use for it, and would be left undone without a word.
  func check(_ format: CaptureFormat, file: String) throws(CaptureError) {
    if promptRecords != nil, format != .server {
      throw CaptureError(
        file: file, problem: "is read as \(format.rawValue), which has no prompts", option: "promptRecords")
    }
    if split != nil, format != .server {
      throw CaptureError(
        file: file,
        problem:
          "is read as \(format.rawValue), which says itself where references begin; responses of servers do not",
        option: "split")
    }
    if arrayLengths != nil, !format.hasArrays {
      throw CaptureError(
        file: file, problem: "is read as \(format.rawValue), which has no arrays", option: "arrayLengths")
    }
  }
}
