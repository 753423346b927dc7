import Captures
import Foundation
import GSLNumerics

/// Canaries: random texts that a fair coin puts into the training data or leaves out, so that what a model knows of
/// them says something about the training (TheModel §15).
///
/// ```swift
/// let set = try CanarySet(count: 4, kinds: [.digits], length: 16, seed: 7, salt: "0")
/// print(set.canaries[0].reference.count)  // prints 16
/// ```
public struct CanarySet: Sendable, Equatable {
  /// What a canary consists of.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Decimal digits.
    case digits
    /// Hexadecimal digits.
    case hex
    /// Letters a to z.
    case letters
    /// Words of two syllables that no language has.
    case words

    /// The bits of one character of the text, or of one of its syllables.
    fileprivate var alphabet: [String] {
      switch self {
      case .digits: (0...9).map(String.init)
      case .hex: "0123456789abcdef".map(String.init)
      case .letters: "abcdefghijklmnopqrstuvwxyz".map(String.init)
      case .words: "bdfgklmnprstvz".flatMap { first in "aeiou".map { "\(first)\($0)" } }
      }
    }
  }

  /// One canary.
  public struct Canary: Codable, Sendable, Equatable {
    /// Its name.
    public var id: String
    /// What it consists of.
    public var kind: Kind
    /// What precedes the secret: the same form for all, with the canary's own number.
    public var prefix: String
    /// The secret.
    public var reference: String
  }

  /// The canaries in their order.
  public let canaries: [Canary]
  /// Whether each is to be trained on.
  public let isIncluded: [Bool]
  /// The bits of entropy of each secret.
  public let bits: [Double]
  /// What the coins and the secrets come from; kept sealed until the audit.
  public let seal: Seal

  /// What a set is made from.
  public struct Seal: Codable, Sendable, Equatable {
    /// `skewmem.canaries-seal/1`.
    public var schema = "skewmem.canaries-seal/1"
    /// The seed of secrets and coins.
    public var seed: UInt64
    /// Random digits that keep the seed from being found by trial.
    public var salt: String
    /// The number of canaries.
    public var count: Int
    /// Their kinds, in turn.
    public var kinds: [Kind]
    /// Characters, or for words syllables.
    public var length: Int

    /// What may be published before training, and proves afterwards that the seal was not changed: SHA-256 of the
    /// fields.
    public var commitment: String {
      let fields = [schema, "\(seed)", salt, "\(count)", kinds.map(\.rawValue).joined(separator: ","), "\(length)"]
      return SHA256.hex(fields.joined(separator: "\n").utf8)
    }
  }

  /// Makes canaries.
  ///
  /// - Parameters:
  ///   - count: How many, half of them included on average.
  ///   - kinds: What they consist of, in turn.
  ///   - length: Characters of a secret, or syllables of one in words.
  ///   - seed: The seed of secrets and coins; it must stay unknown to whoever trains.
  ///   - salt: Random digits.
  /// - Throws: `ArgumentError` for 0 or more than 10^7 canaries, no kind, or secrets of fewer than 40 bits or more than
  ///   10,000 characters.
  public init(count: Int, kinds: [Kind], length: Int, seed: UInt64, salt: String) throws(ArgumentError) {
    try ArgumentError.check(count, "count", in: 1...10_000_000)
    guard !kinds.isEmpty else { throw ArgumentError(name: "kinds", value: "none", allowed: "one or more") }
    try self.init(Seal(seed: seed, salt: salt, count: count, kinds: kinds, length: length))
  }

  /// The set that a seal stands for.
  ///
  /// - Throws: As ``init(count:kinds:length:seed:salt:)``.
  public init(_ seal: Seal) throws(ArgumentError) {
    try ArgumentError.check(seal.length, "length", in: 1...10_000)
    for kind in seal.kinds {
      // Two secrets of fewer bits may be alike, and a model may guess one.
      let needed = Int((40 / Double.log2(Double(kind.alphabet.count))).rounded(.up))
      guard seal.length >= needed else {
        throw ArgumentError(
          name: "length", value: "\(seal.length)", allowed: "\(needed) or more for \(kind.rawValue): 40 bits")
      }
    }
    var secrets = SeededGenerator(seed: seal.seed, stream: 0)
    var coins = SeededGenerator(seed: seal.seed, stream: 1)
    let width = max(4, "\(seal.count - 1)".count)
    var canaries: [Canary] = []
    var (isIncluded, bits): ([Bool], [Double]) = ([], [])
    for index in 0..<seal.count {
      let kind = seal.kinds[index % seal.kinds.count]
      let alphabet = kind.alphabet
      let parts = (0..<seal.length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &secrets)] }
      let number = String(repeating: "0", count: width - "\(index)".count) + "\(index)"
      let secret =
        kind == .words
        ? stride(from: 0, to: parts.count, by: 2).map { parts[$0..<min($0 + 2, parts.count)].joined() }
          .joined(separator: " ")
        : parts.joined()
      canaries.append(
        Canary(id: "canary-\(number)", kind: kind, prefix: "Canary \(number), \(kind.rawValue): ", reference: secret))
      isIncluded.append(Bool.random(using: &coins))
      bits.append(Double(seal.length) * .log2(Double(alphabet.count)))
    }
    (self.canaries, self.isIncluded, self.bits, self.seal) = (canaries, isIncluded, bits, seal)
  }
}

extension CanarySet {
  /// The set whose seal is in a file.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read or is no seal; `ArgumentError` for what it says.
  public init(sealAt path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CaptureError(file: path, problem: "cannot be read")
    }
    guard let seal = try? JSONDecoder().decode(Seal.self, from: data), seal.schema == Self.schema else {
      throw CaptureError(file: path, problem: "is no seal of canaries (seal.json of canaries make)")
    }
    try ArgumentError.check(seal.count, "count", in: 1...10_000_000)
    guard !seal.kinds.isEmpty else { throw ArgumentError(name: "kinds", value: "none", allowed: "one or more") }
    try self.init(seal)
  }

  private static let schema = Seal(seed: 0, salt: "", count: 0, kinds: [], length: 0).schema
}
