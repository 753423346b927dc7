import Captures
import GSLNumerics
import MemorizationMetrics
import TokenProcess

extension MetricsAnalysis {
  /// Records with all that is known of them.
  func inputs(
    _ data: Data, _ settings: MetricSettings, _ warnings: inout [Warning]
  ) throws -> (records: [MetricInput], heldOut: [MetricInput]) {
    let generations = Dictionary(grouping: Self.ofOneScheme(data.generations, &warnings), by: \.id)
    let shared = Set(data.records.map(\.id)).intersection(data.heldOut.map(\.id))
    guard shared.isEmpty || data.referenceModel.isEmpty && data.otherPrefixes.isEmpty else {
      throw ArgumentError(
        name: "heldOut", value: "a capture with \(shared.count) ids of the records",
        allowed: "of other ids, as lines of other captures are found by id")
    }
    // What lies beyond the longest continuation was never asked for.
    let sampled = generations.values.joined()
    let longest =
      (sampled.flatMap(\.generations) + data.records.flatMap { $0.generations ?? [] }).map(\.count).max() ?? 0
    let longestText = sampled.flatMap(\.texts).map(\.unicodeScalars.count).max() ?? 0
    let reference = Dictionary(data.referenceModel.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let others = Dictionary(grouping: data.otherPrefixes, by: \.id)
    let exposure = Exposure(referenceLosses: data.heldOut.map { Likelihood.loss($0.tokenLogProbabilities) })
    let nGrams = nGramLogProbabilities(data.records, order: settings.nGramOrder)
    let history = try RunHistory(data, settings)
    func input(_ record: Record) throws -> MetricInput {
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
      let sets = generations[record.id] ?? []
      input.generations = ((record.generations ?? []) + sets.flatMap(\.generations)).map { Array($0.prefix(longest)) }
      input.reference = Array((record.referenceTokenIDs ?? []).prefix(longest))
      // A continuation may go on where the reference ends.
      input.generations = input.generations.map { Array($0.prefix(input.reference.count)) }
      input.texts = sets.flatMap(\.texts)
      input.referenceText = Self.prefix(record.reference ?? "", longestText)
      let length = input.referenceText.unicodeScalars.count
      input.texts = input.texts.map { Self.prefix($0, length) }
      input.underReferenceModel = try reference[record.id].map { try tokens($0, "the reference model's capture") }
      input.afterOtherPrefixes = try (others[record.id] ?? []).map {
        try tokens($0, "the capture after other prefixes")
      }
      return input
    }
    let heldOut = try data.heldOut.map(input)
    let records = try data.records.enumerated().map { index, record in
      var input = try input(record)
      input.exposure = exposure
      input.nGramLogProbability = nGrams?[index]
      input.isReproduced = history.isReproduced[record.id] ?? []
      input.included = history.included[record.id] ?? []
      input.excluded = history.excluded[record.id] ?? []
      return input
    }
    return (records, heldOut)
  }

  /// The generations of one decoding scheme: plain sampling, which the tail risk is about, or the first.
  private static func ofOneScheme(
    _ generations: [SampledGenerations], _ warnings: inout [Warning]
  ) -> [SampledGenerations] {
    guard let first = generations.first else { return [] }
    let scheme = generations.contains { $0.decoding == .plain } ? .plain : first.decoding
    let chosen = generations.filter { $0.decoding == scheme }
    if chosen.count < generations.count {
      warnings.append(
        Warning(
          .oneScheme, counts: ["lines": chosen.count, "all": generations.count],
          names: ["scheme": scheme == .plain ? "plain sampling" : "the first in the file"]))
    }
    return chosen
  }

  /// The first Unicode scalars of a text.
  private static func prefix(_ text: String, _ count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }

  /// The mean log-probability a token of each record by the n-gram model of all others; nil where token ids are
  /// missing.
  private func nGramLogProbabilities(_ records: [Record], order: Int) -> [Double]? {
    let texts = records.compactMap(\.referenceTokenIDs)
    guard texts.count == records.count, texts.count > 1 else { return nil }
    let known = texts.lazy.joined().max() ?? 0
    let vocabulary = max(records.compactMap(\.vocabularySize).max() ?? 0, known < .max ? known + 1 : known, 1)
    var model = NGramModel(order: order, vocabularySize: vocabulary)
    for text in texts { model.add(text) }
    return texts.map { text in
      model.remove(text)
      defer { model.add(text) }
      return model.logProbability(text) / Double(text.count)
    }
  }
}
