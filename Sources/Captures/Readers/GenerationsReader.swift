import Foundation
import TokenProcess

/// Sampled continuations of one record under one decoding scheme.
public struct SampledGenerations: Sendable, Equatable {
  /// The record's name.
  public let id: String
  /// The training run of the record's model; nil where it is not said.
  public var run: String?
  /// The record's part of the data.
  public var split: String?
  /// The epoch of the checkpoint.
  public var epoch: Double?
  /// The scheme that they were drawn with.
  public let decoding: Decoding
  /// What was given before them; nil where it is not said.
  public var prompt: String?
  /// The continuations as token numbers; empty where only texts are given.
  public let generations: [[Int]]
  /// The same as texts; empty where they are not given.
  public let texts: [String]
  /// ln p of each token of each continuation, at the temperature 1; empty where they are not given.
  public let logProbabilities: [[Double]]
  /// How many tokens were asked for, where draws may have been ended once they left the reference; nil where every draw
  /// is as long as it was to be.
  public let maximumTokens: Int?

  /// Stands for the end-of-text token in what `skewmem capture` draws, since servers do not say its number.
  public static let endOfText = Int(Int32.max)

  /// Continuations of a record.
  public init(
    id: String, decoding: Decoding, generations: [[Int]], texts: [String] = [], logProbabilities: [[Double]] = [],
    maximumTokens: Int? = nil
  ) {
    self.logProbabilities = logProbabilities
    self.maximumTokens = maximumTokens
    self.id = id
    self.decoding = decoding
    self.generations = generations
    self.texts = texts
  }
}

/// Reads sampled generations: one JSON object a line with `id`, `generations` (lists of token ids) and, as far as they
/// differ from plain sampling, `temperature`, `top_k` (0 for all), `top_p` and `min_p`; `draws`, where given, is their
/// number, and `texts` holds the same continuations as texts; one of the two is enough.
/// `logprobs` has ln p of each token. `max_tokens` says how many tokens were asked for, where draws were ended early
/// once they had left the reference: a shorter draw that agrees with the reference to its end is known no further.
/// `text` is one continuation alone; `prompt` or `prefix` is what was given before them.
/// `run`, `split` and `epoch` tell records of the same name apart. Lines that lm-evaluation-harness logs for tasks that
/// generate are read too, under the number of the document.
public enum GenerationsReader {
  /// A line as it stands.
  private struct Fields {
    var id: String?
    var temperature: Double?
    var topK: Int?
    var topP: Double?
    var minP: Double?
    var draws: Int?
    var generations: [[Int]]?
    var texts: [String]?
    var prompt: String?
    var logProbabilities: [[Double]]?
    var maximumTokens: Int?
    var run: String?
    var split: String?
    var epoch: Double?
    /// Whether the line has the harness's field of answers.
    var isHarness = false

    init(_ line: Data) throws(JSONFault) {
      var fields = Fields()
      try JSONCursor.value(of: line) { cursor throws(JSONFault) in
        try cursor.object { name, cursor throws(JSONFault) in try fields.read(name, &cursor) }
      }
      self = fields
    }

    private init() {}

    private mutating func read(_ name: String, _ cursor: inout JSONCursor) throws(JSONFault) {
      switch name {
      case "id": id = try cursor.name()
      case "temperature": temperature = try cursor.number()
      case "top_k": topK = try cursor.integer()
      case "top_p": topP = try cursor.number()
      case "min_p": minP = try cursor.number()
      case "draws": draws = try cursor.integer()
      case "generations":
        var lists: [[Int]] = []
        generations = try cursor.list(&lists) { cursor throws(JSONFault) in try cursor.integers() }
      case "texts":
        var list: [String] = []
        texts = try cursor.list(&list) { cursor throws(JSONFault) in try cursor.text() }
      case "text": texts = [try cursor.text()]
      case "prompt", "prefix": prompt = try cursor.text()
      case "logprobs":
        var lists: [[Double]] = []
        logProbabilities = try cursor.list(&lists) { cursor throws(JSONFault) in
          var values: [Double] = []
          return try cursor.list(&values) { cursor throws(JSONFault) in try cursor.number() }
        }
      case "max_tokens": maximumTokens = try cursor.integer()
      case "run": run = try cursor.text()
      case "split": split = try cursor.text()
      case "epoch": epoch = try cursor.number()
      case "resps":
        isHarness = true
        try cursor.skipValue()
      default: try cursor.skipValue()
      }
    }

    func sampled() throws -> SampledGenerations {
      guard let id else { throw RecordError(field: "id", problem: "is missing") }
      guard let count = generations?.count ?? texts?.count else {
        throw RecordError(field: "generations", problem: "is missing, and so is texts")
      }
      if let draws, draws != count {
        throw RecordError(field: "draws", problem: "is \(draws), but there are \(count) generations")
      }
      if let maximumTokens, let longest = generations?.map(\.count).max(), maximumTokens < 1 || maximumTokens < longest
      {
        throw RecordError(field: "max_tokens", problem: "is \(maximumTokens), but a generation has \(longest) tokens")
      }
      if let texts, texts.count != count {
        throw RecordError(field: "texts", problem: "has \(texts.count) texts, but there are \(count) generations")
      }
      if let logProbabilities, logProbabilities.map(\.count) != generations?.map(\.count) {
        throw RecordError(field: "logprobs", problem: "are not as many as the tokens of the generations")
      }
      for (index, values) in (logProbabilities ?? []).enumerated() where !values.allSatisfy({ $0 <= 0 }) {
        throw RecordError(field: "logprobs[\(index)]", problem: "has a value that is no log-probability")
      }
      for (index, tokens) in (generations ?? []).enumerated() where tokens.contains(where: { $0 < 0 }) {
        throw RecordError(field: "generations[\(index)]", problem: "holds a negative token number")
      }
      do {
        let decoding = try Decoding(
          temperature: temperature ?? 1, topK: topK == 0 ? nil : topK, topP: topP, minP: minP)
        var sampled = SampledGenerations(
          id: id, decoding: decoding, generations: generations ?? [], texts: texts ?? [],
          logProbabilities: logProbabilities ?? [], maximumTokens: maximumTokens)
        (sampled.run, sampled.split, sampled.epoch) = (run, split, epoch)
        sampled.prompt = prompt
        return sampled
      } catch {
        throw RecordError(
          field: String(error.name.flatMap { $0.isUppercase ? ["_", Character($0.lowercased())] : [$0] }),
          problem: "is \(error.value), and must be: \(error.allowed)\(error.name == "topK" ? ", or 0 for all" : "")")
      }
    }
  }

  /// All lines of a file, or of what one of the sources reads.
  ///
  /// - Throws: `CaptureError` with line and field.
  public static func read(path: String, sources: [any LineSource] = []) throws -> [SampledGenerations] {
    let reader = CaptureLines(try InputFile(path: path, kind: .generations, sources: sources))
    var sets: [SampledGenerations] = []
    var filters: [String: String] = [:]
    while let line = try reader.next() {
      let read = try naming(path, line: reader.lineNumber) {
        () -> (generations: SampledGenerations, filter: String?) in
        let fields = try Fields(line)
        return try fields.isHarness
          ? HarnessGenerations.generations(line) ?? (fields.sampled(), nil) : (fields.sampled(), nil)
      }
      // The harness has a line for each filter of one document, with the same answers.
      if let filter = read.filter {
        let first = filters[read.generations.id, default: filter]
        filters[read.generations.id] = first
        if first != filter { continue }
      }
      sets.append(read.generations)
    }
    guard !sets.isEmpty else { throw CaptureError(file: path, problem: "no generations") }
    return sets
  }
}
