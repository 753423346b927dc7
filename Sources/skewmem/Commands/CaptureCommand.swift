import ArgumentParser
import Captures
import Foundation
import ModelServers
import TokenProcess

struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Ask a model server for the log-probabilities of records, into a store that every command reads.",
    discussion: """
      Input is one JSON object a line: id, prefix and reference as texts (or prefix_token_ids and \
      reference_token_ids; run, split, epoch and so on are \
      kept), messages of a conversation whose last answer is the reference, or whole texts with --prefix-tokens and \
      --suffix-tokens. Input is also a text (.txt, .md), or a folder of texts, which are cut into windows: what works \
      reads. Servers: vLLM (prompt_logprobs), llama.cpp (token by token), and others with \
      OpenAI's completions and echo (llama-cpp-python). Killed at any moment and started again with the same \
      arguments, it resumes where it stopped.

      The key, where a server wants one, is taken from the environment (--api-key-variable) and written nowhere.

      Exit codes beside the usual: 69 the server is not there or fails, 77 it wants another key. What was finished \
      is kept.

      Example: skewmem capture records.jsonl --server http://127.0.0.1:8080 --output records.store && skewmem audit \
      records.store
      Example: skewmem capture book.txt --prefix-tokens 50 --suffix-tokens 50 --stride 10 --server \
      http://127.0.0.1:8000 --output book.store && skewmem works book.store
      """)

  @Argument(
    help: ArgumentHelp(
      "Records to score, a text or a folder of texts; - is standard input, gzip and Zstandard are read.",
      valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("The server's address.", valueName: "url"))
  var server: String

  @Option(help: ArgumentHelp("The model's name, where the server has several.", valueName: "name"))
  var model: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The store, a SQLite file: a new one, or one to resume.", valueName: "file")
  )
  var output: String

  @Option(help: "prompt-logprobs, echo or token-by-token. (default: what the server can)")
  var scoring: Scoring?

  @Option(help: ArgumentHelp("How many of the most probable tokens to keep at each position.", valueName: "k"))
  var alternatives = CaptureRun.Settings().alternatives

  @Option(help: ArgumentHelp("Requests at a time.", valueName: "n"))
  var concurrency = 8

  @Option(
    help: ArgumentHelp("Environment variable with the server's key. (default: SKEWMEM_API_KEY)", valueName: "name"))
  var apiKeyVariable: String?

  @Option(help: ArgumentHelp("Seconds before a request is given up.", valueName: "s"))
  var timeout = HTTPClient.RetryPolicy().timeout

  @Option(help: "How often a request is tried again.")
  var retries = HTTPClient.RetryPolicy().retries

  @Option(help: ArgumentHelp("Seconds before the first new try; doubled each time.", valueName: "s"))
  var retryWait = HTTPClient.RetryPolicy().wait

  @Option(
    help: ArgumentHelp(
      "Score so many records again at the end, one at a time and in another order, and compare.", valueName: "k"))
  var verify = 0

  @Option(
    help: ArgumentHelp(
      """
      Certificates (PEM) to trust in place of the system's. (default: CURL_CA_BUNDLE or SSL_CERT_FILE of the \
      environment)
      """, valueName: "file"))
  var caFile: String?

  @Flag(help: "Leave out invalid lines of input, and say which.")
  var skipInvalid = false

  @OptionGroup(title: "Input") var input: PassageInputOptions
  @OptionGroup(title: "Generations") var generations: GenerationOptions
  @OptionGroup(title: "Near-copies") var near: NearOptions

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  func validate() throws {
    guard (0...1000).contains(alternatives) else { throw ValidationError("--alternatives is 0 to 1000.") }
    guard (1...1024).contains(concurrency) else {
      throw ValidationError("--concurrency is \(concurrency), and must be: 1 to 1024")
    }
    guard (0...1_000_000).contains(verify) else { throw ValidationError("--verify is 0 to 1000000.") }
    if let caFile, !FileManager.default.isReadableFile(atPath: caFile) {
      throw ValidationError("--ca-file \(caFile) cannot be read.")
    }
    guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout is above 0 and at most 86400.") }
    guard (0...100).contains(retries) else { throw ValidationError("--retries is 0 to 100.") }
    guard retryWait >= 0, retryWait <= 3600 else { throw ValidationError("--retry-wait is 0 to 3600.") }
    guard generations.draws > 0 || near.near != nil || !generations.decoding.isGiven else {
      throw ValidationError(
        "--temperature, --top-k, --top-p and --min-p are for draws and near-copies: give --draws or --near.")
    }
    guard near.near == nil || generations.decoding.temperature != 0 else {
      throw ValidationError("Near-copies at temperature 0 are those of one text: draw it with --greedy.")
    }
    guard output != "-" else { throw ValidationError("--output is a file: a store cannot be standard output.") }
  }

  func run() async throws {
    try await reportingErrors {
      try checkOutput(output, against: [file])
      var settings = CaptureRun.Settings()
      settings.model = model
      settings.scoring = scoring
      settings.alternatives = alternatives
      settings.passages = input.options
      settings.generations = try generations.plan
      settings.near = try near.plan(generations.decoding.decoding(), seed: generations.seed)
      var retryPolicy = HTTPClient.RetryPolicy()
      retryPolicy.timeout = timeout
      retryPolicy.retries = retries
      retryPolicy.wait = retryWait
      let environment = ProcessInfo.processInfo.environment
      let key = environment[apiKeyVariable ?? "SKEWMEM_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
      if let apiKeyVariable, key == nil {
        throw ValidationError("--api-key-variable: there is no \(apiKeyVariable) in the environment.")
      }
      let bar = CaptureProgressBar(isQuiet: quiet)
      let client = try HTTPClient(
        address: server, key: key, retryPolicy: retryPolicy, concurrency: concurrency,
        authorities: caFile ?? environment["CURL_CA_BUNDLE"] ?? environment["SSL_CERT_FILE"], onWait: { bar.note($0) })
      defer { bar.finish() }
      let outcome = try await CaptureRun(
        client: client, settings: settings, verified: verify, skipsInvalid: skipInvalid
      )
      .run(input: file, store: output) { bar.update($0) }
      bar.finish()
      printErrors(outcome.invalid.errors, of: outcome.invalid.count)
      if outcome.leftOut > 0, !quiet {
        printError("texts with too few tokens to be cut, which were left out: \(outcome.leftOut)")
      }
      for problem in outcome.problems { printError("\(problem.id): \(problem.problem)") }
      if outcome.failed > outcome.problems.count { printError("… and \(outcome.failed - outcome.problems.count) more") }
      if !quiet { print("\(output): \(outcome.finished) of \(outcome.passages) records") }
      if !quiet, outcome.noise.count > 1 {
        let sorted = outcome.noise.sorted()
        print(
          "\(sorted.count) records scored again: the largest change of ln p in a record has the median "
            + "\(Float(sorted[sorted.count / 2])), and is at most \(Float(sorted[sorted.count - 1]))")
      }
      if let found = outcome.verification { try report(found) }
      if outcome.failed > 0 {
        printError("records without a result: \(outcome.failed); the same command tries them again")
        throw FailureCode.data
      }
    }
  }

  /// Says what scoring records again showed.
  private func report(_ found: Verification) throws {
    let change =
      "ln p changes by at most \(Float(found.largest)), ln S(n) by at most \(Float(found.largestOfSurvival))"
    if !quiet { print("--verify: \(found.records) records scored again: \(change)") }
    guard !found.disagreeing.isEmpty else { return }
    let names = found.disagreeing.prefix(10).joined(separator: ", ") + (found.disagreeing.count > 10 ? ", …" : "")
    printError(
      "\(found.disagreeing.count) of \(found.records) records have other values when they are scored again (\(names)): "
        + "the server's answers depend on more than the text; switch off prefix caching and speculative decoding, and "
        + "capture again")
    throw FailureCode.unavailable
  }
}

extension Scoring: ExpressibleByArgument {}

/// What is scored of a line.
struct PassageInputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Cut texts: tokens before the reference.", valueName: "m"))
  var prefixTokens: Int?

  @Option(help: ArgumentHelp("Cut texts: tokens of the reference.", valueName: "n"))
  var suffixTokens: Int?

  @Option(
    help: ArgumentHelp(
      "Cut texts: a window begins every so many tokens. (default: one from the beginning)", valueName: "k"))
  var stride: Int?

  @Option(
    help: ArgumentHelp(
      "Cut texts: the tokens, from 0, at which references begin, in place of --stride.", valueName: "s,..."))
  var starts: NumberList<Int>?

  @Option(
    help: ArgumentHelp(
      """
      Cut texts into long passes of so many tokens: a window begins at every token, with at least --prefix-tokens \
      before it. One request a pass.
      """, valueName: "c"))
  var context: Int?

  @Option(
    help: ArgumentHelp(
      """
      Ask for each reference after so many of the last tokens of its prefix, as prefixes reads it; needs token ids, or \
      texts to be cut.
      """, valueName: "k,..."))
  var prefixLengths: NumberList<Int>?

  @Option(help: ArgumentHelp("The field of prefixes.", valueName: "name"))
  var prefixField = PassageOptions().prefixField

  @Option(help: ArgumentHelp("The field of references.", valueName: "name"))
  var referenceField = PassageOptions().referenceField

  @Option(help: ArgumentHelp("The field of texts to be cut.", valueName: "name"))
  var textField = PassageOptions().textField

  func validate() throws {
    guard (prefixTokens == nil) == (suffixTokens == nil) else {
      throw ValidationError("--prefix-tokens and --suffix-tokens come together.")
    }
    guard stride == nil || prefixTokens != nil else {
      throw ValidationError("--stride needs --prefix-tokens and --suffix-tokens.")
    }
    let ways = [stride != nil, starts != nil, context != nil].count(where: \.self)
    guard ways <= 1 else { throw ValidationError("--stride, --starts and --context exclude each other.") }
    guard ways == 0 || prefixTokens != nil else {
      throw ValidationError("--starts and --context need --prefix-tokens and --suffix-tokens.")
    }
    if let starts, starts.numbers.contains(where: { $0 < 0 }) || Set(starts.numbers).count < starts.numbers.count {
      throw ValidationError("--starts are different numbers of tokens, 0 or more.")
    }
    if let context, let prefixTokens, let suffixTokens, context < prefixTokens + suffixTokens {
      throw ValidationError(
        "--context is \(context), and must be: --prefix-tokens and --suffix-tokens together, or more")
    }
    if let lengths = prefixLengths?.numbers {
      guard lengths.allSatisfy((1...1_000_000).contains) else {
        throw ValidationError("--prefix-lengths are 1 to 1000000.")
      }
      guard context == nil else { throw ValidationError("--prefix-lengths and --context exclude each other.") }
      if let prefixTokens, let longest = lengths.max(), longest > prefixTokens {
        throw ValidationError("--prefix-lengths are at most --prefix-tokens, which is \(prefixTokens).")
      }
    }
    for (name, value) in [
      ("--prefix-tokens", prefixTokens), ("--suffix-tokens", suffixTokens), ("--stride", stride),
      ("--context", context),
    ] {
      if let value, !(1...1_000_000).contains(value) { throw ValidationError("\(name) is 1 to 1000000.") }
    }
  }

  var options: PassageOptions {
    var options = PassageOptions()
    options.prefixField = prefixField
    options.referenceField = referenceField
    options.textField = textField
    options.prefixTokens = prefixTokens
    options.suffixTokens = suffixTokens
    options.stride = stride
    options.starts = starts?.numbers
    options.passTokens = context
    options.prefixLengths = prefixLengths.map { Set($0.numbers).sorted() }
    return options
  }
}

/// Which generations are asked for.
struct GenerationOptions: ParsableArguments {
  @Flag(help: "Also the greedy continuation.")
  var greedy = false

  @Option(help: ArgumentHelp("Also so many sampled continuations of each record.", valueName: "k"))
  var draws = 0

  @Flag(
    help: """
      Draws to the length of the reference or their own end, as text similarity needs them. (default: only as far as \
      they repeat the reference, as validate needs them)
      """)
  var whole = false

  @OptionGroup var decoding: DecodingOptions

  @Option(help: "Seed of the samples.")
  var seed: UInt64 = 0

  func validate() throws {
    guard (0...100_000).contains(draws) else { throw ValidationError("--draws is 0 to 100000.") }
    guard draws == 0 || decoding.temperature != 0 else {
      throw ValidationError("Draws at temperature 0 are all the same: --greedy is that one.")
    }
    guard !whole || greedy || draws > 0 else {
      throw ValidationError("--whole is for continuations: give --greedy or --draws.")
    }
  }

  /// nil for none.
  var plan: GenerationPlan? {
    get throws {
      let asked = try decoding.decoding()
      let schemes = (greedy ? [.greedy] : []) + (draws > 0 ? [asked] : [])
      return schemes.isEmpty ? nil : GenerationPlan(schemes: schemes, draws: draws, seed: seed, isWhole: whole)
    }
  }
}

/// Which near-copies are searched for.
struct NearOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also bound the probability of a continuation with at most e changed tokens.", valueName: "e,..."))
  var near: NumberList<Int>?

  @Option(help: "Changes: levenshtein (put in, left out, replaced) or hamming (replaced).")
  var nearDistance = TokenDistance.levenshtein

  @Option(help: ArgumentHelp("Tokens that are compared.", valueName: "n,..."))
  var nearLength: NumberList<Int> = [50]

  @Option(help: ArgumentHelp("Requests for a record, e and n, at most.", valueName: "count"))
  var nearBudget = 200

  @Option(help: ArgumentHelp("Stop when the bounds differ by this share of the upper one.", valueName: "share"))
  var nearWidth = 0.1

  @Option(
    help: ArgumentHelp(
      "Where the bounds stay further apart, estimate from so many draws of the first change; for hamming.",
      valueName: "k"))
  var nearDraws = 0

  func validate() throws {
    for e in near?.numbers ?? [] where !(0...20).contains(e) {
      throw ValidationError("--near is \(e), and must be: 0 to 20")
    }
    for n in nearLength.numbers where !(1...1000).contains(n) {
      throw ValidationError("--near-length is \(n), and must be: 1 to 1000")
    }
    guard (1...1_000_000).contains(nearBudget) else { throw ValidationError("--near-budget is 1 to 1000000.") }
    guard nearDraws == 0 || (2...1_000_000).contains(nearDraws) else {
      throw ValidationError("--near-draws is 2 to 1000000, or 0 for none.")
    }
    guard nearDraws == 0 || nearDistance == .hamming else {
      throw ValidationError("--near-draws is for --near-distance hamming.")
    }
    guard nearWidth >= 0, nearWidth < 1 else { throw ValidationError("--near-width is 0 or more, and below 1.") }
  }

  /// nil for none.
  func plan(_ decoding: Decoding, seed: UInt64) -> NearPlan? {
    near.map { limits in
      var plan = NearPlan(limits: limits.numbers, lengths: nearLength.numbers)
      (plan.distance, plan.budget, plan.relativeWidth) = (nearDistance, nearBudget, nearWidth)
      (plan.decoding, plan.draws, plan.seed) = (decoding, nearDraws, seed)
      return plan
    }
  }
}

extension TokenDistance: ExpressibleByArgument {}
