import ArgumentParser
import Captures
import HeavyTails
import SkewedMemorization

struct FitCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit families of heavy-tailed laws to match lengths.",
    discussion: """
      FILE is a capture, whose exact law of N is fitted (or its greedy matches, with --greedy), or counts: one \
      length a line, optionally how often, optionally the entry length below which it could not have been observed. \
      12+ is right-censored at 12; 3-5 lies anywhere from 3 to 5.

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

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Fix a parameter, and for counts test its value against the estimate; repeat for each.", valueName: "name=value"))
  var fix: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Start the search here as well; repeat for each parameter.", valueName: "name=value"))
  var start: [String] = []

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

  @Flag(help: "The bootstrap test for every family, not only the best.")
  var testAll = false

  @Option(help: ArgumentHelp("With --n-min auto, the fewest lengths in the tail.", valueName: "n"))
  var smallestTail = FitAnalysis().smallestTail

  @Flag(help: "Fit a capture's greedy match lengths.")
  var greedy = false

  @Option(help: "Seed of the bootstraps.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = [
    "goodnessReplicates": "bootstrap", "stopsEarly": "stop-early", "isGreedy": "greedy",
    "testsAll": "test-all", "fixed": "fix", "startingValues": "start", "minimum": "n-min",
  ]

  var captures: [String] { [file] }

  func report() async throws -> FitReport {
    try await analysis().run(file: file, captureOptions: try input.captureOptions())
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
    } else if let n = Int(nMin) {
      analysis.minimum = .fixed(n)
    } else {
      throw ValidationError("--n-min \"\(nMin)\" is neither auto nor a length of 0 or more.")
    }
    analysis.maximum = nMax
    analysis.fixed = try namedNumbers(fix, option: "fix")
    analysis.startingValues = try namedNumbers(start, option: "start")
    analysis.isGreedy = greedy
    analysis.hasIntervals = intervals
    analysis.intervalMethod = intervalMethod
    analysis.goodnessReplicates = bootstrap
    analysis.stopsEarly = stopEarly
    analysis.testsAll = testAll
    analysis.smallestTail = smallestTail
    analysis.comparesAll = compare
    analysis.extremes = extremes
    if intervalMethod == .bootstrap, bootstrap > 0 { analysis.resampling.replicates = bootstrap }
    analysis.resampling.seed = seed
    analysis.resampling.threads = threadOptions.threads
    return analysis
  }
}

extension FitAnalysis.IntervalMethod: ExpressibleByArgument {}
