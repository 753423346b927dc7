import Foundation
import Synchronization
import TestSupport
import Testing

/// `skewmem capture` as a process that may be killed.
@Suite struct CaptureCommandTests {
  private static let count = 120

  private func writeInput(_ folder: URL) throws {
    let lines = (0..<Self.count).map {
      #"{"id":"r\#($0)","prefix":"Number \#($0) is","reference":" called \#($0 * 7)."}"#
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("in.jsonl"))
  }

  private func arguments(_ server: LoopbackServer, _ more: String...) -> [String] {
    ["capture", "in.jsonl", "--server", server.address, "--output", "x.store", "--quiet", "--retry-wait", "0.01"] + more
  }

  /// Killed at random moments and started again: the same bytes as undisturbed, and no finished record is asked for
  /// twice.
  @Test func killedAndResumed() async throws {
    let model = ToyModel(.vllm)
    let number = Mutex(0)
    let server = try LoopbackServer { request in
      guard case .answer(_, _, let body) = model.answer(request), request.path == "/v1/completions" else {
        return model.answer(request)
      }
      // Some answers fail, all take a moment.
      let count = number.withLock {
        $0 += 1
        return $0
      }
      return count % 11 == 0 ? .drop : .late(seconds: 0.004, body)
    }
    defer { server.stop() }
    let undisturbed = try await Repository.withScratchFolder { folder in
      try writeInput(folder)
      let run = try CommandLineTool.run(arguments(server), in: folder)
      #expect(run.status == 0 && run.errors.isEmpty && run.output.isEmpty)
      return try CommandLineTool.run(["convert", "x.store"], in: folder).output
    }
    #expect(undisturbed.split(separator: "\n").count == Self.count)
    try await Repository.withScratchFolder { folder in
      try writeInput(folder)
      var generator = SystemRandomNumberGenerator()
      var kills = 0
      let wanted = slowTestsAreEnabled ? 50 : 6
      while kills < wanted {
        let finished =
          FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.store").path)
          ? try ids(in: folder) : []
        if finished.count == Self.count { try removeStore(folder) }
        model.prompts.withLock { $0 = [] }
        let process = Process()
        process.executableURL = CommandLineTool.executable
        process.arguments = arguments(server)
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await Task.sleep(for: .milliseconds(Int.random(in: 5...400, using: &generator)))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        kills += 1
        if finished.count < Self.count {
          let asked = model.prompts.withLock { Set($0) }
          // Three finished records tell whether the same model answers.
          let again = finished.count { id in asked.contains { $0.hasPrefix("Number \(id.dropFirst()) is") } }
          #expect(again <= 3)
        }
      }
      let last = try CommandLineTool.run(arguments(server), in: folder)
      #expect(last.status == 0, "\(last.errors)")
      #expect(try CommandLineTool.run(["convert", "x.store"], in: folder).output == undisturbed)
    }
  }

  private func removeStore(_ folder: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("x.store") {
      try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// The names of the records that a store has; none of one that was killed before it was made.
  private func ids(in folder: URL) throws -> [String] {
    let lines = try CommandLineTool.run(["convert", "x.store"], in: folder).output.split(separator: "\n")
    return lines.compactMap { line in
      line.firstMatch(of: /"id":"([^"]*)"/).map { String($0.output.1) }
    }
  }

  /// One line for each failure, with its exit code; the key is nowhere.
  @Test func failures() async throws {
    let model = ToyModel(.echo)
    let server = try LoopbackServer { request in
      request.headers["authorization"] == "Bearer right-key" ? model.answer(request) : .json([:], status: 401)
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      try writeInput(folder)
      let unauthorized = try CommandLineTool.run(arguments(server), in: folder)
      #expect(unauthorized.status == 77 && unauthorized.errorLines.count == 1)
      let authorized = try CommandLineTool.run(
        arguments(server, "--api-key-variable", "MY_KEY"), in: folder, environment: ["MY_KEY": "right-key"])
      #expect(authorized.status == 0, "\(authorized.errors)")
      let stored = try Data(contentsOf: folder.appendingPathComponent("x.store"))
      #expect(stored.range(of: Data("right-key".utf8)) == nil)
      // The store is a capture to every command, and its generations are none.
      #expect(try CommandLineTool.run(["audit", "x.store"], in: folder).output.contains("\(Self.count) records"))
      #expect(try CommandLineTool.run(["validate", "x.store", "--generations", "x.store"], in: folder).status == 65)
      // A server that refuses one: the others are kept, and who reads them is told.
      let picky = try LoopbackServer { request in
        (request.json["prompt"] as? String)?.hasPrefix("Number 3 ") == true
          ? .json(["message": "not this one"], status: 400) : model.answer(request)
      }
      defer { picky.stop() }
      let partly = try CommandLineTool.run(
        ["capture", "in.jsonl", "--server", picky.address, "-o", "z.store", "-q"], in: folder)
      #expect(partly.status == 65 && partly.errors.contains("r3: ") && partly.errors.contains("not this one"))
      let note = "skewmem: z.store: 119 of 120 records have a result so far\n"
      let report = try CommandLineTool.run(["audit", "z.store"], in: folder)
      #expect(report.errors == note && report.output.contains("119 records"))
      #expect(try CommandLineTool.run(["audit", "z.store", "--quiet"], in: folder).errors.isEmpty)
      #expect(try CommandLineTool.run(["convert", "z.store"], in: folder).errors == note)
      let gone = try CommandLineTool.run(
        ["capture", "in.jsonl", "--server", "http://127.0.0.1:9", "-o", "y.store"], in: folder)
      #expect(gone.status == 69 && gone.errors.contains("the connection is refused"))
      #expect(try CommandLineTool.run(arguments(server, "--stride", "3"), in: folder).status == 64)
      #expect(try CommandLineTool.run(arguments(server, "--concurrency", "0"), in: folder).status == 64)
      #expect(
        try CommandLineTool.run(["capture", "in.jsonl", "--server", server.address, "-o", "in.jsonl"], in: folder)
          .status
          == 64)
      #expect(try CommandLineTool.run(arguments(server, "--top-k", "5"), in: folder).status == 64)
      let keyless = try CommandLineTool.run(arguments(server, "--api-key-variable", "NO_SUCH_KEY"), in: folder)
      #expect(keyless.status == 64 && keyless.errors.contains("NO_SUCH_KEY"))
      let nowhere = try CommandLineTool.run(
        ["capture", "in.jsonl", "--server", server.address, "-o", "/nowhere/x"], in: folder)
      #expect(nowhere.status == 73, "\(nowhere.errors)")
    }
  }
}
