import Captures
import MemorizationMetrics
import TokenProcess

extension MetricsAnalysis {
  /// What the data leave in doubt.
  func warnings(_ data: Data, _ inputs: [MetricInput], _ settings: MetricSettings) -> [Warning] {
    var warnings: [Warning] = []
    let short = inputs.count { $0.logTailRisk == nil }
    if short > 0 {
      warnings.append(
        Warning(.shortRecords, counts: ["short": short, "records": inputs.count, "length": settings.length]))
    }
    let ended = inputs.count(where: \.isEnded)
    if ended > 0 { warnings.append(Warning(.endedDraws, counts: ["records": ended])) }
    if settings.tokenizer == .rouge {
      let dropped = inputs.count { !$0.texts.isEmpty && TextUnits.rougeDropsText($0.referenceText) }
      if dropped > 0 { warnings.append(Warning(.rougeDropsText, counts: ["records": dropped])) }
    }
    let ids = Set(data.records.map(\.id))
    let others = Set(data.heldOut.map(\.id))
    let (reference, prefixes) = ("the reference model's capture", "the capture after other prefixes")
    for (found, source) in [
      (data.generations.map(\.id), "the generations"), (data.referenceModel.map(\.id), reference),
      (data.otherPrefixes.map(\.id), prefixes), (data.unconditional.map(\.id), "the capture without a prefix"),
      (data.runs.joined().map(\.id), "the other runs"),
    ] {
      let missing = Set(found).subtracting(ids).subtracting(others).count
      if missing > 0 { warnings.append(Warning(.unmatched, counts: ["ids": missing], names: ["source": source])) }
    }
    for (records, source) in [(data.referenceModel, reference), (data.otherPrefixes, prefixes)]
    where !records.isEmpty && !others.isEmpty && others.isDisjoint(with: records.map(\.id)) {
      warnings.append(Warning(.noHeldOut, names: ["source": source]))
    }
    let shared = ids.intersection(others).count
    if shared > 0 { warnings.append(Warning(.sharedIDs, counts: ["ids": shared])) }
    for (records, source) in [(data.records, "the capture"), (data.referenceModel, reference)] {
      let repeated = records.count - Set(records.map(\.id)).count
      if repeated > 0 {
        warnings.append(Warning(.repeatedLines, counts: ["lines": repeated], names: ["source": source]))
      }
    }
    if (1..<1000).contains(data.heldOut.count) {
      warnings.append(Warning(.coarseRates, counts: ["held_out": data.heldOut.count]))
    }
    if !data.runs.isEmpty, inputs.allSatisfy({ $0.isReproduced.count < 2 }) { warnings.append(Warning(.noOtherEpoch)) }
    return warnings
  }
}
