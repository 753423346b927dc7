import Captures
import GSLNumerics
import MemorizationMetrics
import TokenProcess

extension MetricsAnalysis {
  /// Records with all that is known of them.
  func inputs(
    _ data: Data, _ settings: MetricSettings, _ warnings: inout [Warning]
  ) throws -> (records: [MetricInput], heldOut: [MetricInput]) {
    let sets = try Self.generations(of: data.records + data.heldOut, data.generations, &warnings)
    let shared = Set(data.records.map(\.id)).intersection(data.heldOut.map(\.id))
    let versions = [data.memberPrefixes, data.perturbed, data.lowercased, data.wrongAnswers]
    guard
      shared.isEmpty
        || data.referenceModel.isEmpty && data.otherPrefixes.isEmpty && versions.allSatisfy(\.isEmpty)
    else {
      throw ArgumentError(
        name: "heldOut", value: "a capture with \(shared.count) ids of the records",
        allowed: "of other ids, as lines of other captures are found by id")
    }
    let reference = Dictionary(data.referenceModel.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let unconditional = Dictionary(data.unconditional.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let others = Dictionary(grouping: data.otherPrefixes, by: \.id)
    let afterMembers = Dictionary(grouping: data.memberPrefixes, by: \.id)
    let perturbed = Dictionary(grouping: data.perturbed, by: \.id)
    let lowercased = Dictionary(data.lowercased.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let wrong = Dictionary(grouping: data.wrongAnswers, by: \.id)
    let corpus = TokenFrequencies(data.heldOut, vocabularyOf: data.records)
    let exposure = Exposure(referenceLosses: data.heldOut.map { Likelihood.loss($0.tokenLogProbabilities) })
    let nGrams = nGramLogProbabilities(data.records, order: settings.nGramOrder)
    let history = try RunHistory(data, settings)
    // Where nothing says how much was asked for, it was as much of all records.
    let asked = max(
      sets.sampled.values.joined().filter { $0.maximumTokens == nil }.flatMap(\.generations).map(\.count).max() ?? 0,
      data.records.flatMap { $0.generations ?? [] }.map(\.count).max() ?? 0)
    func input(_ record: Record, _ index: Int) throws -> MetricInput {
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
      input.add(sets.sampled[index] ?? [], asked: asked)
      input.addGreedy(sets.greedy[index] ?? [])
      input.unconditional = try unconditional[record.id].map { try tokens($0, "the capture without a prefix") }
      input.underReferenceModel = try reference[record.id].map { try tokens($0, "the reference model's capture") }
      input.afterOtherPrefixes = try (others[record.id] ?? []).map {
        try tokens($0, "the capture after other prefixes")
      }
      input.afterMembers = try (afterMembers[record.id] ?? []).map {
        try tokens($0, "the capture after members")
      }
      // These are other texts, of other lengths.
      input.perturbed = (perturbed[record.id] ?? []).map(\.tokenLogProbabilities)
      input.lowercased = lowercased[record.id]?.tokenLogProbabilities
      input.wrong = (wrong[record.id] ?? []).map(\.tokenLogProbabilities)
      input.statisticsWith = history.statisticsWith[record.id] ?? []
      input.statisticsWithout = history.statisticsWithout[record.id] ?? []
      return input
    }
    var heldOut = try data.heldOut.enumerated().map { try input($1, data.records.count + $0) }
    var gains: [Double] = []
    for index in heldOut.indices {
      heldOut[index].frequencies = corpus?.without(heldOut[index].record)
      guard let reference = heldOut[index].underReferenceModel else { continue }
      heldOut[index].ownGain = gains.count
      gains.append(
        Likelihood.referenceDifference(heldOut[index].record.tokenLogProbabilities, reference: reference))
    }
    for index in heldOut.indices { heldOut[index].gains = gains }
    let records = try data.records.enumerated().map { index, record in
      var input = try input(record, index)
      input.exposure = exposure
      input.nGramLogProbability = nGrams?[index]
      input.isReproduced = history.isReproduced[record.id] ?? []
      input.included = history.included[record.id] ?? []
      input.excluded = history.excluded[record.id] ?? []
      if let corpus { input.frequencies = { corpus.logFrequency($0) } }
      input.gains = gains
      return input
    }
    return (records, heldOut)
  }

  /// Generations by the place of their record: those of one scheme, plain sampling, which the tail risk is about, or
  /// the first; and greedy ones.
  private static func generations(
    of records: [Record], _ generations: [SampledGenerations], _ warnings: inout [Warning]
  ) throws -> (sampled: [Int: [SampledGenerations]], greedy: [Int: [SampledGenerations]]) {
    let places = GenerationsOfRecords(records)
    let known = Set(records.map(\.id))
    var (found, strangers): ([(place: Int, set: SampledGenerations)], Int) = ([], 0)
    for set in generations {
      if let place = try places.record(of: set) {
        found.append((place, set))
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
    func byPlace(_ sets: [(place: Int, set: SampledGenerations)]) -> [Int: [SampledGenerations]] {
      Dictionary(grouping: sets, by: \.place).mapValues { $0.map(\.set) }
    }
    return (byPlace(chosen), byPlace(found.filter { $0.set.decoding.isGreedy }))
  }

  /// The mean log-probability a token of each record by the n-gram model of all others; nil where token ids are
  /// missing.
  private func nGramLogProbabilities(_ records: [Record], order: Int) -> [Double]? {
    let texts = records.compactMap(\.referenceTokenIDs)
    guard order > 0, texts.count == records.count, texts.count > 1 else { return nil }
    let known = texts.lazy.joined().max() ?? 0
    let vocabulary = max(records.compactMap(\.vocabularySize).max() ?? 0, known < .max ? known + 1 : known, 1)
    let sums = NGramModel.leaveOneOut(texts, order: order, vocabularySize: vocabulary)
    return zip(sums, texts).map { $0 / Double($1.count) }
  }
}

/// How often tokens occur in other texts, one added to each count (Laplace).
private struct TokenFrequencies: Sendable {
  private let counts: [Int: Int]
  private let total: Int
  private let vocabulary: Int

  /// Nil where no record says its tokens.
  init?(_ records: [Record], vocabularyOf others: [Record]) {
    var counts: [Int: Int] = [:]
    for token in records.lazy.compactMap(\.referenceTokenIDs).joined() { counts[token, default: 0] += 1 }
    guard !counts.isEmpty else { return nil }
    self.counts = counts
    total = counts.values.reduce(0, +)
    let all = records + others
    let largest = all.lazy.compactMap(\.referenceTokenIDs).joined().max() ?? 0
    vocabulary = max(all.compactMap(\.vocabularySize).max() ?? 0, largest < .max ? largest + 1 : largest)
  }

  func logFrequency(_ token: Int) -> Double {
    .log((Double(counts[token] ?? 0) + 1) / (Double(total) + Double(vocabulary)))
  }

  /// The same without the tokens of one of the records; nil where it does not say them.
  func without(_ record: Record) -> (@Sendable (Int) -> Double)? {
    guard let tokens = record.referenceTokenIDs else { return nil }
    let own = tokens.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return { token in
      let count = (counts[token] ?? 0) - (own[token] ?? 0)
      return .log((Double(count) + 1) / (Double(total - tokens.count) + Double(vocabulary)))
    }
  }
}

extension MetricInput {
  /// Adds continuations of the record. They are compared as far as was asked for: to `max_tokens`, or where that is not
  /// said to `asked`; and at most to the end of the reference, beyond which a continuation may go on. Texts do not say
  /// how much was asked for: they are compared to the end of the longest, or of the reference where all stopped early.
  mutating func add(_ sets: [SampledGenerations], asked usual: Int) {
    let own = record.generations ?? []
    let whole = record.referenceTokenIDs ?? []
    let asked = sets.map { $0.maximumTokens ?? usual } + own.map { _ in usual }
    reference = Array(whole.prefix(asked.max() ?? 0))
    for set in sets {
      for tokens in set.generations {
        isEnded = isEnded || Self.isEnded(tokens, set.maximumTokens, whole)
        generations.append(Self.spoken(tokens, upTo: reference.count))
      }
    }
    generations += own.map { Self.spoken($0, upTo: reference.count) }
    texts = sets.flatMap(\.texts)
    referenceText = record.reference ?? ""
    let longest = generations.map(\.count).max() ?? reference.count
    if longest >= reference.count {
      referenceText = Self.prefix(referenceText, texts.map(\.unicodeScalars.count).max() ?? 0)
    }
    let length = referenceText.unicodeScalars.count
    texts = texts.map { Self.prefix($0, length) }
  }

  /// Adds greedy continuations, of which the first counts.
  mutating func addGreedy(_ sets: [SampledGenerations]) {
    let whole = record.referenceTokenIDs ?? []
    guard let set = sets.first, let tokens = set.generations.first, !whole.isEmpty, !tokens.isEmpty,
      !Self.isEnded(tokens, set.maximumTokens, whole)
    else { return }
    // Without sampled continuations the reference is only as long as this one was to be.
    let length = min(whole.count, set.maximumTokens ?? tokens.count)
    if reference.isEmpty || reference.count > length { reference = Array(whole.prefix(length)) }
    greedyGeneration = Self.spoken(tokens, upTo: reference.count)
    if let values = set.logProbabilities.first?.prefix(reference.count), !values.isEmpty {
      greedyGuess = values.reduce(0, +) / Double(values.count)
    }
  }

  /// Whether a draw is shorter than was asked for because it had left the reference.
  private static func isEnded(_ tokens: [Int], _ asked: Int?, _ reference: [Int]) -> Bool {
    guard let asked, tokens.count < min(asked, reference.count), tokens.last != SampledGenerations.endOfText else {
      return false
    }
    return tokens != Array(reference.prefix(tokens.count))
  }

  /// The tokens without what stands for the end of the text.
  private static func spoken(_ tokens: [Int], upTo count: Int) -> [Int] {
    Array((tokens.last == SampledGenerations.endOfText ? tokens.dropLast() : tokens[...]).prefix(count))
  }

  /// The first Unicode scalars of a text.
  private static func prefix(_ text: String, _ count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }
}
