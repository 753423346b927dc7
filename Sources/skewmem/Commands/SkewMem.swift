import ArgumentParser
import SkewedMemorization

/// The command line: `skewmem <subcommand>`.
@main
struct SkewMem: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skewmem",
    abstract: "Which training records will this language model repeat word for word, how far, and how likely?",
    discussion: """
      Reads captures (one JSON object a line with the log-probability of each reference token) and computes the exact \
      law of the verbatim match length from them.

      Exit codes: 0 success, 64 wrong usage, 65 bad data, 69 a server fails, 70 internal error, 73 output \
      cannot be written, 77 a server wants another key.
      """,
    version: "skewmem " + Provenance.version + (Provenance.builtCommit.map { " (\($0))" } ?? ""),
    subcommands: [
      CaptureCommand.self, CheckCommand.self, AuditCommand.self, WorksCommand.self, FitCommand.self,
      PlanCommand.self,
      SimulateCommand.self,
      PredictCommand.self,
      ValidateCommand.self, MetricsCommand.self, CompareCommand.self, CanariesCommand.self, OverlapCommand.self,
      PrefixesCommand.self, CalibrateCommand.self,
      LimitsCommand.self,
      SimilarityCommand.self, DriversCommand.self, ProbeCommand.self, MitigateCommand.self, SummarizeCommand.self,
      MergeCommand.self,
      ConvertCommand.self, NotebooksCommand.self,
    ]
  )

  static func main() async {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    // A word that is no command would be taken for one argument too many, or behind help for none.
    let words = CommandLine.arguments.dropFirst()
    let word = words.first == "help" ? words.dropFirst().first : words.first
    if let word, !word.hasPrefix("-"), !names.contains(word) {
      let near = suggestion(for: word, among: names)
      exit(withError: ValidationError("no command is called \"\(word)\"\(near)"))
    }
    let arguments = joined(Array(words))
    // Through the program's own arguments a command's would be looked at twice, which takes longer than most work.
    // What the command does not understand, and what asks for help, goes that way.
    guard let command = configuration.subcommands.first(where: { $0.configuration.commandName == arguments.first }),
      var parsed = try? command.parseAsRoot(Array(arguments.dropFirst())) as? any AsyncParsableCommand
    else { return await main(arguments) }
    do {
      try await parsed.run()
    } catch {
      exit(withError: error)
    }
  }

  /// An option and a negative number behind it, `--budget -1`, as one argument: by itself the number would be taken for
  /// an option.
  private static func joined(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for argument in arguments {
      // The expression takes longer to make than most arguments to look at.
      if argument.hasPrefix("-"), !argument.hasPrefix("--"), let last = result.last, last.hasPrefix("--"),
        !last.contains("="), last.count > 2, argument.wholeMatch(of: /-\.?[0-9][0-9.,e+-]*/) != nil
      {
        result[result.count - 1] = "\(last)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }
}
