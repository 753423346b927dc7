import Captures
import GSLNumerics
import MemorizationMetrics
import TokenProcess

/// What there is beside the records in question, by record: makes what the metrics of a record draw on.
struct MetricContext: Sendable {
  private let settings: MetricSettings
  /// Generations by the name of their record: those of one scheme, plain sampling, which the tail risk is about, or the
  /// first; and greedy ones.
  private var sampled: [RecordName: [SampledGenerations]] = [:]
  private var greedy: [RecordName: [SampledGenerations]] = [:]
  /// How many tokens were asked for, where generations do not say: as much of all records.
  private let asked: Int
  private let reference: [String: Record]
  private let unconditional: [String: Record]
  private let otherPrefixes: [String: [Record]]
  private let memberPrefixes: [String: [Record]]
  private let perturbed: [String: [Record]]
  private let lowercased: [String: Record]
  private let wrongAnswers: [String: [Record]]
  private let history: RunHistory
  private let frequencies: TokenFrequencies?
  private let exposure: Exposure?
  /// The held-out records, and what a token of each gains from training.
  private(set) var heldOut: [MetricInput] = []
  private var gains: [Double] = []

  /// - Throws: `ArgumentError` for held-out records that other captures cannot tell from the records; `RecordError` for
  ///   a held-out record whose tokens are others in another capture, or generations that could be of several records.
  init(
    _ outline: RecordsOutline, _ evidence: MetricsAnalysis.Evidence, _ history: RunHistory, _ settings: MetricSettings,
    _ warnings: inout [Warning]
  ) throws {
    let heldOut = evidence.heldOut?.records ?? []
    let versions = [
      evidence.reference, evidence.otherPrefixes, evidence.memberPrefixes, evidence.perturbed, evidence.lowercased,
      evidence.wrongAnswers,
    ]
    if versions.contains(where: { $0 != nil }) {
      let shared = Set(outline.ids).intersection(heldOut.map(\.id)).count
      guard shared == 0 else {
        throw ArgumentError(
          name: "heldOut", value: "a capture with \(shared) ids of the records",
          allowed: "of other ids, as lines of other captures are found by id")
      }
    }
    func first(_ capture: Capture?) -> [String: Record] {
      Dictionary((capture?.records ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
    func all(_ capture: Capture?) -> [String: [Record]] { Dictionary(grouping: capture?.records ?? [], by: \.id) }
    self.settings = settings
    self.history = history
    reference = first(evidence.reference)
    unconditional = first(evidence.unconditional)
    otherPrefixes = all(evidence.otherPrefixes)
    memberPrefixes = all(evidence.memberPrefixes)
    perturbed = all(evidence.perturbed)
    lowercased = first(evidence.lowercased)
    wrongAnswers = all(evidence.wrongAnswers)
    frequencies = TokenFrequencies(heldOut, vocabularyOf: outline)
    exposure = Exposure(referenceLosses: heldOut.map { Likelihood.loss($0.tokenLogProbabilities) })
    if let sets = evidence.generations?.sets {
      (sampled, greedy) = try Self.generations(
        of: (outline.names ?? []) + heldOut.map(RecordName.init), sets, &warnings)
    }
    asked = max(
      sampled.values.joined().filter { $0.maximumTokens == nil }.flatMap(\.generations).map(\.count).max() ?? 0,
      outline.longestGeneration)
    var inputs = try heldOut.map { try input($0) }
    for index in inputs.indices {
      inputs[index].frequencies = frequencies?.without(inputs[index].record)
      guard let reference = inputs[index].underReferenceModel else { continue }
      inputs[index].ownGain = gains.count
      gains.append(
        Likelihood.referenceDifference(inputs[index].record.tokenLogProbabilities, reference: reference))
    }
    for index in inputs.indices { inputs[index].gains = gains }
    self.heldOut = inputs
  }

  /// What the metrics of one of the records in question draw on.
  ///
  /// - Throws: `RecordError` where its tokens are others in another capture.
  func member(_ record: Record) throws -> MetricInput {
    var input = try input(record)
    input.exposure = exposure
    input.isReproduced = history.isReproduced[record.id] ?? []
    input.included = history.included[record.id] ?? []
    input.excluded = history.excluded[record.id] ?? []
    if let frequencies { input.frequencies = { frequencies.logFrequency($0) } }
    input.gains = gains
    return input
  }

  /// What records in question and held-out ones have alike.
  private func input(_ record: Record) throws -> MetricInput {
    func tokens(_ other: Record, _ what: String) throws -> [Double] {
      if let own = record.referenceTokenIDs, let theirs = other.referenceTokenIDs, own != theirs {
        throw RecordError(
          field: "reference_token_ids", problem: "those of record \(record.id) are others in \(what)")
      }
      guard other.tokenLogProbabilities.count == record.tokenLogProbabilities.count else {
        throw RecordError(
          field: "token_logprobs",
          problem: "record \(record.id) has \(record.tokenLogProbabilities.count) tokens, but "
            + "\(other.tokenLogProbabilities.count) in \(what)")
      }
      return other.tokenLogProbabilities
    }
    var input = MetricInput(record, settings)
    let name = RecordName(record)
    input.add(sampled[name] ?? [], asked: asked)
    input.addGreedy(greedy[name] ?? [])
    input.unconditional = try unconditional[record.id].map { try tokens($0, "the capture without a prefix") }
    input.underReferenceModel = try reference[record.id].map { try tokens($0, "the reference model's capture") }
    input.afterOtherPrefixes = try (otherPrefixes[record.id] ?? []).map {
      try tokens($0, "the capture after other prefixes")
    }
    input.afterMembers = try (memberPrefixes[record.id] ?? []).map {
      try tokens($0, "the capture after members")
    }
    // These are other texts, of other lengths.
    input.perturbed = (perturbed[record.id] ?? []).map(\.tokenLogProbabilities)
    input.lowercased = lowercased[record.id]?.tokenLogProbabilities
    input.wrong = (wrongAnswers[record.id] ?? []).map(\.tokenLogProbabilities)
    input.statisticsWith = history.statisticsWith[record.id] ?? []
    input.statisticsWithout = history.statisticsWithout[record.id] ?? []
    return input
  }

  private static func generations(
    of records: [RecordName], _ generations: [SampledGenerations], _ warnings: inout [Warning]
  ) throws -> (sampled: [RecordName: [SampledGenerations]], greedy: [RecordName: [SampledGenerations]]) {
    let places = GenerationsOfRecords(records)
    let known = Set(records.map(\.id))
    var (found, strangers): ([(name: RecordName, set: SampledGenerations)], Int) = ([], 0)
    for set in generations {
      if let place = try places.record(of: set) {
        found.append((records[place], set))
      } else if known.contains(set.id) {
        strangers += 1
      }
    }
    if strangers > 0 { warnings.append(Warning(.otherRuns, counts: ["lines": strangers])) }
    guard let first = found.first(where: { !$0.set.decoding.isGreedy }) ?? found.first else { return ([:], [:]) }
    let scheme = found.contains { $0.set.decoding == .plain } ? .plain : first.set.decoding
    let chosen = found.filter { $0.set.decoding == scheme }
    let rest = found.count { $0.set.decoding != scheme && !$0.set.decoding.isGreedy }
    if rest > 0 {
      warnings.append(
        Warning(
          .oneScheme, counts: ["lines": chosen.count, "all": chosen.count + rest],
          names: ["scheme": scheme == .plain ? "plain sampling" : "the first in the file"]))
    }
    func byName(_ sets: [(name: RecordName, set: SampledGenerations)]) -> [RecordName: [SampledGenerations]] {
      Dictionary(grouping: sets, by: \.name).mapValues { $0.map(\.set) }
    }
    return (byName(chosen), byName(found.filter { $0.set.decoding.isGreedy }))
  }
}
