import Captures
import GSLNumerics
import Inference
import Reports
import TokenProcess

/// Asks whether a model's activations tell which records it has memorized: what `skewmem probe` does (TheModel §17).
///
/// For each layer a linear probe is judged on records that it has not seen, beside baselines that need no look inside.
public struct ProbeAnalysis: Sendable {
  /// What counts as memorized.
  public var outcome = MemorizedOutcome.probability(length: nil, threshold: 0.5)
  /// Only these layers, by name; nil for all.
  public var layers: [String]?
  /// The folds of the cross-validation.
  public var folds = 5
  /// Label orders for the p-values; nil for 199, or fewer where they would take minutes, but 19 at least.
  public var permutations: Int?
  /// How many features are named.
  public var top = 20
  /// Random sets of as many features, to set beside the named ones.
  public var randomSets = 5
  /// Seed of the folds, the permutations and the random sets.
  public var seed: UInt64 = 0
  /// Tasks to spread the permutations over.
  public var threads = 1

  /// The usual analysis.
  public init() {}

  /// Probes the layers.
  ///
  /// - Parameters:
  ///   - capture: The records.
  ///   - activations: Their activations.
  ///   - file: Where those are from, for errors and the report.
  /// - Throws: `ArgumentError` for settings out of range, or an outcome that too few records have; `CaptureError` where
  ///   activations are not those of the records; `CancellationError`.
  public func run(
    on capture: Capture, activations: ActivationReader, file: String
  ) async throws -> ProbeReport {
    try ArgumentError.check(folds, "folds", in: 3...50)
    try ArgumentError.check(top, "top", in: 1...10_000)
    try ArgumentError.check(randomSets, "randomSets", in: 0...1000)
    try ArgumentError.check(threads: threads)
    if let permutations { try ArgumentError.check(permutations, "permutations", in: 0...1_000_000) }
    let rows = try activations.rows(of: capture.records, file: file)
    let (used, labels) = try outcome.labels(of: capture.records)
    let records = used.map { capture.records[$0] }
    let chosen = try layers(of: activations, file: file)
    let groups = Self.groups(records)
    var probe = LinearProbe()
    (probe.folds, probe.seed, probe.threads) = (folds, seed, threads)
    let count = labels.count { $0 }
    guard probe.canJudge(labels, groups) else {
      throw ArgumentError(
        name: outcome.argument(records), value: "\(outcome.text): \(count) of \(labels.count) records are memorized",
        allowed: "such that \(folds) records are memorized and \(folds) are not, in \(folds) documents each"
          + (outcome.quarter(of: records).map { "; a quarter of the records reach \(NumberText.text($0, digits: 2))" }
            ?? ""))
    }
    var report = ProbeReport(
      file: capture.name, activations: file, records: records.count, memorized: count, outcome: outcome, folds: folds)
    if activations.ids == nil { report.warnings.append(Warning(.rowsByPlace, counts: ["records": records.count])) }
    if records.count < capture.records.count {
      report.warnings.append(
        Warning(.shorterThanProbed, counts: ["records": capture.records.count - records.count]))
    }
    let baselines = try await baselines(records, labels, groups, probe)
    report.baselines = baselines.map { ProbeReport.Baseline($0.name, $0.result) }
    let best = baselines.max {
      $0.result.discrimination.areaUnderCurve < $1.result.discrimination.areaUnderCurve
    }
    // The same orders for all layers: the largest area of each order adjusts for how many layers there are.
    probe.permutations =
      permutations ?? chosen.map { Self.affordable(records.count, $0.dimension) }.min() ?? 0
    var permuted: [[Double]] = []
    for layer in chosen {
      let values = used.flatMap { index -> ArraySlice<Float> in
        layer.rows[rows[index] * layer.dimension..<(rows[index] + 1) * layer.dimension]
      }
      guard let features = ProbeFeatures(rows: values, dimension: layer.dimension),
        let result = try await probe.run(features, labels: labels, groups: groups)
      else { continue }
      permuted.append(result.permutedAreas)
      report.layers.append(
        self.layer(layer.name, features, result, labels, best: best.map { ($0.name, $0.result.scores) }))
    }
    report.permutations = permuted.first?.count ?? 0
    if probe.permutations > 0, report.permutations == 0 { report.warnings.append(Warning(.noOrders)) }
    let largest = (0..<report.permutations).map { order in permuted.map { $0[order] }.max() ?? 0 }
    for index in report.layers.indices {
      report.layers[index].adjusted = LinearProbe.pValue(of: report.layers[index].auc, among: largest)
    }
    if report.layers.contains(where: { !$0.isConverged }) { report.warnings.append(Warning(.probeNotConverged)) }
    report.add(evidenceOf: [capture])
    return report
  }

  /// As many orders of the labels as take some seconds.
  private static func affordable(_ records: Int, _ features: Int) -> Int {
    max(19, min(199, 600_000_000 / max(1, records * features)))
  }

  // MARK: Records

  /// Windows of one document are not independent; nil where no record says where it stands.
  private static func groups(_ records: [Record]) -> [Int]? {
    guard records.contains(where: { $0.place != nil }) else { return nil }
    var numbers: [String: Int] = [:]
    return records.enumerated().map { index, record in
      guard let document = record.place?.document else { return -1 - index }
      if let known = numbers[document] { return known }
      numbers[document] = index
      return index
    }
  }

  private func layers(of activations: ActivationReader, file: String) throws(ArgumentError) -> [ActivationReader.Layer]
  {
    let names = activations.layers.map(\.name)
    // A number stands for the layer that score.py calls by it.
    let asked = layers?.map { names.contains($0) ? $0 : "layer.\($0)" }
    if let unknown = asked?.first(where: { !names.contains($0) }) {
      throw ArgumentError(name: "layers", value: unknown, allowed: "those of \(file): \(names.joined(separator: ", "))")
    }
    return activations.layers.filter { asked?.contains($0.name) ?? true }
  }

  // MARK: Results

  /// What a probe has to beat: length, mean loss, the first token, and all three.
  private func baselines(
    _ records: [Record], _ labels: [Bool], _ groups: [Int]?, _ probe: LinearProbe
  ) async throws -> [(name: String, result: LinearProbe.Result)] {
    let known = records.map { record -> [Float] in
      let values = record.tokenLogProbabilities.map { max($0, -1000) }
      return [Float(values.count), Float(-mean(of: values)), Float(values[0])]
    }
    let sets = [("length", [0]), ("mean loss", [1]), ("first token", [2]), ("all three", [0, 1, 2])]
    var plain = probe
    plain.permutations = 0
    var found: [(String, LinearProbe.Result)] = []
    for (name, columns) in sets {
      guard
        let features = ProbeFeatures(
          rows: known.flatMap { values in columns.map { values[$0] } }, dimension: columns.count),
        let result = try await plain.run(features, labels: labels, groups: groups)
      else { continue }
      found.append((name, result))
    }
    return found
  }

  private func layer(
    _ name: String, _ features: ProbeFeatures, _ result: LinearProbe.Result, _ labels: [Bool],
    best: (name: String, scores: [Double])?
  ) -> ProbeReport.Layer {
    let difference = best.flatMap { best in
      DiscriminationDifference(scores: result.scores, less: best.scores, labels: labels).map {
        ProbeReport.Difference(baseline: best.name, $0)
      }
    }
    let named = result.ranking.prefix(top)
    let leading = result.coefficients.map { fold in
      Set(fold.indices.sorted { fold[$0].magnitude > fold[$1].magnitude }.prefix(top))
    }
    let table = named.map { feature in
      let weights = result.coefficients.map { $0[feature] }
      let average = mean(of: weights)
      return ProbeReport.Feature(
        index: feature, weight: average,
        deviation: variance(of: weights, around: average).squareRoot(),
        sameSign: weights.count { ($0 < 0) == (average < 0) }, amongTop: leading.count { $0.contains(feature) })
    }
    return ProbeReport.Layer(
      name: name, features: features.dimension, result, difference: difference, named: table,
      ablation: ablation(name, features, Array(named), labels))
  }

  /// The named features and as many random ones, with their means over the records without the outcome.
  private func ablation(
    _ name: String, _ features: ProbeFeatures, _ named: [Int], _ labels: [Bool]
  ) -> [ProbeReport.FeatureSet] {
    var generator = SeededGenerator(seed: seed, stream: 0xAB1A)
    let others = (0..<features.dimension).filter { !named.contains($0) }
    var sets = [("named", named)]
    for number in 0..<(others.count >= named.count ? randomSets : 0) {
      sets.append(("random-\(number + 1)", Array(others.shuffled(using: &generator).prefix(named.count)).sorted()))
    }
    let controls = labels.indices.filter { !labels[$0] }
    var sums = [Double](repeating: 0, count: features.dimension)
    for record in controls {
      for (feature, value) in features[record].enumerated() { sums[feature] += Double(value) }
    }
    return sets.map { name, indices in
      ProbeReport.FeatureSet(
        name: name, features: indices,
        means: indices.map {
          features.means[$0] + features.deviations[$0] * sums[$0] / Double(max(1, controls.count))
        })
    }
  }
}
