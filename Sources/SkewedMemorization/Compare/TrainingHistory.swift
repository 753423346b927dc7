import Captures
import GSLNumerics
import Inference
import RealModule
import TokenProcess

/// Records over the checkpoints of a run: when each is learned and forgotten, and how far unseen records stay behind.
struct TrainingHistory {
  /// A record is known where S(n) is at least the threshold; n is at most its length.
  private let length: Int
  private let threshold: Double
  private let resampling: Resampling
  /// The checkpoints of each run and split, by epoch; of those with two epochs at least.
  private let runs: [[String]: [Checkpoint]]

  private typealias Checkpoint = (epoch: Double, dataSet: MeasuredDataSet)

  /// What is known of the data sets whose records agree on their run, epoch and split.
  init(
    _ dataSets: some Sequence<(CompareReport.Profile, MeasuredDataSet)>, length: Int, threshold: Double,
    resampling: Resampling
  ) {
    (self.length, self.threshold, self.resampling) = (length, threshold, resampling)
    var runs: [[String]: [Checkpoint]] = [:]
    for (profile, dataSet) in dataSets {
      guard let run = profile.run, let epoch = profile.epoch, dataSet.hasOneSplit else { continue }
      runs[[run, profile.split ?? ""], default: []].append((epoch, dataSet))
    }
    self.runs = runs.mapValues { $0.sorted { $0.epoch < $1.epoch } }.filter {
      $0.value.count > 1 && Set($0.value.map(\.epoch)).count == $0.value.count
    }
  }

  // MARK: Learned and forgotten

  /// When the records of each run are learned and forgotten.
  var learning: [CompareReport.Learning] {
    runs.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, checkpoints in
      var known = checkpoints.map { checkpoint in
        Dictionary(
          zip(checkpoint.dataSet.records, checkpoint.dataSet.laws).map { record, law in
            (record.id, law.logSurvival[min(length, law.length)] >= .log(threshold))
          }, uniquingKeysWith: { first, _ in first })
      }
      // Only records that every checkpoint has can be followed.
      let common = known.dropFirst().reduce(Set(known[0].keys)) { $0.intersection($1.keys) }
      guard !common.isEmpty else { return nil }
      known = known.map { $0.filter { common.contains($0.key) } }
      let epochs = checkpoints.map(\.epoch)
      let records = common.sorted().compactMap { id -> CompareReport.Learned? in
        let states = known.map { $0[id] ?? false }
        guard let first = states.firstIndex(of: true) else { return nil }
        let lost = states.indices.dropFirst().filter { states[$0 - 1] && !states[$0] }
        return .init(
          id: id, learned: epochs[first], forgotten: lost.map { epochs[$0] }, isKnown: states[states.count - 1])
      }
      return .init(
        run: key[0], split: key[1].isEmpty ? nil : key[1], length: length, threshold: threshold, records: common.count,
        epochs: epochs.indices.map { place in
          func count(_ isCounted: (String) -> Bool) -> Int { common.count { isCounted($0) } }
          let before: [String: Bool] = place > 0 ? known[place - 1] : [:]
          return .init(
            epoch: epochs[place], known: count { known[place][$0] == true },
            learned: count { known[place][$0] == true && before[$0] != true },
            forgotten: count { known[place][$0] != true && before[$0] == true })
        }, learned: records)
    }
  }

  // MARK: Members and controls

  /// How far the loss of held-out records is above that of training records, by epoch.
  var gaps: [CompareReport.Gap] {
    func isTraining(_ split: String) -> Bool { split.isEmpty || split == "train" }
    return runs.filter { isTraining($0.key[1]) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap {
      key, members -> CompareReport.Gap? in
      let others = runs.filter { $0.key[0] == key[0] && !isTraining($0.key[1]) }
        .min { $0.key.lexicographicallyPrecedes($1.key) }
      guard let others else { return nil }
      let pairs = members.compactMap { member in
        others.value.first { $0.epoch == member.epoch }.map { (member.epoch, member.dataSet, $0.dataSet) }
      }
      guard pairs.count > 1 else { return nil }
      let losses = pairs.map { epoch, members, others in
        (epoch: epoch, members: Self.losses(members), others: Self.losses(others))
      }
      guard losses.allSatisfy({ ($0.members + $0.others).allSatisfy(\.isFinite) }) else { return nil }
      // Half of the held-out records choose the best epoch, the others say whether later ones are worse: the smallest of
      // several means is smaller than it should be.
      let halves = pairs.map { Self.halves($0.2) }
      let chosenBy = halves.map { half in mean(of: half.0.map(\.loss)) }
      guard let best = chosenBy.indices.min(by: { chosenBy[$0] < chosenBy[$1] }) else { return nil }
      let later = max(1, losses.count - best - 1)
      let rises = halves.map { rise(from: halves[best].1, to: $0.1, level: 1 - (1 - resampling.level) / Double(later)) }
      let overfitting = losses.indices.dropFirst(best + 1).first { rises[$0]?.lower ?? 0 > 0 }
      return CompareReport.Gap(
        run: key[0], split: others.key[1],
        epochs: losses.indices.map { place in
          let (epoch, members, others) = losses[place]
          return .init(
            epoch: epoch, members: mean(of: members), others: mean(of: others),
            interval: BCaInterval.ofMeans(
              [members, others], level: resampling.level, replicates: resampling.replicates, seed: resampling.seed
            ) { $0[1] - $0[0] }.map { Interval($0) }, rise: place == best ? nil : rises[place])
        }, bestEpoch: losses[best].epoch, overfittingFrom: overfitting.map { losses[$0].epoch })
    }
  }

  private static func losses(_ dataSet: MeasuredDataSet) -> [Double] {
    dataSet.records.map { -mean(of: $0.tokenLogProbabilities) }
  }

  /// The loss of a record by its name.
  private typealias Loss = (name: String, loss: Double)

  /// Two halves of a data set's records, in the order of their names.
  private static func halves(_ dataSet: MeasuredDataSet) -> ([Loss], [Loss]) {
    let losses = Dictionary(
      zip(dataSet.records.map(\.id), losses(dataSet)), uniquingKeysWith: { first, _ in first }
    ).sorted { $0.key < $1.key }.map { Loss(name: $0.key, loss: $0.value) }
    func half(_ remainder: Int) -> [Loss] {
      losses.indices.filter { $0 % 2 == remainder }.map { losses[$0] }
    }
    return (half(0), half(1))
  }

  /// Limits of how much higher the loss of the same records is at another checkpoint.
  private func rise(from best: [Loss], to losses: [Loss], level: Double) -> Interval? {
    let before = Dictionary(uniqueKeysWithValues: best.map { ($0.name, $0.loss) })
    let changes = losses.compactMap { name, loss in before[name].map { loss - $0 } }
    return BCaInterval.ofMeans(
      [changes], level: level, replicates: resampling.replicates, seed: resampling.seed
    ) { $0[0] }.map { Interval($0) }
  }
}
