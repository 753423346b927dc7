import Captures
import Foundation
import SkewedMemorization

/// Captures by what they are of: which run, split and epoch, which of them belong together.
struct NotebookSources: Sendable {
  /// A capture.
  struct Capture: Sendable {
    let path: String
    let run: String?
    let split: String?
    let epoch: Double?
    let ids: Set<String>
    /// Whether records were shown different numbers of times.
    let hasRepetitions: Bool
    /// The share of records that greedy decoding repeats whole; nil where it is not known.
    let wholeShare: Double?
    let shortest: Int
    let longest: Int
    /// Whether a few lines of Python can read it.
    let isNative: Bool

    var isTraining: Bool { split == nil || split == "train" }
  }

  /// Windows of whole works by one model, and long passes over them: the captures of one folder.
  struct Works: Sendable {
    let folder: String
    var windows: [String] = []
    /// The works of `windows`, in their order.
    var documents: [String] = []
    /// Windows of texts that are no training data, and the texts' names.
    var controls: [String] = []
    fileprivate var controlDocuments: [String] = []
    fileprivate var allPasses: [(path: String, document: String)] = []
    /// The tokens of a window that notebooks ask for.
    var length = 16
    var generations: String?

    /// Long passes over the works.
    var passes: [String] { allPasses.filter { !controlDocuments.contains($0.document) }.map(\.path) }

    /// Long passes over texts that are no training data.
    var controlPasses: [String] { allPasses.filter { controlDocuments.contains($0.document) }.map(\.path) }

    var name: String { folder.split(separator: "/").last.map(String.init) ?? folder }

    /// The folder itself, which may hold the tokens of the texts, and `texts` beside it.
    var texts: [String] {
      let beside = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      let folders = ["\(beside.isEmpty ? "." : beside)/texts", folder]
      return folders.filter { FileManager.default.fileExists(atPath: $0) }
    }
  }

  let captures: [Capture]
  /// Captures of works, a folder each.
  let works: [Works]
  /// Generations by their run and epoch.
  private let generations: [(path: String, run: String?, epoch: Double?)]
  /// Files of embeddings by run.
  private let embeddings: [String: (prefix: String, full: String)]
  /// Files of activations, of attention and of statements.
  private let inside: [String]
  /// The capture that most notebooks are about.
  let subject: Capture

  /// Looks through captures, generations, embeddings (`RUN-prefix.npy` and `RUN-full.npy`), activations, attention
  /// (`CAPTURE.activations.safetensors` and `CAPTURE.attention.safetensors`) and statements
  /// (`CAPTURE.statements.jsonl`).
  ///
  /// - Parameter paths: The files; of a folder all that are of use.
  /// - Throws: `CaptureError` for what cannot be read, and without a capture.
  init(_ paths: [String]) async throws {
    let (arrays, others) = try Self.files(paths)
    var captures: [Capture] = []
    var generations: [(path: String, run: String?, epoch: Double?)] = []
    var works: [Works] = []
    for path in others {
      if try await Self.addWork(path, to: &works) { continue }
      if let kind = try Self.generations(path) {
        generations.append((path, kind.run, kind.epoch))
      } else if let capture = try await Self.capture(path) {
        captures.append(capture)
      }
    }
    var embeddings: [String: (prefix: String, full: String)] = [:]
    inside = arrays.filter(Self.isInside)
    for prefix in arrays where prefix.hasSuffix(Self.prefixEnding) {
      let stem = prefix.dropLast(Self.prefixEnding.count)
      guard let full = arrays.first(where: { $0 == stem + Self.fullEnding }) else { continue }
      embeddings[URL(fileURLWithPath: String(stem)).lastPathComponent] = (prefix, full)
    }
    let sampled = captures.first { capture in
      capture.isTraining && generations.contains { $0.run == capture.run && $0.epoch == capture.epoch }
    }
    guard let subject = sampled ?? captures.last(where: { $0.isTraining && $0.run == captures[0].run }) ?? captures.last
    else { throw CaptureError(file: paths.joined(separator: ", "), problem: "no capture with records") }
    self.captures = captures
    self.works = works.map { model in
      var model = model
      model.generations = generations.first { Self.folder(of: $0.path) == model.folder }?.path
      return model
    }
    self.generations = generations
    self.embeddings = embeddings
    self.subject = subject
  }

  // MARK: What belongs together

  /// The training captures of runs with several epochs, by epoch; the subject's run first, then in the order of their
  /// first capture.
  var trajectories: [(run: String, captures: [Capture])] {
    var order: [String] = []
    for run in ([subject] + captures.filter(\.isTraining)).compactMap(\.run) where !order.contains(run) {
      order.append(run)
    }
    return order.compactMap { run in
      let epochs = captures.filter { $0.run == run && $0.isTraining && $0.epoch != nil }
        .sorted { ($0.epoch ?? 0, $0.path) < ($1.epoch ?? 0, $1.path) }
      return epochs.count > 1 && Set(epochs.map(\.epoch)).count == epochs.count ? (run, epochs) : nil
    }
  }

  /// Records of the subject's run and epoch that it was not trained on.
  var heldOut: Capture? {
    captures.first { !$0.isTraining && $0.run == subject.run && $0.epoch == subject.epoch && $0.split != subject.split }
  }

  /// Training captures with held-out records of the same run and epoch, by run and epoch.
  var controlled: [(records: Capture, controls: Capture)] {
    captures.filter { $0.isTraining && $0.run != nil && $0.epoch != nil }.compactMap { own in
      captures.first { !$0.isTraining && $0.run == own.run && $0.epoch == own.epoch }.map { (own, $0) }
    }.sorted {
      ($0.records.run ?? "", $0.records.epoch ?? 0, $0.records.path)
        < ($1.records.run ?? "", $1.records.epoch ?? 0, $1.records.path)
    }
  }

  /// Generations of the subject.
  var subjectGenerations: String? {
    generations.first { $0.run == subject.run && $0.epoch == subject.epoch }?.path
  }

  /// The subject's activations.
  var activations: String? { beside(Self.activationsEnding) }

  /// The subject's attention.
  var attention: String? { beside(Self.attentionEnding) }

  /// What the subject's model says to questions, and how it explains it.
  var statements: String? { beside(Self.statementsEnding) }

  /// A file that is called after the subject.
  private func beside(_ ending: String) -> String? {
    let name = URL(fileURLWithPath: subject.path).lastPathComponent
    return inside.first { path in
      let own = URL(fileURLWithPath: path).lastPathComponent
      return own.hasSuffix(ending) && name.hasPrefix(own.dropLast(ending.count) + ".jsonl")
    }
  }

  /// The subject's run at other epochs.
  var otherEpochs: [Capture] {
    captures.filter {
      $0.run != nil && $0.run == subject.run && $0.split == subject.split && $0.epoch != nil
        && $0.epoch != subject.epoch
    }
    .sorted { ($0.epoch ?? 0, $0.path) < ($1.epoch ?? 0, $1.path) }
  }

  /// Pairs of runs at the subject's epoch, the records of the first being some of those of the second.
  var mixtures: [(alone: Capture, mixed: Capture)] {
    let peers = captures.filter { $0.isTraining && $0.run != nil && $0.epoch == subject.epoch }
    return peers.flatMap { alone in
      peers.filter { $0.run != alone.run && alone.ids.isStrictSubset(of: $0.ids) }.map { (alone, $0) }
    }
  }

  /// A capture of records shown different numbers of times: the last at which fewer than half are repeated whole.
  var repetitions: Capture? {
    let varied = captures.filter { $0.isTraining && $0.hasRepetitions && $0.epoch ?? 1 > 0 }
      .sorted { ($0.epoch ?? 0, $0.path) < ($1.epoch ?? 0, $1.path) }
    return varied.last { $0.wholeShare ?? 0 < 0.5 } ?? varied.first
  }

  /// Captures with embeddings, one a run: the subject, or the last at which fewer than half of the records are repeated
  /// whole.
  var embedded: [(capture: Capture, prefix: String, full: String)] {
    embeddings.sorted { ($0.key == subject.run ? 0 : 1, $0.key) < ($1.key == subject.run ? 0 : 1, $1.key) }.compactMap {
      run, files in
      if run == subject.run { return (subject, files.prefix, files.full) }
      let own = captures.filter { $0.run == run && $0.isTraining }
        .sorted { ($0.epoch ?? 0, $0.path) < ($1.epoch ?? 0, $1.path) }
      return (own.last { $0.wholeShare ?? 0 < 0.5 } ?? own.last).map { ($0, files.prefix, files.full) }
    }
  }

  // MARK: Files

  private static let prefixEnding = "-prefix.npy"
  private static let fullEnding = "-full.npy"

  private static let activationsEnding = ".activations.safetensors"
  private static let attentionEnding = ".attention.safetensors"
  private static let statementsEnding = ".statements.jsonl"

  private static func isEmbedding(_ path: String) -> Bool {
    path.hasSuffix(prefixEnding) || path.hasSuffix(fullEnding)
  }

  private static func isInside(_ path: String) -> Bool {
    [activationsEnding, attentionEnding, statementsEnding].contains { path.hasSuffix($0) }
  }

  private static func isArray(_ path: String) -> Bool { isEmbedding(path) || isInside(path) }

  private static func files(_ paths: [String]) throws -> (arrays: [String], others: [String]) {
    var arrays: [String] = []
    var others: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        arrays += contents.filter(isArray).sorted().map { (path.hasSuffix("/") ? path : path + "/") + $0 }
      }
      for file in try CaptureFiles.expanded([path]) {
        // Those of a folder are there already.
        if !isArray(file) { others.append(file) } else if !arrays.contains(file) { arrays.append(file) }
      }
    }
    return (arrays, others)
  }

  private static func folder(of path: String) -> String {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return folder.isEmpty ? "." : folder
  }

  /// Adds a capture of a work to those of its folder; false for another file.
  private static func addWork(_ path: String, to works: inout [Works]) async throws -> Bool {
    struct Head: Decodable {
      let document: String?
      let start: Int?
      let split: String?
      let tokenIDs: [Int]?
      let values: [Double?]?

      enum CodingKeys: String, CodingKey {
        case document, start, split
        case tokenIDs = "token_ids"
        case values = "token_logprobs"
      }
    }
    let line = Data(try InputOptions.opened(path).beginning().prefix { $0 != 0x0A })
    guard let head = try? JSONDecoder().decode(Head.self, from: line), let document = head.document,
      head.start != nil, let values = head.values
    else { return false }
    let folder = folder(of: path)
    if !works.contains(where: { $0.folder == folder }) { works.append(Works(folder: folder)) }
    guard let place = works.firstIndex(where: { $0.folder == folder }) else { return false }
    if head.tokenIDs != nil {
      works[place].allPasses.append((path, document))
    } else if head.split ?? "train" != "train" {
      works[place].controls.append(path)
      works[place].controlDocuments.append(document)
    } else {
      works[place].windows.append(path)
      works[place].documents.append(document)
      works[place].length = min(works[place].length, values.count)
    }
    return true
  }

  /// The run and epoch of a file of generations; nil for another file.
  private static func generations(_ path: String) throws -> (run: String?, epoch: Double?)? {
    struct Head: Decodable {
      let run: String?
      let epoch: Double?
      let generations: [[Int]]?
      let texts: [String]?
    }
    struct Probabilities: Decodable {
      let values: [Double?]?

      enum CodingKeys: String, CodingKey { case values = "token_logprobs" }
    }
    let line = Data(try InputOptions.opened(path).beginning().prefix { $0 != 0x0A })
    guard let head = try? JSONDecoder().decode(Head.self, from: line), head.generations != nil || head.texts != nil,
      (try? JSONDecoder().decode(Probabilities.self, from: line))?.values == nil
    else { return nil }
    return (head.run, head.epoch)
  }

  /// nil for a capture without records.
  private static func capture(_ path: String) async throws -> Capture? {
    let opened = try InputOptions.opened(path)
    let beginning = try opened.beginning()
    let records = try await CaptureReader(files: [path]).records(of: opened)
    guard let first = records.first else { return nil }
    func common<Value: Equatable>(_ value: (Record) -> Value?) -> Value? {
      records.allSatisfy { value($0) == value(first) } ? value(first) : nil
    }
    let greedy = records.compactMap { GreedyMatch($0) }
    let isNative =
      (path.hasSuffix(".jsonl") || path.hasSuffix(".jsonl.gz"))
      && String(decoding: beginning, as: UTF8.self).contains("\"token_logprobs\"")
    return Capture(
      path: path, run: common(\.run), split: common(\.split), epoch: common(\.epoch), ids: Set(records.map(\.id)),
      hasRepetitions: Set(records.compactMap(\.repetitions)).count > 1,
      wholeShare: greedy.count == records.count
        ? Double(greedy.count(where: \.isCensored)) / Double(greedy.count) : nil,
      shortest: records.map(\.tokenLogProbabilities.count).min() ?? 0,
      longest: records.map(\.tokenLogProbabilities.count).max() ?? 0, isNative: isNative)
  }
}
