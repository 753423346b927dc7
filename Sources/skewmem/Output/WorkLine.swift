import Foundation
import GSLNumerics
import Synchronization

/// A line on standard error while a command works for more than a second: a bar with the time left in the present stage
/// where that is known, otherwise the time so far.
final class WorkLine: Sendable {
  private struct State {
    var done = 0
    var total = 0
    var stageStart = ContinuousClock.now
    var isDrawn = false
    var isFinished = false
  }

  private let start = ContinuousClock.now
  private let state = Mutex(State())
  private static let current = Mutex<WorkLine?>(nil)

  /// Whether standard error is a terminal on which a line can be drawn over.
  static var canBeShown: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Runs work, with a line where one can be shown.
  static func during<Value>(isQuiet: Bool, _ work: () async throws -> Value) async throws -> Value {
    guard !isQuiet, canBeShown else { return try await work() }
    let line = WorkLine()
    current.withLock { $0 = line }
    line.tick()
    defer {
      current.withLock { $0 = nil }
      line.finish()
    }
    return try await WorkProgress.$current.withValue(WorkProgress { line.update($0, of: $1) }, operation: work)
  }

  /// Removes the line, before something else is printed; it is drawn again.
  static func clear() {
    current.withLock { $0 }?.state.withLock { erase(&$0) }
  }

  private static func erase(_ state: inout State) {
    if state.isDrawn { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    state.isDrawn = false
  }

  private func update(_ done: Int, of total: Int) {
    state.withLock { state in
      if total != state.total || done < state.done { state.stageStart = .now }
      (state.done, state.total) = (done, total)
    }
  }

  /// Threads that work are not asked to draw: a queue of its own does.
  private func tick() {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) { [weak self] in
      guard let self, draw() else { return }
      tick()
    }
  }

  /// Draws the line; false after the end.
  private func draw() -> Bool {
    state.withLock { state in
      guard !state.isFinished else { return false }
      let now = ContinuousClock.now
      guard now - start > .seconds(1) else { return true }
      var line = "\((now - start).components.seconds) s"
      if state.total > 0, state.done > 0 {
        let share = min(1, Double(state.done) / Double(state.total))
        let spent = (now - state.stageStart) / .seconds(1)
        line = ProgressBar.text(share: share, secondsLeft: spent / share - spent)
      }
      FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
      state.isDrawn = true
      return true
    }
  }

  private func finish() {
    state.withLock { state in
      Self.erase(&state)
      state.isFinished = true
    }
  }
}
