import ArgumentParser
import Captures
import Foundation

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Make a native capture of server responses and arrays.",
    discussion: """
      Reads responses of OpenAI-style servers (completions with echo and logprobs) and of vLLM (prompt_logprobs), one or many, plain \
      or as lines of a batch; .npy and .safetensors with log-probabilities. The format is told by the content. Native captures go \
      through checked.

      Example: skewmem convert responses.jsonl --prefix-tokens 50 --output capture.jsonl
      Example: skewmem convert logprobs.npy --lengths lengths.npy | skewmem audit -
      """)

  @Argument(
    help: ArgumentHelp(
      "Files; - is standard input, native lines unless --input-format says otherwise.", valueName: "file"))
  var files: [String]

  @Option(help: "The format of the files.")
  var inputFormat: CaptureConverter.Format?

  @Option(help: ArgumentHelp("The reference of a scored text begins after so many tokens.", valueName: "m"))
  var prefixTokens: Int?

  @Option(help: ArgumentHelp("The reference of a scored text is its last tokens.", valueName: "n"))
  var suffixTokens: Int?

  @Option(
    help: ArgumentHelp(
      "A .npy of the rows' lengths, or for a one-dimensional array of where each reference begins, and the last ends.",
      valueName: "file"))
  var lengths: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output = "-"

  func validate() throws {
    guard prefixTokens == nil || suffixTokens == nil else {
      throw ValidationError("--prefix-tokens and --suffix-tokens exclude each other.")
    }
    for (name, value) in [("--prefix-tokens", prefixTokens), ("--suffix-tokens", suffixTokens)] {
      if let value, value < 1 { throw ValidationError("\(name) is 1 or more.") }
    }
  }

  func run() async throws {
    try await reportingErrors {
      try SummaryOutput.check(output, against: files + [lengths].compactMap(\.self))
      var converter = CaptureConverter()
      converter.format = inputFormat
      converter.split = prefixTokens.map { .prefixTokens($0) } ?? suffixTokens.map { .suffixTokens($0) }
      converter.lengths = lengths
      // Ids that files have in common would be one record to whoever matches them.
      let isOne = files.count == 1
      var writer = try CaptureWriter(path: output)
      var count = 0
      for file in files {
        try await converter.forEachRecord(of: file) { record in
          var record = record
          if !isOne, record.id.hasPrefix("row-") || record.id.hasPrefix("response-") {
            record.id = "\(file):\(record.id)"
          }
          try writer.write(record)
          count += 1
        }
      }
      guard count > 0 else { throw CaptureError(file: files.joined(separator: ", "), problem: "no records") }
      try writer.finish()
    }
  }
}

extension CaptureConverter.Format: ExpressibleByArgument {}
