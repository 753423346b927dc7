import MemorizationMetrics
import TokenProcess

/// What other captures of the same records say about them.
struct RunHistory {
  /// Whether each record is reproduced at each epoch of its own run.
  var isReproduced: [String: [Bool]] = [:]
  /// Shares of right tokens by models trained with the record and without it.
  var included: [String: [Double]] = [:]
  var excluded: [String: [Double]] = [:]
  /// Statistics of the likelihood-ratio attack under other models trained with the record and without it.
  var statisticsWith: [String: [Double]] = [:]
  var statisticsWithout: [String: [Double]] = [:]

  /// - Parameters:
  ///   - records: The records in question; none are needed without other captures.
  ///   - runs: The records of the other captures.
  init(_ records: [Record], _ runs: [[Record]], _ settings: MetricSettings) throws {
    guard !runs.isEmpty else { return }
    let own = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for record in runs.joined() where own[record.id] != nil {
      guard let split = record.split else { continue }
      let statistic = LikelihoodRatioAttack.statistic(record.tokenLogProbabilities)
      if split == "train" {
        statisticsWith[record.id, default: []].append(statistic)
      } else {
        statisticsWithout[record.id, default: []].append(statistic)
      }
    }
    var checkpoints: [String: [Double: Bool]] = [:]
    for record in ([records] + runs).joined() {
      guard let mine = own[record.id], let choices = record.isFirstChoice else { continue }
      if let ids = mine.referenceTokenIDs, let theirs = record.referenceTokenIDs, ids != theirs {
        throw RecordError(
          field: "reference_token_ids", problem: "those of record \(record.id) are others in another run")
      }
      if record.run == mine.run, let epoch = record.epoch, checkpoints[record.id]?[epoch] == nil {
        let length = min(settings.length, choices.count)
        checkpoints[record.id, default: [:]][epoch] = choices[..<length].allSatisfy(\.self)
      }
      if let split = record.split {
        let score = GreedyExtraction.teacherForcedAccuracy(choices)
        if split == "train" {
          included[record.id, default: []].append(score)
        } else {
          excluded[record.id, default: []].append(score)
        }
      }
    }
    isReproduced = checkpoints.mapValues { epochs in epochs.sorted { $0.key < $1.key }.map(\.value) }
  }
}
