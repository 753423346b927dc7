import Captures
import Foundation
import GSLNumerics
import Synchronization
import TokenProcess

/// Scores passages by a model server into a store: what `skewmem capture` does. A run that was cut off goes on where it
/// was.
public struct CaptureRun: Sendable {
  /// What results depend on; a store goes on only with the same.
  public struct Settings: Sendable, Encodable, Equatable {
    /// The model's name, as the server has it.
    public var model: String?
    /// The way of scoring; nil to ask the server what it is.
    public var scoring: Scoring?
    /// How many of the most probable tokens are kept.
    public var alternatives = 20
    /// How input becomes passages.
    public var passages = PassageOptions()
    /// Generations; nil for none.
    public var generations: GenerationPlan?
    /// Near-copies to search for; nil for none.
    public var near: NearPlan?

    /// The usual settings.
    public init() {}
  }

  /// How far a run is.
  public enum Progress: Sendable, Equatable {
    /// So many lines of input have become passages.
    case planning(lines: Int)
    /// So many of all passages are done, or failed in this run.
    case scoring(done: Int, of: Int)
  }

  /// What became of a run.
  public struct Outcome: Sendable {
    /// All passages.
    public let passages: Int
    /// Those with a result.
    public let finished: Int
    /// Why some have none.
    public let problems: [(id: String, problem: String)]
    /// Lines whose text has too few tokens to be cut.
    public let leftOut: Int
    /// Lines of input that were left out because they are invalid, where that was asked for.
    public let invalid: InvalidLines
    /// By how much ln p changed, at most, in each record that was scored again in this run or an earlier one.
    public let noise: [Double]
    /// What scoring some records again showed; nil where none was.
    public let verification: Verification?
    /// Those without a result.
    public var failed: Int { passages - finished }
  }

  private let client: HTTPClient
  private let settings: Settings
  private let verified: Int
  private let skipsInvalid: Bool
  private let recheckInterval: Int

  /// A run.
  ///
  /// - Parameters:
  ///   - client: The server.
  ///   - settings: What is asked of it.
  ///   - verified: How many records are scored again at the end, one at a time and in another order.
  ///   - skipsInvalid: Whether invalid lines of input are left out.
  ///   - recheckInterval: After so many records one of the first is scored again, to see that the same model still
  ///     answers; 1 or more.
  public init(
    client: HTTPClient, settings: Settings, verified: Int = 0, skipsInvalid: Bool = false, recheckInterval: Int = 256
  ) {
    precondition(recheckInterval >= 1, "an interval is 1 or more")
    self.recheckInterval = recheckInterval
    self.client = client
    self.settings = settings
    self.verified = verified
    self.skipsInvalid = skipsInvalid
  }

  /// Plans what is new in the input, and scores what has no result.
  ///
  /// - Parameters:
  ///   - input: A file of passages, one JSON object a line; a text, or a folder of texts, to be cut into windows.
  ///   - path: The store, made or gone on with.
  ///   - progress: Told how far the run is.
  /// - Throws: `StoreError`, ``InvalidLines`` and `CaptureError` for bad input, `ServerError` for what concerns
  ///   all passages; what was finished stays finished.
  public func run(
    input: String, store path: String, progress: @Sendable (Progress) -> Void = { _ in }
  ) async throws -> Outcome {
    let isNew = !FileManager.default.fileExists(atPath: path)
    do {
      return try await fill(path, from: input, progress)
    } catch {
      // A store without a result would only be in the way of other settings, or of input that has been mended.
      if isNew { CaptureStore.removeEmpty(path: path) }
      throw error
    }
  }

  private func fill(
    _ path: String, from input: String, _ progress: @Sendable (Progress) -> Void
  ) async throws -> Outcome {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try PassageLines(input, settings.passages)
    // Before anything is asked: a store of other settings is none of this run.
    let store = try CaptureStore(path: path, settings: try encoder.encode(settings))
    let server = try await Server(client, settings)
    try store.settle("scoring", server.scoring.rawValue)
    if let identity = server.identity { try store.settle("model", identity) }
    if let adapters = server.adapters { try store.settle("adapters", adapters) }
    let invalid = try await plan(input, lines, store, server, progress)
    let state = try store.progress
    // With nothing left to ask it does not matter who answers.
    if state.finished > 0, state.finished < state.passages {
      try await recognize(store, server, try store.finished(3))
    }
    try await score(store, server, progress)
    if let name = client.answeringModel { try store.settle("answering model", name) }
    let again = verified > 0 ? try await verification(store.finished(verified), server) : nil
    let noise = try store.addNoise(again?.changes ?? [])
    try store.checkpoint()
    let end = try store.progress
    let problems = try store.problems(limit: 10)
    return Outcome(
      passages: end.passages, finished: end.finished, problems: problems.map { ($0.id, $0.problem) },
      leftOut: try store.plan.leftOut, invalid: invalid, noise: noise, verification: again)
  }

  // MARK: Recognizing the model

  /// Throws where another model answers than that of the store: some finished records are scored again.
  private func recognize(_ store: CaptureStore, _ server: Server, _ records: [CaptureStore.Finished]) async throws {
    let found = try await verification(records, server)
    _ = try store.addNoise(found.changes)
    if let name = client.answeringModel { try store.settle("answering model", name) }
    guard let first = found.disagreeing.first else { return }
    throw ServerError(
      .otherModel, store.path,
      "record \(first) has other values than when the store was begun (ln p differs by up to "
        + "\(Float(found.largest))): another model, adapter or setting answers. "
        + "Records since the last check that agreed are taken back: go on with the first model, or begin another store")
  }

  /// Scores finished records again, one at a time.
  private func verification(_ tasks: [CaptureStore.Finished], _ server: Server) async throws -> Verification {
    var found = Verification()
    for task in tasks {
      let (passage, _) = try PassageParser(file: "the store", options: PassageOptions())
        .passage(task.input, number: task.position)
      let tokenized = try await server.tokenizer?.tokenized(passage) ?? passage
      found.add(try captureRecord(task.record), try await server.scorer.score(tokenized))
    }
    return found
  }

  // MARK: Planning

  private func plan(
    _ input: String, _ lines: PassageLines, _ store: CaptureStore, _ server: Server,
    _ progress: @Sendable (Progress) -> Void
  ) async throws -> InvalidLines {
    var lines = lines
    var invalid = InvalidLines()
    if settings.passages.passTokens != nil, server.scoring == .tokenByToken {
      throw ServerError(
        .incapable, "v1/completions",
        "the server takes a request for each token of a reference: long passes take one that scores a text at once; "
          + "windows it can")
    }
    if settings.near != nil, server.scoring == .echo || settings.alternatives < 1 {
      throw ServerError(
        .incapable, "v1/completions",
        server.scoring == .echo
          ? "servers with echo take texts and no token ids: near-copies cannot be asked for"
          : "a search for near-copies takes the most probable tokens (alternatives)")
    }
    if settings.near != nil, settings.passages.passTokens != nil {
      throw ServerError(.incapable, "long passes", "near-copies are searched for after one prefix: cut windows")
    }
    let reader = try await PassageReader(file: input, options: settings.passages, tokenizer: server.tokenizer)
    let planned = try store.plan
    let begun = try store.progress.passages
    var fingerprint = Fingerprint()
    var names = Set<String>()
    var current = CaptureStore.Plan(lines: 0, fingerprint: fingerprint.value, leftOut: planned.leftOut)
    var waiting: [(number: Int, line: Data)] = []
    // Texts take the server to be cut: what is not kept would be asked again.
    let limit = settings.passages.cutsTexts ? client.concurrency : 1000
    func keep() async throws {
      // Once a line is invalid nothing is scored: the others are read for what else is wrong.
      let valid = waiting.compactMap { number, line -> PassageReader.Line? in
        do throws(CaptureError) {
          return try reader.line(line, number: number)
        } catch {
          invalid.add(error)
          return nil
        }
      }
      if skipsInvalid || invalid.count == 0 {
        try await add(valid, to: store, reader, &current, &invalid)
      } else if !settings.passages.cutsTexts {
        for line in valid {
          for passage in try await reader.passages(line)
          where try !names.insert(passage.key).inserted || store.contains(passage.key) {
            invalid.add(repeated(reader, line.number))
          }
        }
      }
      waiting = []
      progress(.planning(lines: current.lines))
    }
    while let line = try lines.next() {
      current.lines += 1
      fingerprint.add(line)
      current.fingerprint = fingerprint.value
      if current.lines <= planned.lines {
        guard current.lines < planned.lines || current.fingerprint == planned.fingerprint else {
          throw CaptureError(
            file: input,
            problem: "is not what \(store.path) was begun with: its first \(planned.lines) lines are others")
        }
        continue
      }
      waiting.append((lines.lineNumber, line))
      if waiting.count >= limit { try await keep() }
    }
    guard current.lines >= planned.lines else {
      throw CaptureError(
        file: input,
        problem: "has \(current.lines) lines, fewer than the \(planned.lines) that \(store.path) was begun with")
    }
    if !waiting.isEmpty { try await keep() }
    if invalid.count > 0, !skipsInvalid {
      try store.dropPlan(after: planned, passages: begun)
      throw invalid
    }
    guard try store.progress.passages > 0 else {
      let few = current.leftOut > 0 ? ": its \(current.leftOut) texts have too few tokens" : ""
      throw CaptureError(file: input, problem: "no passages\(few)")
    }
    return invalid
  }

  /// Keeps the passages of some lines, which are cut at the same time.
  private func add(
    _ lines: [PassageReader.Line], to store: CaptureStore, _ reader: PassageReader,
    _ plan: inout CaptureStore.Plan, _ invalid: inout InvalidLines
  ) async throws {
    var passages: [[Passage]] = Array(repeating: [], count: lines.count)
    if settings.passages.cutsTexts {
      try await withThrowingTaskGroup(of: (Int, [Passage]).self) { group in
        for (index, line) in lines.enumerated() {
          group.addTask { (index, try await reader.passages(line)) }
        }
        for try await (index, cut) in group { passages[index] = cut }
      }
    } else {
      for (index, line) in lines.enumerated() { passages[index] = try await reader.passages(line) }
    }
    plan.leftOut += passages.count(where: \.isEmpty)
    while true {
      let entries = passages.joined().map { CaptureStore.Entry(key: $0.key, input: $0.line) }
      guard let place = try store.add(entries, plan: plan) else { return }
      let owner = passages.indices.flatMap { index in passages[index].map { _ in index } }[place]
      invalid.add(repeated(reader, lines[owner].number))
      // Nothing is kept of lines of which some are invalid, unless they are to be left out.
      guard skipsInvalid else { return }
      passages[owner] = []
    }
  }

  private func repeated(_ reader: PassageReader, _ line: Int) -> CaptureError {
    CaptureError(
      file: reader.file, line: line, field: "id",
      problem: "is that of an earlier line of the same run, split, epoch and prefix_id")
  }

  // MARK: Scoring

  private func score(_ store: CaptureStore, _ server: Server, _ progress: @Sendable (Progress) -> Void) async throws {
    let state = try store.progress
    let failures = FailureCount(limit: max(3, client.concurrency), hasSucceeded: state.finished > 0)
    let writer = ResultWriter(store)
    var done = state.finished
    progress(.scoring(done: done, of: state.passages))
    // While a server has as many requests as it may have, answers to others are read and written.
    let concurrency =
      server.slots.map { min($0, client.concurrency) }
      ?? client.concurrency + ProcessInfo.processInfo.activeProcessorCount
    var last = -1
    var waiting: ArraySlice<CaptureStore.Task> = []
    func next() throws -> CaptureStore.Task? {
      if waiting.isEmpty {
        waiting = try store.unfinished(after: last, limit: 256)[...]
        last = waiting.last?.position ?? last
      }
      return waiting.popFirst()
    }
    // Since the last check that agreed.
    var unchecked: [Int] = []
    func score(_ task: CaptureStore.Task) async throws -> Int {
      try writer.write(task.position, try await result(of: task, store, server, failures))
      return task.position
    }
    try await withThrowingTaskGroup(of: Int.self) { group in
      var running = 0
      while running < concurrency, let task = try next() {
        group.addTask { try await score(task) }
        running += 1
      }
      while let position = try await group.next() {
        done += 1
        unchecked.append(position)
        let checks = (done - state.finished) / recheckInterval
        if (done - state.finished) % recheckInterval == 0 {
          let early = try store.early(checks % 8)
          do {
            try await recognize(store, server, early)
          } catch let error as ServerError where error.kind == .otherModel {
            // Whatever the other model answered is not to stay.
            group.cancelAll()
            while !group.isEmpty {
              if let position = try? await group.next() { unchecked.append(position) }
            }
            try store.takeBack(unchecked)
            throw error
          }
          unchecked = []
        }
        progress(.scoring(done: done, of: state.passages))
        if let task = try next() {
          group.addTask { try await score(task) }
        }
      }
    }
  }

  /// Scores a passage, or says what is wrong with it.
  private func result(
    of task: CaptureStore.Task, _ store: CaptureStore, _ server: Server, _ failures: FailureCount
  ) async throws -> CaptureStore.Result {
    // What was planned has the usual names of fields.
    let (passage, _) = try PassageParser(file: "the store", options: PassageOptions())
      .passage(task.input, number: task.position)
    do {
      let tokenized = try await server.tokenizer?.tokenized(passage) ?? passage
      let positions = ScoredPositions(store: store, passage: task.position)
      var record = try await server.scorer.score(tokenized, keeping: positions)
      if let plan = settings.near {
        let searcher = NearSearcher(scorer: server.scorer, plan: plan, batch: min(8, client.concurrency))
        record.near = try await searcher.bounds(tokenized)
      }
      let generations = try await server.sampler?.lines(tokenized, number: task.position) ?? []
      let line = try captureLine(record)
      failures.reset()
      return .finished(record: line, generations: generations)
    } catch let error as PassageError {
      return .failed(name: passage.id, problem: error.problem)
    } catch let error as RecordError {
      return .failed(name: passage.id, problem: "the server's values are no record: \(error)")
    } catch let error as ServerError where failures.isWithinLimit(error) {
      // A server may fail for one passage and not for the next.
      return .failed(name: passage.id, problem: error.description)
    }
  }
}

/// Failures without a result between them: one passage may be too much for a server, many in a row say that it is down,
/// or another kind of server.
private final class FailureCount: Sendable {
  private let state: Mutex<(count: Int, hasSucceeded: Bool)>
  private let limit: Int

  init(limit: Int, hasSucceeded: Bool) {
    self.limit = limit
    state = Mutex((0, hasSucceeded))
  }

  func reset() { state.withLock { $0 = (0, true) } }

  /// Counts one more, and says whether there may be another.
  func isWithinLimit(_ error: ServerError) -> Bool {
    state.withLock { state in
      // A server that has scored others and wants none of this passage may want none of the next ones either.
      guard error.kind == .failing || error.isOfOnePassage else { return false }
      if error.isOfOnePassage, state.hasSucceeded { return true }
      state.count += 1
      return state.count < limit
    }
  }
}
