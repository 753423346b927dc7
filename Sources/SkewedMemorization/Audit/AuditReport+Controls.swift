import Captures
import GSLNumerics
import Inference
import RealModule

extension AuditReport {
  /// Records beside controls: records of the same kind that were not trained on (TheModel §14).
  public struct Controls: Codable, Sendable, Equatable {
    /// The captures of the controls.
    public var files: [String]
    /// The captures of the same records and controls by a reference model; empty where there is none.
    public var referenceFiles: [String]
    /// What is compared: `records`, or `works` where records are windows of works.
    public var unit: String
    /// Controls.
    public var controls: Int
    /// The false discovery rate of the list.
    public var falseDiscoveryRate: Double
    /// The length n of the list.
    public var n: Int
    /// The comparison at each length.
    public var lengths: [Length]
    /// The records of the list, by decreasing score; the first ones only, see `lengths` for their number.
    public var memorized: [Memorized]

    enum CodingKeys: String, CodingKey {
      case files, unit, controls, n, lengths, memorized
      case referenceFiles = "reference_files"
      case falseDiscoveryRate = "false_discovery_rate"
    }

    /// The comparison at one length.
    public struct Length: Codable, Sendable, Equatable {
      /// n.
      public var n: Int
      /// Records, or works, with so many tokens.
      public var records: Int
      /// Controls with so many tokens.
      public var controls: Int
      /// ln of the largest S(n) of a control: what no control passes.
      @OrNull public var largestControl: Double?
      /// The probability that a record scores higher than a control.
      @OrNull public var areaUnderCurve: Double?
      /// Its limits.
      @OrNull public var areaInterval: Interval?
      /// The smallest p-value that so many controls can give: 1/(C + 1).
      public var smallestP: Double
      /// Records on the list of the false discovery rate.
      public var listed: Int
      /// A lower limit of the number of records that are no false discoveries, at the report's level.
      public var memorizedAtLeast: Int
      /// Shares that reach S(n) >= τ.
      public var thresholds: [Threshold]
      /// False discoveries beyond each threshold, all at once at the report's level.
      public var discoveries: [Discovery]

      enum CodingKeys: String, CodingKey {
        case n, records, controls, listed, thresholds, discoveries
        case largestControl = "largest_control"
        case areaUnderCurve = "auc"
        case areaInterval = "auc_interval"
        case smallestP = "smallest_p"
        case memorizedAtLeast = "memorized_at_least"
      }
    }

    /// What reaches S(n) >= τ.
    public struct Threshold: Codable, Sendable, Equatable {
      /// τ.
      public var threshold: Double
      /// Records that do.
      public var records: Int
      /// Controls that do.
      public var controls: Int
      /// The upper limit for the share of unseen text that does (Clopper–Pearson, one-sided at the report's level).
      public var unseenAtMost: Double

      enum CodingKeys: String, CodingKey {
        case threshold, records, controls
        case unseenAtMost = "unseen_at_most"
      }
    }

    /// The records that at most so many controls reach.
    public struct Discovery: Codable, Sendable, Equatable {
      /// The controls.
      public var controls: Int
      /// The records.
      public var records: Int
      /// How many of them can be false discoveries.
      public var falseAtMost: Int

      enum CodingKeys: String, CodingKey {
        case controls, records
        case falseAtMost = "false_at_most"
      }
    }

    /// A record that stands out among the controls.
    public struct Memorized: Codable, Sendable, Equatable {
      /// Its name.
      public var id: String
      /// ln S(n).
      @OrNull public var logSurvival: Double?
      /// The score that is compared: ln S(n), or its difference from the reference model's. Null where it is infinite.
      @OrNull public var score: Double?
      /// The conformal p-value.
      public var p: Double
      /// The smallest false discovery rate at which it is on the list (Benjamini and Hochberg).
      public var q: Double

      enum CodingKeys: String, CodingKey {
        case id, score, p, q
        case logSurvival = "log_survival"
      }
    }
  }
}

/// A comparison of records with controls.
struct ControlComparison {
  let members: ControlScores
  let controls: ControlScores
  /// Scores by a reference model; nil without one.
  let reference: ControlScores?
  let level: Double
  let falseDiscoveryRate: Double
  let top: Int

  /// The thresholds τ of the report.
  private static let thresholds = [0.001, 0.01, 0.1, 0.5, 0.9]
  /// The list is of the longest of the lengths up to this that half of the records and controls have.
  private static let usualLength = 50

  /// One record with its score.
  private struct Score {
    let name: String
    let logSurvival: Double
    let value: Double
  }

  /// - Throws: `CaptureError` where records and controls cannot be compared.
  func report(
    files: [String], referenceFiles: [String], warnings: inout [Warning]
  ) throws(CaptureError) -> AuditReport.Controls {
    func refuse(_ problem: String) -> CaptureError {
      CaptureError(file: files.joined(separator: ", "), problem: problem)
    }
    guard members.areWorks == controls.areWorks else {
      throw refuse(
        members.areWorks
          ? "controls are no windows of works (document, start), and the records are: the works are compared"
          : "controls are windows of works (document, start), and the records are not: they are not of one kind")
    }
    if !members.models.isEmpty, !controls.models.isEmpty, members.models != controls.models {
      throw refuse(
        "controls are of \(controls.models.sorted().joined(separator: ", ")), the records of "
          + "\(members.models.sorted().joined(separator: ", ")) (run, epoch): score both by the same model, or "
          + "controls say nothing about it")
    }
    let names = Set(members.units.map(\.name))
    let shared = controls.units.count { names.contains($0.name) }
    if members.areWorks, shared > 0 {
      throw refuse("\(shared) works are named as controls too: a work that was trained on is no control")
    }
    let tokens = Set(members.units.compactMap(\.fingerprint))
    let same = controls.units.count { $0.fingerprint.map(tokens.contains) ?? false }
    if same > 0 { warnings.append(Warning(.trainedControls, counts: ["controls": same])) }
    if !members.areWorks, shared > 0, same == 0 { warnings.append(Warning(.sharedIDs, counts: ["ids": shared])) }
    let places = reference.map { reference in
      Dictionary(reference.units.indices.map { (reference.units[$0].name, $0) }) { first, _ in first }
    }
    var unpaired = 0
    func scores(_ set: ControlScores, at index: Int) -> [Score] {
      set.units.compactMap { unit in
        guard let own = set.score(unit, at: index) else { return nil }
        guard let reference, let places else { return Score(name: unit.name, logSurvival: own, value: own) }
        guard let place = places[unit.name], let other = reference.score(reference.units[place], at: index) else {
          unpaired += 1
          return nil
        }
        // Where neither reaches n there is no difference.
        return Score(name: unit.name, logSurvival: own, value: own == other ? 0 : own - other)
      }
    }
    let compared = members.lengths.indices.map { (scores(members, at: $0), scores(controls, at: $0)) }
    let isKnown = compared.map { own, others in
      2 * own.count >= members.units.count && 2 * others.count >= controls.units.count && !own.isEmpty
        && !others.isEmpty
    }
    let kept = members.lengths.indices.filter { isKnown[$0] }
    guard !kept.isEmpty else {
      throw refuse(
        unpaired > 0
          ? "the reference model has fewer than half of the records and controls"
          : "fewer than half of the records or of the controls have \(members.lengths[0]) tokens or more: nothing to "
            + "compare")
    }
    let differences = kept.flatMap { (compared[$0].0 + compared[$0].1).map(\.value) }
    if reference != nil, differences.allSatisfy({ $0 == 0 }) {
      throw CaptureError(
        file: referenceFiles.joined(separator: ", "),
        problem: "says the same as the audited captures: a reference model is another one, usually that before training"
      )
    }
    if unpaired > 0 { warnings.append(Warning(.noReference, counts: ["records": unpaired / kept.count])) }
    let main = kept.last { members.lengths[$0] <= Self.usualLength } ?? kept[0]
    var listed: [AuditReport.Controls.Memorized] = []
    let lengths = kept.map { index in
      let (length, list) = comparison(members.lengths[index], compared[index].0, compared[index].1)
      if index == main { listed = list }
      return length
    }
    return .init(
      files: files, referenceFiles: referenceFiles, unit: members.areWorks ? "works" : "records",
      controls: controls.units.count, falseDiscoveryRate: falseDiscoveryRate, n: members.lengths[main],
      lengths: lengths, memorized: listed)
  }

  private func comparison(
    _ n: Int, _ own: [Score], _ others: [Score]
  ) -> (AuditReport.Controls.Length, [AuditReport.Controls.Memorized]) {
    let (values, controlValues) = (own.map(\.value), others.map(\.value))
    let passed = Conformal.passed(by: values, controls: controlValues)
    let pValues = passed.map { Conformal.pValue(passed: $0, controls: others.count) }
    let adjusted = MultipleComparisons.benjaminiHochberg(pValues)
    let onList = own.indices.filter { adjusted[$0] <= falseDiscoveryRate }
      .sorted { (values[$1], own[$0].name) < (values[$0], own[$1].name) }
    let envelope = FalseDiscoveryEnvelope(scores: own.count, controls: others.count, level: level)
    let discoveries = envelope.discoveries(passed: passed)
    let sure = discoveries.map { $0.scores - $0.falseAtMost }.max() ?? 0
    let shown = Array(sequence(first: 1) { 2 * $0 }.prefix { $0 < others.count })
    let area = Discrimination(members: values, others: controlValues, level: level)
    let length = AuditReport.Controls.Length(
      n: n, records: own.count, controls: others.count, largestControl: others.map(\.logSurvival).max(),
      areaUnderCurve: area?.areaUnderCurve, areaInterval: area.map { Interval($0.interval) },
      smallestP: Conformal.pValue(passed: 0, controls: others.count), listed: onList.count, memorizedAtLeast: sure,
      thresholds: Self.thresholds.map { threshold in
        func reach(_ scores: [Score]) -> Int { scores.count { $0.logSurvival >= .log(threshold) } }
        // One-sided: the upper end of the two-sided interval of twice the error; never below the median.
        let limit = clopperPearson(reach(others), of: others.count, level: max(1e-9, 2 * level - 1)).upperBound
        return .init(threshold: threshold, records: reach(own), controls: reach(others), unseenAtMost: limit)
      },
      discoveries: ([0] + shown).map { j in
        .init(controls: j, records: discoveries[j].scores, falseAtMost: discoveries[j].falseAtMost)
      })
    let list = onList.prefix(top).map { index in
      AuditReport.Controls.Memorized(
        id: own[index].name, logSurvival: own[index].logSurvival > -.infinity ? own[index].logSurvival : nil,
        score: values[index].isFinite ? values[index] : nil, p: pValues[index], q: adjusted[index])
    }
    return (length, list)
  }
}
