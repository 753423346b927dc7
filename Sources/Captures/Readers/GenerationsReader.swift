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
  /// The continuations as token numbers; empty where only texts are given.
  public let generations: [[Int]]
  /// The same as texts; empty where they are not given.
  public let texts: [String]
  /// How many tokens were asked for, where draws may have been ended once they left the reference; nil where every draw is as long as
  /// it was to be.
  public let maximumTokens: Int?

  /// Continuations of a record.
  public init(
    id: String, decoding: Decoding, generations: [[Int]], texts: [String] = [], maximumTokens: Int? = nil
  ) {
    self.maximumTokens = maximumTokens
    self.id = id
    self.decoding = decoding
    self.generations = generations
    self.texts = texts
  }
}

/// Reads sampled generations: one JSON object a line with `id`, `generations` (lists of token ids) and, as far as they differ
/// from plain sampling, `temperature`, `top_k` (0 for all), `top_p` and `min_p`; `draws`, where given, is their number, and
/// `texts` holds the same continuations as texts; one of the two is enough. `max_tokens` says how many tokens were asked for, where draws
/// were ended early once they had left the reference: a shorter draw that agrees with the reference to its end is known no further. `run`, `split`
/// and `epoch` tell records of the same name apart.
public enum GenerationsReader {
  private struct Coding: Decodable {
    let id: String
    let temperature: Double?
    let topK: Int?
    let topP: Double?
    let minP: Double?
    let draws: Int?
    let generations: [[Int]]?
    let texts: [String]?
    let maximumTokens: Int?
    let run: String?
    let split: String?
    let epoch: Double?

    enum CodingKeys: String, CodingKey {
      case id, temperature, draws, generations, texts, run, split, epoch
      case maximumTokens = "max_tokens"
      case topK = "top_k"
      case topP = "top_p"
      case minP = "min_p"
    }

    func sampled() throws -> SampledGenerations {
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
      for (index, tokens) in (generations ?? []).enumerated() where tokens.contains(where: { $0 < 0 }) {
        throw RecordError(field: "generations[\(index)]", problem: "holds a negative token number")
      }
      do {
        let decoding = try Decoding(
          temperature: temperature ?? 1, topK: topK == 0 ? nil : topK, topP: topP, minP: minP)
        var sampled = SampledGenerations(
          id: id, decoding: decoding, generations: generations ?? [], texts: texts ?? [],
          maximumTokens: maximumTokens)
        (sampled.run, sampled.split, sampled.epoch) = (run, split, epoch)
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
    let coder = LineCoder()
    let reader = CaptureLines(try InputFile(path: path, kind: .generations, sources: sources))
    var sets: [SampledGenerations] = []
    while let line = try reader.next() {
      let set = coder.decode(Coding.self, line, file: path, number: reader.lineNumber) { try $0.sampled() }
      sets.append(try set.get())
    }
    guard !sets.isEmpty else { throw CaptureError(file: path, problem: "no generations") }
    return sets
  }
}
