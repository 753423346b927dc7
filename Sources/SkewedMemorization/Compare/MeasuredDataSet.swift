import Captures
import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

/// What is compared of a data set.
struct MeasuredDataSet: Sendable {
  let name: String
  let laws: [MatchLengthLaw]
  /// E[min(N, L)] of each record.
  let expected: [Double]?
  /// The greedy matches; nil where a record does not say.
  let greedy: [GreedyMatch]?
  /// The works that records are windows of.
  let works: WorkRows
  let records: [Record]
  /// The first record of each name.
  private let places: [String: Int]

  init(_ dataSet: Capture) {
    name = dataSet.name
    records = dataSet.records
    laws = records.map { MatchLengthLaw($0) }
    var works = WorkRows(lengths: nil)
    for record in records { works.add(record) }
    works.settle()
    self.works = works
    expected = laws.map(\.moments.mean)
    let matches = records.compactMap { GreedyMatch($0) }
    greedy = matches.count == records.count ? matches : nil
    places = Dictionary(zip(records.map(\.id), records.indices)) { first, _ in first }
  }

  /// Whether all records are of one split, or none says which.
  var hasOneSplit: Bool { Set(records.map(\.split)).count == 1 }

  var greedyValues: [Double]? { greedy?.map { Double($0.length) } }

  var duplicateWarning: Warning? {
    places.count < records.count
      ? Warning(.notPaired, counts: ["records": records.count - places.count], names: ["of": name]) : nil
  }

  /// S_i(n); nil for a shorter reference.
  func survival(_ index: Int, _ n: Int) -> Double? {
    n <= laws[index].length ? .exp(laws[index].logSurvival[n]) : nil
  }

  /// Records of the same name and reference.
  func shared(with other: MeasuredDataSet) -> [(a: Int, b: Int)] {
    places.sorted { $0.value < $1.value }.compactMap { id, place in
      guard let found = other.places[id], isSame(place, other, found) else { return nil }
      return (place, found)
    }
  }

  /// How many records have a name in common with another data set, and another reference there: they are not the same
  /// records, and not paired.
  func otherReferences(in other: MeasuredDataSet) -> Int {
    places.count { id, place in other.places[id].map { !isSame(place, other, $0) } ?? false }
  }

  /// Whether two references are as long and, where both say, have the same tokens.
  private func isSame(_ place: Int, _ other: MeasuredDataSet, _ found: Int) -> Bool {
    guard laws[place].length == other.laws[found].length else { return false }
    let (own, its) = (records[place].referenceTokenIDs, other.records[found].referenceTokenIDs)
    return own == nil || its == nil || own == its
  }

  func profile(lengths: [Int]) -> CompareReport.Profile {
    var survival = SurvivalAccumulator()
    var histogram = MatchLengthHistogram()
    var logProbabilities = CompensatedSum()
    var total = CompensatedSum()
    for law in laws {
      survival.add(law)
      histogram.add(law)
      logProbabilities.add(law.logSurvival[law.length])
      total.add(law.moments.mean)
    }
    let tokens = laws.reduce(0) { $0 + $1.length }
    let logSurvival = survival.logSurvival
    func common<Value: Hashable>(_ values: [Value?]) -> Value? { Set(values).count == 1 ? values[0] : nil }
    let losses = records.compactMap(\.trainLoss)
    let fit = try? MaximumLikelihood().fit(BetaGeometric.self, to: histogram.counts)
    let sorted = greedy?.map(\.length).sorted()
    let points = lengths.filter { $0 <= survival.maximumLength }.map { n -> CompareReport.Length in
      let (annealed, quenched) = (survival.annealed(n), survival.quenched(n))
      let penalty = quenched > -.infinity ? max(0, annealed - quenched) : nil
      return .init(n: n, survival: .exp(logSurvival[n]), penalty: penalty)
    }
    let exponent = fit.flatMap { fit in
      fit.isConverged ? fit.parameters.first { $0.name == "b" }?.value : nil
    }
    return .init(
      name: name, run: common(records.map(\.run)), split: common(records.map(\.split)),
      epoch: common(records.map(\.epoch)), records: records.count,
      trainLoss: losses.count == records.count ? losses.reduce(0, +) / Double(losses.count) : nil,
      meanLoss: -logProbabilities.value / Double(tokens), expected: total.value / Double(laws.count),
      greedy: sorted.map(Self.greedyLengths),
      expectedMaximum: survival.maximum.mean, maxLength: survival.maximumLength,
      tailExponent: exponent, lengths: points)
  }

  private static func greedyLengths(sorted: [Int]) -> CompareReport.GreedyLengths {
    let count = sorted.count
    let middle = sorted[(count - 1) / 2] + sorted[count / 2]
    let high = sorted[Int((0.9 * Double(count)).rounded(.up)) - 1]
    return .init(
      mean: Double(sorted.reduce(0, +)) / Double(count), median: 0.5 * Double(middle), quantile90: Double(high),
      maximum: sorted[count - 1])
  }
}
