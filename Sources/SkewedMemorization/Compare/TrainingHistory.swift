import Captures
import GSLNumerics
import Inference
import RealModule
import TokenProcess

/// Records over the checkpoints of a run: when each is learned and forgotten, and how far unseen records stay behind.
struct TrainingHistory {
  /// A record is known where S(n) is at least the threshold; n is at most its length.
  let length: Int
  let threshold: Double
  let resampling: Resampling

  /// Captures of one run and split by epoch, of runs with two epochs at least.
  private typealias Checkpoints = [(epoch: Double, capture: Capture)]

  /// The checkpoints of each run and split: records of one capture agree on them.
  private static func runs(_ captures: [Capture]) -> [[String]: Checkpoints] {
    var runs: [[String]: Checkpoints] = [:]
    for capture in captures {
      let records = capture.records
      guard let first = records.first, let run = first.run, let epoch = first.epoch,
        records.allSatisfy({ $0.run == run && $0.epoch == epoch && $0.split == first.split })
      else { continue }
      runs[[run, first.split ?? ""], default: []].append((epoch, capture))
    }
    return runs.mapValues { $0.sorted { $0.epoch < $1.epoch } }.filter {
      $0.value.count > 1 && Set($0.value.map(\.epoch)).count == $0.value.count
    }
  }

  // MARK: Learned and forgotten

  /// When the records of each run are learned and forgotten.
  func learning(_ captures: [Capture]) -> [CompareReport.Learning] {
    Self.runs(captures).sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, checkpoints in
      var known = checkpoints.map { checkpoint in
        Dictionary(
          checkpoint.capture.records.map { record -> (String, Bool) in
            let law = MatchLengthLaw(record)
            return (record.id, law.logSurvival[min(length, law.length)] >= .log(threshold))
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
  func gaps(_ captures: [Capture]) -> [CompareReport.Gap] {
    let runs = Self.runs(captures)
    func isTraining(_ split: String) -> Bool { split.isEmpty || split == "train" }
    return runs.filter { isTraining($0.key[1]) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap {
      key, members in
      let others = runs.filter { $0.key[0] == key[0] && !isTraining($0.key[1]) }
        .min { $0.key.lexicographicallyPrecedes($1.key) }
      guard let others else { return nil }
      let pairs = members.compactMap { member in
        others.value.first { $0.epoch == member.epoch }.map { (member.epoch, member.capture, $0.capture) }
      }
      guard pairs.count > 1 else { return nil }
      let losses = pairs.map { epoch, members, others in
        (epoch: epoch, members: Self.losses(members), others: Self.losses(others))
      }
      guard losses.allSatisfy({ ($0.members + $0.others).allSatisfy(\.isFinite) }),
        let best = losses.indices.min(by: { mean(of: losses[$0].others) < mean(of: losses[$1].others) })
      else { return nil }
      let rise = losses.indices.dropFirst(best + 1).first { isWorse(pairs[$0].2, than: pairs[best].2) }
      return CompareReport.Gap(
        run: key[0], split: others.key[1],
        epochs: losses.map { epoch, members, others in
          .init(
            epoch: epoch, members: mean(of: members), others: mean(of: others),
            interval: BCaInterval.ofMeans(
              [members, others], level: resampling.level, replicates: resampling.replicates, seed: resampling.seed
            ) { $0[1] - $0[0] }.map { Interval($0) })
        }, bestEpoch: losses[best].epoch, overfittingFrom: rise.map { losses[$0].epoch })
    }
  }

  private static func losses(_ capture: Capture) -> [Double] {
    capture.records.map { -mean(of: $0.tokenLogProbabilities) }
  }

  /// Whether the same records have a higher loss than at another checkpoint, beyond chance.
  private func isWorse(_ capture: Capture, than best: Capture) -> Bool {
    let before = Dictionary(
      zip(best.records.map(\.id), Self.losses(best)), uniquingKeysWith: { first, _ in first })
    let changes = zip(capture.records, Self.losses(capture)).compactMap { record, loss in
      before[record.id].map { loss - $0 }
    }
    let limits = BCaInterval.ofMeans(
      [changes], level: resampling.level, replicates: resampling.replicates, seed: resampling.seed
    ) { $0[0] }
    return limits.map { $0.lowerBound > 0 } ?? false
  }
}
