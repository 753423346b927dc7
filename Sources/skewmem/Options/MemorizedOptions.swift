import ArgumentParser
import SkewedMemorization

/// What counts as memorized.
struct MemorizedOptions: ParsableArguments {
  @Flag(help: "Memorized is what greedy decoding gives whole.")
  var greedy = false

  @Option(
    help: ArgumentHelp("Memorized is S(n) >= threshold at this n. (default: the whole reference)", valueName: "n"))
  var length: Int?

  @Option(help: ArgumentHelp("The threshold of the probability. (default: 0.5)", valueName: "p"))
  var threshold: Double?

  func validate() throws {
    if greedy, length != nil || threshold != nil {
      throw ValidationError("--greedy is about the whole reference: it takes no --length and no --threshold.")
    }
  }

  var outcome: MemorizedOutcome {
    greedy ? .greedy : .probability(length: length, threshold: threshold ?? 0.5)
  }
}
