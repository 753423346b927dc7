import Captures
import MemorizationMetrics
import TokenProcess

extension MetricsAnalysis {
  /// What the data leave in doubt.
  func warnings(
    _ rows: MetricRows, _ evidence: Evidence, _ history: RunHistory, _ settings: MetricSettings
  ) -> [Warning] {
    var warnings: [Warning] = []
    let short = rows.count - (rows.table[.tailRisk]?.count { !$0.isNaN } ?? 0)
    if short > 0 {
      warnings.append(
        Warning(.shortRecords, counts: ["short": short, "records": rows.count, "length": settings.length]))
    }
    if rows.ended > 0 { warnings.append(Warning(.endedDraws, counts: ["records": rows.ended])) }
    if rows.dropped > 0 { warnings.append(Warning(.rougeDropsText, counts: ["records": rows.dropped])) }
    let heldOut = evidence.heldOut?.records ?? []
    let referenceModel = evidence.reference?.records ?? []
    let (ids, others) = (Set(rows.ids), Set(heldOut.map(\.id)))
    let (reference, prefixes) = ("the reference model's capture", "the capture after other prefixes")
    func names(_ capture: Capture?) -> [String] { capture?.records.map(\.id) ?? [] }
    for (found, source) in [
      (evidence.generations?.sets.map(\.id) ?? [], "the generations"), (names(evidence.reference), reference),
      (names(evidence.otherPrefixes), prefixes), (names(evidence.unconditional), "the capture without a prefix"),
      (evidence.runs.flatMap { names($0) }, "the other runs"),
    ] {
      let missing = Set(found).subtracting(ids).subtracting(others).count
      if missing > 0 { warnings.append(Warning(.unmatched, counts: ["ids": missing], names: ["source": source])) }
    }
    for (capture, source) in [(evidence.reference, reference), (evidence.otherPrefixes, prefixes)]
    where capture != nil && !others.isEmpty && others.isDisjoint(with: names(capture)) {
      warnings.append(Warning(.noHeldOut, names: ["source": source]))
    }
    let shared = ids.intersection(others).count
    if shared > 0 { warnings.append(Warning(.sharedIDs, counts: ["ids": shared])) }
    for (lines, different, source) in [
      (rows.count, ids.count, "the capture"), (referenceModel.count, Set(referenceModel.map(\.id)).count, reference),
    ] where different < lines {
      warnings.append(Warning(.repeatedLines, counts: ["lines": lines - different], names: ["source": source]))
    }
    if (1..<1000).contains(heldOut.count) {
      warnings.append(Warning(.coarseRates, counts: ["held_out": heldOut.count]))
    }
    if !evidence.runs.isEmpty, rows.ids.allSatisfy({ (history.isReproduced[$0] ?? []).count < 2 }) {
      warnings.append(Warning(.noOtherEpoch))
    }
    return warnings
  }
}
