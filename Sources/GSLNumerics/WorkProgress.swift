/// Who is told how far long work has come: a program that shows it.
package final class WorkProgress: Sendable {
  /// Who is told in the present task and its children.
  ///
  /// An object, since a task-local closure crashes when it is set in a release build (Swift 6.2).
  @TaskLocal package static var current: WorkProgress?

  private let told: @Sendable (_ done: Int, _ total: Int) -> Void

  /// - Parameter told: Called by any task with how much of a stage of the work is done, and of how much. The latter is 0
  ///   where it is not known.
  package init(_ told: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) { self.told = told }

  /// Says how much is done.
  package func update(_ done: Int, of total: Int) { told(done, total) }
}
