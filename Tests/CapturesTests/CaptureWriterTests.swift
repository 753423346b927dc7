import Captures
import Foundation
import TestSupport
import Testing
import TokenProcess

@Suite struct CaptureWriterTests {
  private var fullRecord: Record {
    var record = Record(unchecked: "ünïcode \"quoted\" \u{1}", tokenLogProbabilities: [-0.1, -.infinity, -1e-300, 0])
    record.referenceTokenIDs = [1, 2, 3, 4]
    record.greedyTokenIDs = [1, 2, 3, 5]
    record.ranks = [0, 1, 0, 0]
    record.topLogProbabilities = [
      [.init(tokenID: 9, logProbability: -0.5)], [], [.init(tokenID: 1, logProbability: -.infinity)], [],
    ]
    record.logProbabilityMeans = [-1, -2, -3, -.infinity]
    record.logProbabilityDeviations = [0.1, 0.2, 0.3, 0.4]
    record.prefix = "a\nb"
    record.reference = "</script>"
    record.prefixTokenIDs = [7]
    record.generations = [[1, 2], []]
    record.source = "s"
    record.run = "r"
    record.split = "train"
    record.epoch = 1.5
    record.trainLoss = 0.25
    record.repetitions = 4
    record.vocabularySize = 49_152
    record.embeddingPrefix = [0.5, -0.5]
    record.embeddingFull = [1]
    return record
  }

  @Test func everyFieldSurvivesTheRoundTrip() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      var writer = try CaptureWriter(path: path)
      let bare = Record(unchecked: "bare", tokenLogProbabilities: [-0.1])
      try writer.write(fullRecord)
      try writer.write(bare)
      try writer.finish()
      let records = try await CaptureReader(files: [path]).records()
      #expect(records == [fullRecord, bare])
      // One line a record, and nothing that is not JSON.
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.split(separator: "\n").count == 2)
      for line in text.split(separator: "\n") { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
  }

  @Test func realCapturesSurviveTheRoundTrip() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      let records = try await CaptureReader(files: [Repository.capture("jargon-train-epoch06.jsonl")]).records()
      var writer = try CaptureWriter(path: path)
      for record in records { try writer.write(record) }
      try writer.finish()
      #expect(try await CaptureReader(files: [path]).records() == records)
    }
  }

  /// A file appears whole or not at all, and an old one stays until the new one is complete.
  @Test func filesAppearWholeOrNotAtAll() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      try Data("old".utf8).write(to: URL(fileURLWithPath: path))
      func abandon() throws {
        var writer = try CaptureWriter(path: path)
        try writer.write(fullRecord)
      }
      try abandon()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.jsonl"])
    }
    #expect(throws: OutputError.self) { try CaptureWriter(path: "/nowhere/x.jsonl").finish() }
  }

  /// Links are followed, permissions kept, and what is no regular file is written to, not replaced.
  @Test func existingTargetsAreRespected() async throws {
    try await Repository.withScratchFolder { folder in
      let manager = FileManager.default
      let target = folder.appendingPathComponent("target").path
      let link = folder.appendingPathComponent("link").path
      #expect(manager.createFile(atPath: target, contents: Data("old".utf8), attributes: [.posixPermissions: 0o600]))
      try manager.createSymbolicLink(atPath: link, withDestinationPath: target)
      try AtomicFile.write(Data("new".utf8), to: link)
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "new")
      #expect(try manager.destinationOfSymbolicLink(atPath: link) == target)
      #expect(try manager.attributesOfItem(atPath: target)[.posixPermissions] as? Int == 0o600)
      #expect(try manager.contentsOfDirectory(atPath: folder.path).count == 2)
      try AtomicFile.write(Data("x".utf8), to: "/dev/null")
      #expect(try manager.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType == .typeCharacterSpecial)
      #expect(throws: OutputError.self) { try AtomicFile.write(Data("x".utf8), to: folder.path) }
      #expect(throws: OutputError.self) { try AtomicFile.write(Data("x".utf8), to: "") }
    }
  }
}
