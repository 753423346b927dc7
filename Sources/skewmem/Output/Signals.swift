import Captures
@preconcurrency import Dispatch
import Foundation

/// Ends the program on the usual signals without leaving an unfinished file behind.
enum Signals {
  // A queue of its own: the shared one waits for a core while all of them compute.
  private static let queue = DispatchQueue(label: "signals", qos: .userInteractive)

  private static let sources: [any DispatchSourceSignal] = [SIGINT, SIGTERM, SIGHUP].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler {
      AtomicFile.removeUnfinished()
      // As the shell would have it, the status says which signal it was.
      _exit(128 + number)
    }
    source.resume()
    return source
  }

  static func install() {
    _ = sources
  }
}
