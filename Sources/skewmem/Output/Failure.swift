import ArgumentParser
import Captures
import Foundation
import GSLNumerics
import HeavyTails
import ModelServers
import SkewedMemorization
import TokenProcess

/// The exit codes of `sysexits.h` that the commands use.
enum FailureCode {
  static let data = ExitCode(65)
  static let unavailable = ExitCode(69)
  static let internalError = ExitCode(70)
  static let cannotCreate = ExitCode(73)
  static let noPermission = ExitCode(77)
}

/// Prints one line to standard error.
func printError(_ text: String) {
  WorkLine.clear()
  FileHandle.standardError.write(Data("skewmem: \(printable(text))\n".utf8))
}

/// File names may hold anything; a terminal is to see one line of text.
private func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
}

/// Says what is wrong with records: one kind of problem once, with the lines or rows that have it, and at most ten kinds.
func printErrors(_ errors: [CaptureError], of count: Int) {
  var kinds: [String: Int] = [:]
  var problems: [(error: CaptureError, places: [Int])] = []
  for error in errors {
    let place = error.line ?? error.row ?? 0
    if let index = kinds[error.kind] {
      problems[index].places.append(place)
    } else {
      kinds[error.kind] = problems.count
      problems.append((error, [place]))
    }
  }
  for (error, places) in problems.prefix(10) {
    let others = places.dropFirst().map { "\($0)" }
    let named = others.prefix(20).joined(separator: ", ") + (others.count > 20 ? " and \(others.count - 20) more" : "")
    let noun = error.line == nil ? "row" : "line"
    printError(text(of: error) + (others.isEmpty ? "" : " (also \(noun)\(others.count > 1 ? "s" : "") \(named))"))
  }
  let rest = count - problems.prefix(10).reduce(0) { $0 + $1.places.count }
  if rest > 0 { printError("… and \(rest) more invalid line\(rest > 1 ? "s" : "")") }
}

/// What is said where lines are invalid and nothing is written.
func invalidLines(_ count: Int, canBeSkipped: Bool) -> String {
  "\(count) invalid line\(count == 1 ? "" : "s"); nothing was "
    + "written\(canBeSkipped ? " (--skip-invalid leaves them out)" : ", and none is valid")"
}

/// Says what is wrong with arguments that could be judged only once the command ran, and gives the exit code.
private func usageError(_ message: String) -> ExitCode {
  // Thrown on, the error would be shown with the usage of the program, not of the command.
  let command = CommandLine.arguments.dropFirst().first { !$0.hasPrefix("-") } ?? ""
  FileHandle.standardError.write(
    Data("Error: \(printable(message))\n  See 'skewmem \(printable(command)) --help' for more information.\n".utf8))
  return .validationFailure
}

/// Runs a command's body and turns the library's errors into one line and an exit code.
///
/// - Parameter options: Names of options by those of arguments, where ``optionName(of:_:)`` gives others.
func reportingErrors(options: [String: String] = [:], _ body: () async throws -> Void) async throws {
  Signals.install()
  do {
    try await body()
  } catch let code as ExitCode {
    throw code
  } catch let error as ValidationError {
    throw usageError(error.message)
  } catch let error as CaptureError {
    printError(text(of: error))
    throw FailureCode.data
  } catch let error as InvalidLines {
    printErrors(error.errors, of: error.count)
    printError(
      "\(error.count) invalid line\(error.count == 1 ? "" : "s"); nothing new was scored "
        + "(--skip-invalid leaves them out)"
    )
    throw FailureCode.data
  } catch let error as EvidenceError {
    for line in error.description.split(separator: "\n") { printError(String(line)) }
    printError("nothing was written (--allow \(error.refused.joined(separator: " --allow ")) lets it through)")
    throw FailureCode.data
  } catch let error as ServerError where error.kind == .noAddress {
    throw usageError("--server \(error.description)")
  } catch let error as ServerError {
    printError(error.description)
    throw error.kind == .unauthorized ? FailureCode.noPermission : FailureCode.unavailable
  } catch let error as StoreError {
    printError(error.description)
    throw FailureCode.cannotCreate
  } catch let error as OutputError {
    printError(error.description)
    throw FailureCode.cannotCreate
  } catch let error as DistributionError where error.isAboutData {
    printError(error.description)
    throw FailureCode.data
  } catch DistributionError.unknownFamily(let name) {
    let families = FamilyChoice.all.map(\.name)
    throw usageError(
      "\(DistributionError.unknownFamily(name).description)\(suggestion(for: name, among: families))")
  } catch let error as DistributionError {
    throw usageError(error.description)
  } catch let error as ArgumentError {
    throw usageError("\(optionName(of: error.name, options)) is \(error.value), and must be: \(error.allowed)")
  } catch let error as RecordError {
    printError(error.description)
    throw FailureCode.data
  } catch {
    printError("internal error: \(error)")
    throw FailureCode.internalError
  }
}

/// What is wrong with a capture, with the options that would settle it.
func text(of error: CaptureError) -> String {
  let options = [
    "split": "--prefix-tokens, --suffix-tokens, or --records with the records that were sent",
    "promptRecords": "--records", "format": "--input-format", "arrayLengths": "--array-lengths",
  ]
  return error.description + (error.option.flatMap { options[$0] }.map { " (\($0))" } ?? "")
}

/// What the command line calls an argument of the library: `--top-p` for `topP`.
private func optionName(of argument: String, _ options: [String: String]) -> String {
  let usual = ["vocabularySize": "vocabulary", "minimum": "n-min", "maximum": "n-max", "lengths": "length"]
  let name = options[argument] ?? usual[argument] ?? argument
  return "--"
    + String(name.flatMap { $0.isUppercase ? ["-", Character($0.lowercased())] : [$0] })
}

extension DistributionError {
  /// Whether the data are wrong and not the arguments.
  fileprivate var isAboutData: Bool {
    switch self {
    case .noData, .noDataInWindow, .impossibleData: true
    default: false
    }
  }
}
