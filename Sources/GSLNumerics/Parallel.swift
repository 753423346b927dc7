/// The results of a function of the indices, in their order, computed by `threads` tasks.
///
/// Task t takes the indices t, t + threads, …, so that neighbors of unequal cost are spread evenly.
package func inParallel<Value: Sendable>(
  _ indices: Range<Int>, threads: Int, _ body: @escaping @Sendable (Int) throws -> Value
) async throws -> [Value] {
  let tasks = max(1, min(threads, indices.count))
  var results = [Value?](repeating: nil, count: indices.count)
  try await withThrowingTaskGroup(of: [(index: Int, value: Value)].self) { group in
    for task in 0..<tasks {
      group.addTask {
        try stride(from: indices.lowerBound + task, to: indices.upperBound, by: tasks).map { ($0, try body($0)) }
      }
    }
    for try await part in group {
      for (index, value) in part { results[index - indices.lowerBound] = value }
    }
  }
  return results.compactMap(\.self)
}
