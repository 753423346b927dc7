import ArgumentParser
import CaptureStore
import Captures
import Foundation
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
  FileHandle.standardError.write(Data("skewmem: \(printable(text))\n".utf8))
}

/// File names may hold anything; a terminal is to see one line of text.
private func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
}

/// What is said where lines are invalid and nothing is written.
func invalidLines(_ count: Int, canBeSkipped: Bool) -> String {
  "\(count) invalid line\(count == 1 ? "" : "s"); nothing was written\(canBeSkipped ? " (--skip-invalid leaves them out)" : ", and none is valid")"
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
func reportingErrors(_ body: () async throws -> Void) async throws {
  Signals.install()
  do {
    try await body()
  } catch let code as ExitCode {
    throw code
  } catch let error as ValidationError {
    throw usageError(error.message)
  } catch let error as CaptureError {
    printError(error.description)
    throw FailureCode.data
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
  } catch let error as AuditOptions.OptionError {
    throw usageError(error.description)
  } catch let error as AuditSample.PlanError {
    throw usageError(error.description)
  } catch let error as RecordSimulator.SimulationError {
    throw usageError(error.description)
  } catch let error as DistributionError {
    throw usageError(error.description)
  } catch let error as ArgumentError {
    // Names of arguments are those of options.
    throw usageError("--\(error.description)")
  } catch let error as RecordError {
    printError(error.description)
    throw FailureCode.data
  } catch {
    printError("internal error: \(error)")
    throw FailureCode.internalError
  }
}

/// Runs an analysis of a capture: what it says of the records is said of the file.
func naming<Value>(_ file: String, _ body: () async throws -> Value) async throws -> Value {
  do {
    return try await body()
  } catch let error as RecordError {
    throw CaptureError(file: file, field: error.field, problem: error.problem)
  }
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
