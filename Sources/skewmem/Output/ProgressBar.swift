import Foundation
import ModelServers
import Synchronization

/// A progress line on standard error for work that takes more than a second; silent where standard error is no
/// terminal.
final class ProgressBar {
  private let total: Int?
  private let unit: String
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var hasDrawn = false

  /// What had been done before: the time left is reckoned from the rest.
  private let before: Int

  init(total: Int?, unit: String, isQuiet: Bool, before: Int = 0) {
    self.before = before
    self.total = total
    self.unit = unit
    isShown = !isQuiet && WorkLine.canBeShown
  }

  /// Shows how much is done.
  func update(_ done: Int) {
    let now = ContinuousClock.now
    guard isShown, now - start > .seconds(1), now - lastDrawn > .milliseconds(100) else { return }
    lastDrawn = now
    hasDrawn = true
    var line = "\r\(done) \(unit)"
    if let total, total > 0 {
      let left = Double((now - start).components.seconds) * Double(max(0, total - done)) / Double(max(1, done - before))
      line = "\r\(Self.text(share: Double(done) / Double(total), secondsLeft: left))  "
    }
    FileHandle.standardError.write(Data(line.utf8))
  }

  /// A bar with the time left.
  static func text(share: Double, secondsLeft: Double) -> String {
    let share = min(1, share)
    let filled = Int(30 * share)
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
      + "] \(Int(100 * share)) %, \(Int(secondsLeft)) s left"
  }

  /// Removes the line.
  func finish() {
    if hasDrawn { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
  }
}

/// The progress of a capture, which several tasks tell of.
final class CaptureProgressBar: Sendable {
  private let bars: Mutex<(planning: ProgressBar, scoring: ProgressBar?)>
  private let lastNote = Mutex<ContinuousClock.Instant?>(nil)
  private let isQuiet: Bool

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    bars = Mutex((ProgressBar(total: nil, unit: "lines read", isQuiet: isQuiet), nil))
  }

  /// Shows how much is done.
  func update(_ progress: CaptureRun.Progress) {
    bars.withLock { bars in
      switch progress {
      case .planning(let lines): bars.planning.update(lines)
      case .scoring(let done, let total):
        if bars.scoring == nil {
          bars.planning.finish()
          bars.scoring = ProgressBar(total: total, unit: "records", isQuiet: isQuiet, before: done)
        }
        bars.scoring?.update(done)
      }
    }
  }

  /// Says that the server is waited for, where one would wonder, and not for every one of many requests.
  func note(_ wait: HTTPClient.Wait) {
    guard !isQuiet, wait.seconds >= 2 else { return }
    let isNews = lastNote.withLock { last in
      let now = ContinuousClock.now
      if let last, now - last < .seconds(10) { return false }
      last = now
      return true
    }
    guard isNews else { return }
    finish()
    printError("asks again in \(Int(wait.seconds.rounded(.up))) s: \(wait.problem)")
  }

  /// Removes the line.
  func finish() {
    bars.withLock { bars in
      bars.planning.finish()
      bars.scoring?.finish()
    }
  }
}
