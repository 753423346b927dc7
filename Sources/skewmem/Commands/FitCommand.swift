import ArgumentParser
import Captures
import HeavyTails
import SkewedMemorization
import TokenProcess

struct FitCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit families of heavy-tailed laws to match lengths.",
    discussion: """
      FILE is a capture, whose exact law of N is fitted (or its greedy matches, with --greedy), or counts: one length a line, \
      optionally how often; 12+ is censored at 12.

      Families: \(FamilyChoice.plainNames); each also with the prefix zero-inflated-, \
      cured- or zero-inflated-cured-.

      Example: skewmem fit lengths.counts --families zeta,discrete-lognormal --n-min auto --bootstrap 1000
      """)

  @Argument(help: ArgumentHelp("A capture, a summary or counts; - is standard input.", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp("Families, or \"all\". (default: those that describe match lengths)", valueName: "name,name,...")
  )
  var families: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Where the tail begins, or \"auto\" for the Kolmogorov–Smirnov rule.", valueName: "n|auto"))
  var nMin = "0"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Leave out longer lengths: a sharp end of what could be seen.", valueName: "n"))
  var nMax: Int?

  @Flag(help: "Compare every pair of families, not only the best with the others.")
  var compare = false

  @Flag(help: "95 % confidence intervals of parameters and of S(n).")
  var intervals = false

  @Option(
    help: ArgumentHelp(
      "delta, profile (for counts) or bootstrap. (default: profile for counts, delta otherwise)", valueName: "method"))
  var intervalMethod: FitAnalysis.IntervalMethod?

  @Flag(help: "The largest lengths by themselves: tail index, mean excess, return levels; for counts.")
  var extremes = false

  @Flag(help: "Stop the bootstrap test once it is clear on which side of 0.05 its p-value lies.")
  var stopEarly = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Replicates of the bootstrap test of the best family; for counts.", valueName: "B"))
  var bootstrap = 0

  @Flag(help: "Fit a capture's greedy match lengths.")
  var greedy = false

  @Option(help: "Seed of the bootstraps.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }

  func report() async throws -> FitReport {
    guard !output.isSameFile(as: file) else {
      throw ValidationError("--output \(output.output) is the file to be read.")
    }
    return try await report(try analysis())
  }

  private func report(_ analysis: FitAnalysis) async throws -> FitReport {
    let opened = try InputFile(path: file)
    let isSummary = try AuditSummary.isSummary(opened)
    if !isSummary, input.inputFormat == nil, try CountsReader.isCounts(opened) {
      if greedy { throw ValidationError("--greedy is for captures.") }
      var analysis = analysis
      if intervals { analysis.intervals = intervalMethod ?? .profile }
      return try await analysis.report(on: try CountsReader.counts(opened), file: file)
    }
    if !greedy {
      // The exact law is no sample of draws.
      let needCounts = [
        "--bootstrap": bootstrap > 0, "--extremes": extremes, "--interval-method profile": intervalMethod == .profile,
      ]
      for (option, isGiven) in needCounts.sorted(by: { $0.key < $1.key }) where isGiven {
        throw ValidationError("\(option) needs counts of draws; add --greedy or give a counts file.")
      }
    }
    let (counts, clusters) = try await isSummary ? summarized(opened) : read(opened)
    var analysis = analysis
    if intervals { analysis.intervals = intervalMethod ?? (greedy ? .profile : .delta) }
    return try await analysis.report(on: counts, clusters: greedy ? nil : clusters, file: file)
  }

  private func summarized(_ opened: InputFile) throws -> (CensoredCounts, [CensoredCounts]) {
    let summary = try input.summary(opened)
    if summary.skipped > 0, !output.quiet {
      printError("\(file): \(summary.skipped) invalid lines had been left out of the summary")
    }
    let accumulator = summary.accumulator
    guard greedy else { return (accumulator.counts, accumulator.clusters) }
    guard accumulator.greedyCounts.total == accumulator.counts.total else {
      throw CaptureError(file: file, field: "ranks", problem: "some records have neither ranks nor greedy tokens")
    }
    return (accumulator.greedyCounts, [])
  }

  private func read(_ opened: InputFile) async throws -> (CensoredCounts, [CensoredCounts]) {
    var histogram = MatchLengthHistogram()
    var groups = RecordGroups()
    var options = input.captureOptions
    options.skipsAlternatives = true
    let reader = CaptureReader(files: [file], threads: threadOptions.threads, options: options)
    try await reader.forEachPart(of: opened, { $0 }) { lines in
      for line in lines {
        let record = try line.get()
        if greedy {
          guard let match = GreedyMatch(record) else {
            throw CaptureError(
              file: file, field: "ranks", problem: "record \(record.id) has neither ranks nor greedy tokens")
          }
          histogram.add(match)
        } else {
          let law = MatchLengthLaw(record)
          histogram.add(law)
          groups.add(law)
        }
      }
    }
    return (histogram.counts, groups.counts)
  }

  private func analysis() throws -> FitAnalysis {
    var analysis = FitAnalysis()
    if let families {
      analysis.families =
        families == "all"
        ? FamilyChoice.all
        : try families.split(separator: ",").map { try FamilyChoice(named: $0.filter { $0 != " " }) }
    }
    if nMin == "auto" {
      analysis.minimum = .automatic
    } else if let n = Int(nMin), (0...CensoredCounts.longestLength).contains(n) {
      analysis.minimum = .fixed(n)
    } else {
      throw ValidationError("--n-min \"\(nMin)\" is neither auto nor a length of 0 or more.")
    }
    if let nMax, nMax < (Int(nMin) ?? 0) { throw ValidationError("--n-max \(nMax) is below --n-min.") }
    if let nMax, nMax > CensoredCounts.longestLength { throw ValidationError("--n-max is at most 2^60.") }
    guard (0...1_000_000).contains(bootstrap) else { throw ValidationError("--bootstrap is 0 to 1000000.") }
    analysis.maximum = nMax
    if intervalMethod != nil, !intervals { throw ValidationError("--interval-method is for --intervals.") }
    if stopEarly, bootstrap == 0 { throw ValidationError("--stop-early is for --bootstrap.") }
    analysis.replicates = bootstrap
    analysis.stopsEarly = stopEarly
    analysis.comparesAll = compare
    analysis.extremes = extremes
    if intervalMethod == .bootstrap, bootstrap > 0 { analysis.intervalReplicates = bootstrap }
    analysis.seed = seed
    analysis.threads = threadOptions.threads
    return analysis
  }
}

extension FitAnalysis.IntervalMethod: ExpressibleByArgument {}
