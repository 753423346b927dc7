import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Make a native capture of server responses and arrays.",
    discussion: """
      Reads responses of OpenAI-style servers (completions with echo and logprobs) and of vLLM (prompt_logprobs), \
      one or many, plain \
      or as lines of a batch; .npy, .npz and .safetensors with log-probabilities. Native captures go through \
      checked, without fields that are none of a capture's. Samples of llama.cpp's completions \
      (completion_probabilities) are read too. Every command reads \
      these formats too; convert writes them once as a capture, which is read faster.

      Example: skewmem convert responses.jsonl --prefix-tokens 50 --output capture.jsonl
      Example: skewmem convert logprobs.npy --array-lengths lengths.npy | skewmem audit -
      """)

  @Argument(
    help: ArgumentHelp(
      "Files; - is standard input.", valueName: "file"))
  var files: [String]

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output = "-"

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  func run() async throws {
    try await reportingErrors { try await WorkLine.during(isQuiet: quiet) { try await convert() } }
  }

  private func convert() async throws {
    try checkOutput(output, against: files + [input.arrayLengths].compactMap(\.self))
    if !quiet { noteUnfinishedStores(files) }
    guard ![".gz", ".zst"].contains(where: output.hasSuffix) else {
      throw ValidationError(
        "--output \(output): captures are written plain; pipe standard output through gzip or zstd.")
    }
    let files = try expandedCaptures(files)
    try input.refuseSummaries(files)
    var options = try input.captureOptions()
    options.takesLongPasses = true
    let reader = CaptureReader(files: files, threads: threadOptions.threads, options: options)
    var checks = EvidenceChecks()
    var writer = try CaptureWriter(path: output)
    var count = 0
    try await reader.forEachLine { line in
      let record = try line.get()
      try writer.write(record)
      checks.add(record)
      count += 1
    }
    guard count > 0 else { throw CaptureError(file: files.joined(separator: ", "), problem: "no records") }
    let name = files.count == 1 ? files[0] : "\(files.count) captures"
    for warning in try checks.accepted(file: name, reader.options) where !quiet {
      printError("Note: \(warning.text)")
    }
    try writer.finish()
  }
}
