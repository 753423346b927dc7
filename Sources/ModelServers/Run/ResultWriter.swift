import Synchronization

/// Writes results in the order that they come, those that come while others are being written in one transaction.
final class ResultWriter: Sendable {
  private let store: CaptureStore
  private let state = Mutex<(waiting: [(position: Int, result: CaptureStore.Result)], isWriting: Bool)>(([], false))

  init(_ store: CaptureStore) { self.store = store }

  /// Writes a result, or leaves it to whoever is writing.
  ///
  /// - Throws: `StoreError`.
  func write(_ position: Int, _ result: CaptureStore.Result) throws {
    let isOurs = state.withLock { state in
      state.waiting.append((position, result))
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard isOurs else { return }
    while true {
      let results = state.withLock { state in
        defer { state.waiting = [] }
        state.isWriting = !state.waiting.isEmpty
        return state.waiting
      }
      guard !results.isEmpty else { return }
      try store.write(results)
    }
  }
}
