import Foundation

/// Places in the repository and scratch files for tests.
public enum Repository {
  /// The repository's root folder.
  public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A capture that the repository ships.
  public static func capture(_ name: String) -> String {
    root.appendingPathComponent("notebooks-export/captures").appendingPathComponent(name).path
  }

  /// Runs a body with a new folder that is removed afterwards.
  public static func withScratchFolder<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (URL) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("skewmem-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }
}
