import GSLNumerics
import RealModule

/// Whether labels can be read off features by a linear probe: L2-penalized logistic regression whose penalty is chosen
/// by an inner cross-validation, judged by an outer one (arXiv 2412.01014; TheModel §17).
///
/// Records are dealt into folds. For the model that is judged on fold f the penalty is the one with the smallest loss on
/// each other fold g of a model that has seen neither f nor g. A p-value repeats the whole procedure, the choice of the
/// penalty included, with labels in random order.
public struct LinearProbe: Sendable {
  /// The number of folds, 3 or more.
  public var folds = 5
  /// The penalties λ that are tried, as shares of the number of records: λ |w|²/2 goes with the sum of losses.
  public var penalties = [10, 1, 0.1, 0.01, 0.001]
  /// Label orders for the p-value; 0 for none.
  public var permutations = 199
  /// Seed of the folds and the permutations.
  public var seed: UInt64 = 0
  /// Tasks to spread the permutations over.
  public var threads = 1

  /// The usual probe.
  public init() {}

  /// What a probe found.
  public struct Result: Sendable {
    /// For each record, the share of its fold that has a lower ln(P/(1 - P)) by the model that has not seen the fold.
    ///
    /// Models of several folds have different constants: where a fold happens to hold more memorized records, the others
    /// hold fewer, and its own scores would all be too low.
    public let scores: [Double]
    /// The area under the curve of those scores, with DeLong's limits.
    public let discrimination: Discrimination
    /// The share of label orders with an area as large or larger, one added to both; nil without permutations.
    public let pValue: Double?
    /// The areas that the orders of the labels gave, in their order; the same orders for other features of the same
    /// records.
    public let permutedAreas: [Double]
    /// The penalty of each fold's model.
    public let penalties: [Double]
    /// The coefficients of each fold's model, of standardized features.
    public let coefficients: [[Double]]
    /// Whether every search converged.
    public let isConverged: Bool
  }

  /// Runs the probe.
  ///
  /// - Parameters:
  ///   - features: The features.
  ///   - labels: A label for each record.
  ///   - groups: What records belong to that are not independent, such as windows of one text: they share a fold, and
  ///     their labels stay together in permutations; nil for records by themselves.
  /// - Returns: nil where a label stands in fewer groups than there are folds.
  /// - Complexity: O(folds² · penalties · records · features) for each order of the labels, times some ten steps.
  /// - Throws: `CancellationError`.
  public func run(_ features: ProbeFeatures, labels: [Bool], groups: [Int]? = nil) async throws -> Result? {
    precondition(labels.count == features.count, "\(labels.count) labels, \(features.count) records")
    guard canJudge(labels, groups) else { return nil }
    let groups = RecordsOfGroups(groups ?? Array(labels.indices))
    let observed = try outcomes(features, [labels], groups, [seed])[0]
    guard let area = Discrimination(scores: observed.scores, labels: labels) else { return nil }
    var permuted: [Double] = []
    if permutations > 0, groups.haveOrders {
      // Some orders share each pass over the features.
      let together = 4
      let blocks = (permutations + together - 1) / together
      let found = try await inParallel(0..<blocks, threads: threads) { block -> [Double] in
        let numbers = (block * together..<min(permutations, (block + 1) * together)).map { UInt64($0) + 1 }
        let orders = numbers.map { number -> [Bool] in
          var generator = SeededGenerator(seed: seed, stream: number)
          return groups.permuted(labels, &generator)
        }
        return try zip(outcomes(features, orders, groups, numbers.map { seed &+ $0 }), orders).compactMap {
          Discrimination(scores: $0.scores, labels: $1)?.areaUnderCurve
        }
      }
      permuted = Array(found.joined())
    }
    return Result(
      scores: observed.scores, discrimination: area,
      pValue: Self.pValue(of: area.areaUnderCurve, among: permuted), permutedAreas: permuted,
      penalties: observed.penalties,
      coefficients: observed.coefficients, isConverged: observed.isConverged)
  }

  /// Whether each label stands in as many groups as there are folds: a model that has seen no record of a label says
  /// nothing.
  public func canJudge(_ labels: [Bool], _ groups: [Int]? = nil) -> Bool {
    let groups = groups ?? Array(labels.indices)
    return folds >= 3
      && [true, false].allSatisfy { label in
        Set(zip(groups, labels).filter { $0.1 == label }.map(\.0)).count >= folds
      }
  }

  /// The share of areas as large or larger, one added to both; nil without any.
  public static func pValue(of area: Double, among permuted: [Double]) -> Double? {
    guard !permuted.isEmpty else { return nil }
    // Areas that differ by rounding only are equal.
    return Double(1 + permuted.count { $0 >= area - 1e-12 }) / Double(1 + permuted.count)
  }

  private struct Outcome {
    var scores: [Double]
    var penalties: [Double]
    var coefficients: [[Double]]
    var isConverged: Bool
  }

  /// The procedure for several lists of labels.
  private func outcomes(
    _ features: ProbeFeatures, _ labels: [[Bool]], _ groups: RecordsOfGroups, _ seeds: [UInt64]
  ) throws -> [Outcome] {
    let path = penalties.sorted(by: >).map { $0 * Double(features.count) }
    let places = zip(labels, seeds).map { fold(of: $0, groups, seed: $1) }
    let pairs = (0..<folds).flatMap { first in (first + 1..<folds).map { (first, $0) } }
    func problem(_ list: Int, without left: [Int], _ penalties: [Double]) -> ProbeFeatures.Problem {
      ProbeFeatures.Problem(
        labels: zip(labels[list], places[list]).map { label, fold in left.contains(fold) ? -1 : label ? 1 : 0 },
        penalties: penalties)
    }
    let inner = features.solve(
      labels.indices.flatMap { list in pairs.map { problem(list, without: [$0, $1], path) } }, tolerance: 1e-4)
    try Task.checkCancellation()
    // Σ of losses on the other folds, by list, fold and penalty.
    var losses = labels.map { _ in
      [[Double]](repeating: [Double](repeating: 0, count: path.count), count: folds)
    }
    for (index, solutions) in inner.enumerated() {
      let (list, pair) = (index / pairs.count, pairs[index % pairs.count])
      for (place, solution) in solutions.enumerated() {
        for (row, margin) in features.margins(solution).enumerated() {
          let fold = places[list][row]
          guard fold == pair.0 || fold == pair.1 else { continue }
          // A model without both is judged on one for the other.
          losses[list][fold == pair.0 ? pair.1 : pair.0][place] += Self.loss(margin, labels[list][row])
        }
      }
    }
    let chosen = losses.map { folds in
      folds.map { losses in losses.indices.min { losses[$0] < losses[$1] } ?? 0 }
    }
    let outer = features.solve(
      labels.indices.flatMap { list in
        (0..<folds).map { problem(list, without: [$0], Array(path[...chosen[list][$0]])) }
      }, tolerance: 1e-6)
    try Task.checkCancellation()
    return labels.indices.map { list in
      let models = (0..<folds).map { outer[list * folds + $0].last! }
      var scores = [Double](repeating: 0, count: features.count)
      for (fold, model) in models.enumerated() {
        let margins = features.margins(model)
        let rows = margins.indices.filter { places[list][$0] == fold }
        for (row, rank) in zip(rows, ranks(rows.map { margins[$0] })) {
          scores[row] = (rank - 0.5) / Double(rows.count)
        }
      }
      return Outcome(
        scores: scores, penalties: chosen[list].map { path[$0] }, coefficients: models.map(\.coefficients),
        isConverged: models.allSatisfy(\.isConverged))
    }
  }

  /// -ln P(label) at ln(P/(1 - P)) of 1.
  private static func loss(_ margin: Double, _ label: Bool) -> Double {
    .log(onePlus: .exp(-margin.magnitude)) + max(0, label ? -margin : margin)
  }

  /// The fold of each record: groups in random order, those with the largest shares of ones first, are dealt in turn.
  private func fold(of labels: [Bool], _ groups: RecordsOfGroups, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: UInt64.max)
    let shuffled = groups.members.shuffled(using: &generator)
    let shares = shuffled.map { rows in Double(rows.count { labels[$0] }) / Double(rows.count) }
    let order = shuffled.indices.sorted { (shares[$0], $0) > (shares[$1], $1) }
    var folds = [Int](repeating: 0, count: labels.count)
    for (place, index) in order.enumerated() {
      for row in shuffled[index] { folds[row] = place % self.folds }
    }
    return folds
  }
}

/// The records of each group, and which groups can change labels.
private struct RecordsOfGroups: Sendable {
  /// The records of each group, by the groups' numbers.
  let members: [[Int]]
  /// The places in `members` of groups of one size, by size.
  private let sameSize: [[Int]]

  init(_ groups: [Int]) {
    let members = Dictionary(grouping: groups.indices, by: { groups[$0] }).sorted { $0.key < $1.key }.map(\.value)
    self.members = members
    sameSize = Dictionary(grouping: members.indices, by: { members[$0].count }).sorted { $0.key < $1.key }.map(\.value)
  }

  /// Whether groups of one size have a hundred orders or more.
  var haveOrders: Bool {
    sameSize.reduce(0.0) { sum, groups in
      sum + (1...groups.count).reduce(0.0) { $0 + .log(Double($1)) }
    } >= .log(100)
  }

  /// The labels of groups of one size in random order: labels of one group stay together, so that they depend on each
  /// other as they do.
  func permuted(_ labels: [Bool], _ generator: inout SeededGenerator) -> [Bool] {
    var result = labels
    for groups in sameSize {
      for (group, source) in zip(groups, groups.shuffled(using: &generator)) {
        for (row, other) in zip(members[group], members[source]) { result[row] = labels[other] }
      }
    }
    return result
  }
}

extension LinearProbe.Result {
  /// The features by falling magnitude of their mean coefficient over folds.
  public var ranking: [Int] {
    let sums = coefficients[0].indices.map { feature in coefficients.reduce(0) { $0 + $1[feature] }.magnitude }
    return sums.indices.sorted { sums[$0] != sums[$1] ? sums[$0] > sums[$1] : $0 < $1 }
  }
}
