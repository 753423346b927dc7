import Synchronization

/// The results of a function of the indices, in their order, computed by `threads` tasks.
///
/// Each task takes the next index as soon as it is done with one, so that none waits for the costly ones of another.
package func inParallel<Value: Sendable>(
  _ indices: Range<Int>, threads: Int, _ body: @escaping @Sendable (Int) throws -> Value
) async throws -> [Value] {
  let tasks = max(1, min(threads, indices.count))
  var results = [Value?](repeating: nil, count: indices.count)
  let queue = Queue(indices)
  let progress = WorkProgress.current
  try await withThrowingTaskGroup(of: [(index: Int, value: Value)].self) { group in
    for _ in 0..<tasks {
      group.addTask {
        var part: [(index: Int, value: Value)] = []
        while let index = queue.next() {
          part.append((index, try body(index)))
          progress?.update(queue.finishedOne(), of: indices.count)
        }
        return part
      }
    }
    for try await part in group {
      for (index, value) in part { results[index - indices.lowerBound] = value }
    }
  }
  return results.compactMap(\.self)
}

/// Calls `body` with chunks of some elements, whose size does not depend on the number of threads, on several threads,
/// and returns what it returns in their order.
package func inParallel<Element: Sendable, Value: Sendable>(
  chunksOf elements: [Element], threads: Int, _ body: @escaping @Sendable (ArraySlice<Element>) throws -> Value
) async throws -> [Value] {
  let size = 1000
  return try await inParallel(0..<((elements.count + size - 1) / size), threads: threads) { chunk in
    try body(elements[(chunk * size)..<min(elements.count, (chunk + 1) * size)])
  }
}

/// Indices that several tasks share out among themselves.
private final class Queue: Sendable {
  private let first: Atomic<Int>
  private let finished = Atomic(0)
  private let end: Int

  init(_ indices: Range<Int>) {
    first = Atomic(indices.lowerBound)
    end = indices.upperBound
  }

  func next() -> Int? {
    let index = first.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < end ? index : nil
  }

  /// Counts an index whose result is there, and gives their number.
  func finishedOne() -> Int { finished.wrappingAdd(1, ordering: .relaxed).newValue }
}
