import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

/// `skewmem canaries`: making canaries, and auditing by them.
struct CanariesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canaries",
    abstract: "Random texts that coins put into the training data: lower bounds of ε, and exposure.",
    subcommands: [CanariesMakeCommand.self, CanariesAuditCommand.self])
}

struct CanariesMakeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Makes canaries, and decides on each by a fair coin.",
    discussion: """
      Writes into a folder: train.jsonl (the texts to add to the training data, as often as --repeat says), \
      canaries.jsonl (all of them, to be scored after training with capture or score.py), and seal.json (the seed; \
      keep it from whoever trains until the audit). The commitment that is printed may be published before training.

      Example: skewmem canaries make --count 1000 --kind digits,words --output canaries
      """)

  @Option(help: ArgumentHelp("Canaries; half of them are included on average.", valueName: "m"))
  var count = 1000

  @Option(help: ArgumentHelp("digits, hex, letters or words, in turn.", valueName: "kind,..."))
  var kind: NumberList<String> = ["digits", "words"]

  @Option(help: ArgumentHelp("Characters of a secret, or syllables of one in words.", valueName: "n"))
  var length = 24

  @Option(help: ArgumentHelp("How often each included canary is in train.jsonl.", valueName: "k"))
  var `repeat` = 1

  @Option(help: "The seed. (default: a random one)")
  var seed: UInt64?

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write to; it must not be there.", valueName: "folder"))
  var output: String

  func run() async throws {
    try await reportingErrors(options: ["kinds": "--kind"]) {
      let kinds = try kind.numbers.map { name in
        guard let kind = CanarySet.Kind(rawValue: name) else {
          throw ValidationError("--kind \(name) is none of digits, hex, letters, words.")
        }
        return kind
      }
      guard (1...10_000).contains(`repeat`) else {
        throw ValidationError("--repeat is \(`repeat`), and must be: 1 to 10000")
      }
      guard !FileManager.default.fileExists(atPath: output) else {
        throw ValidationError("--output \(output) is there already: canaries are never made over others.")
      }
      var random = SystemRandomNumberGenerator()
      let salt = (0..<4).map { _ in String(random.next(), radix: 16) }.joined(separator: "-")
      let set = try CanarySet(
        count: count, kinds: kinds, length: length, seed: seed ?? random.next(), salt: salt)
      do {
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      } catch {
        throw OutputError(file: output, problem: "is a folder that cannot be made")
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let lines = try set.canaries.map { try encoder.encode($0) + Data("\n".utf8) }
      try AtomicFile.write(lines.reduce(into: Data()) { $0 += $1 }, to: output + "/canaries.jsonl")
      // What is trained on does not say which canaries it leaves out, but by their numbers.
      var training = Data()
      for (canary, isIncluded) in zip(set.canaries, set.isIncluded) where isIncluded {
        let line = try encoder.encode(["text": canary.prefix + canary.reference]) + Data("\n".utf8)
        for _ in 0..<`repeat` { training += line }
      }
      try AtomicFile.write(training, to: output + "/train.jsonl")
      try AtomicFile.write(try OutputOptions.json(set.seal), to: output + "/seal.json")
      print(
        "\(set.canaries.count) canaries, \(set.isIncluded.count { $0 }) of them in \(output)/train.jsonl\n"
          + "commitment \(set.seal.commitment)")
    }
  }
}

struct CanariesAuditCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Lower bounds of ε and the exposure of canaries, from a capture of all of them.",
    discussion: """
      Needs the seal of canaries make: without random inclusion nothing can be said about ε.

      Example: skewmem canaries audit scored.jsonl --seal canaries/seal.json --reference before-training.jsonl
      """)

  @Argument(help: ArgumentHelp("The capture of all canaries by the trained model.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("seal.json of canaries make.", valueName: "file"))
  var seal: String?

  @Option(help: ArgumentHelp("The commitment that was published before training, to be checked.", valueName: "hex"))
  var commitment: String?

  @Option(help: ArgumentHelp("The canaries by the model before training.", valueName: "file"))
  var reference: String?

  @Option(help: "δ of the second bound.")
  var delta = CanariesAnalysis().delta

  @Option(
    help: ArgumentHelp(
      "Canaries that are guessed, fixed before looking. (default: 2, 5, 10, 20, 50 and 100 %, sharing the error)",
      valueName: "r"))
  var guesses: Int?

  @Option(help: "How many canaries to list.")
  var top = CanariesAnalysis().top

  @Option(help: "Confidence level of the bounds.")
  var level = CanariesAnalysis().level

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }
  var otherInputs: [String] { [reference, seal].compactMap(\.self) }

  func report() async throws -> CanariesReport {
    guard let seal else {
      throw ValidationError(
        "--seal is needed: without random inclusion of canaries there is no bound of ε. "
          + "Make them with canaries make before training.")
    }
    let set = try CanarySet(sealAt: seal)
    if let commitment, commitment.lowercased() != set.seal.commitment {
      throw CaptureError(
        file: seal, problem: "is not what was committed to: its commitment is \(set.seal.commitment)")
    }
    var analysis = CanariesAnalysis()
    analysis.delta = delta
    analysis.guesses = guesses
    analysis.top = top
    analysis.level = level
    let capture: Capture = try await input.capture(file, threadOptions, withAlternatives: false)
    let before = try await input.capture(reference, threadOptions, withAlternatives: false)
    return try await analysis.run(on: capture, set: set, reference: before)
  }
}
