import Captures
import TokenProcess

extension MetricAnalysis {
  /// What the data leave in doubt.
  func warnings(_ data: Data, _ inputs: [MetricInput], _ settings: MetricSettings) -> [String] {
    var warnings: [String] = []
    let short = inputs.count { $0.logTailRisk == nil }
    if short > 0 {
      warnings.append(
        "\(short) of \(inputs.count) records are shorter than \(settings.length) tokens and not in the agreement")
    }
    let ids = Set(data.records.map(\.id))
    let others = Set(data.heldOut.map(\.id))
    func unmatched(_ files: [(ids: [String], what: String)]) {
      for file in files {
        let missing = Set(file.ids).subtracting(ids).subtracting(others).count
        if missing > 0 { warnings.append("\(missing) ids of \(file.what) are not in the capture") }
      }
    }
    unmatched([
      (data.generations.map(\.id), "the generations"), (data.referenceModel.map(\.id), "the reference model's capture"),
      (data.otherPrefixes.map(\.id), "the capture after other prefixes"),
      (data.runs.joined().map(\.id), "the other runs"),
    ])
    for (records, what) in [
      (data.referenceModel, "the reference model's capture"), (data.otherPrefixes, "the capture after other prefixes"),
    ]
    where !records.isEmpty && !others.isEmpty && others.isDisjoint(with: records.map(\.id)) {
      warnings.append("\(what) has no held-out record: its scores cannot tell the two apart")
    }
    let shared = ids.intersection(others).count
    if shared > 0 {
      warnings.append("\(shared) ids are those of a record and of a held-out one: are they the same records?")
    }
    for (records, what) in [(data.records, "the capture"), (data.referenceModel, "the reference model's capture")] {
      let repeated = records.count - Set(records.map(\.id)).count
      if repeated > 0 { warnings.append("lines of \(what) that repeat the id of another: \(repeated)") }
    }
    if (1..<1000).contains(data.heldOut.count) {
      warnings.append(
        "with \(data.heldOut.count) held-out records false positive rates are multiples of 1/\(data.heldOut.count): rates asked for "
          + "that are smaller mean none")
    }
    if !data.runs.isEmpty, inputs.allSatisfy({ $0.isReproduced.count < 2 }) {
      warnings.append(
        "no other run has a record at another epoch of the same run: learning and forgetting are not counted")
    }
    return warnings
  }
}
