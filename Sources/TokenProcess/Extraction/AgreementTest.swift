import GSLNumerics
import RealModule

/// Whether sampled generations agree with the predicted laws of their records.
///
/// At each position of each record, r draws have matched so far and d of them end there; the law says that d is
/// binomial with probability 1 - p_j. The statistic is the deviance of these hazards from the observed ones,
///
///     D = 2 Σ [ (r - d) ln ((r - d) / (r p)) + d ln (d / (r (1 - p))) ],
///
/// and its p-value is the share of data sets simulated from the predicted laws, with the same draws and lengths, that
/// are at least as far: with a few draws a position neither D nor sums of match lengths are near their asymptotic laws.
/// Where p is known within bounds, the value between them that suits the draws best is taken, and simulations are
/// measured from that value itself: the p-value is then no smaller than it should be.
public struct AgreementTest: Sendable, Equatable {
  /// Draws of one record: how far they match, and how far it was possible to see.
  public struct Draws: Sendable {
    /// The record's law under the scheme that they were drawn with.
    public let law: DecodedLaw
    /// For each draw the matched length N and the number of tokens that could be compared; N equal to it is censored.
    public let matches: [(length: Int, compared: Int)]

    /// Draws compared with their record's law.
    ///
    /// - Precondition: 0 <= length <= compared <= L for each.
    public init(law: DecodedLaw, matches: [(length: Int, compared: Int)]) {
      precondition(
        matches.allSatisfy { 0 <= $0.length && $0.length <= $0.compared && $0.compared <= law.length },
        "matches lie within the compared tokens")
      self.law = law
      self.matches = matches
    }
  }

  /// D.
  public let deviance: Double
  /// (1 + number of simulations at least as far) / (1 + simulations).
  public let pValue: Double
  /// The number of simulations.
  public let simulations: Int

  /// Tests all draws together.
  ///
  /// - Complexity: O(positions reached) binomial variates a simulation.
  public init(_ draws: [Draws], simulations: Int = 2000, seed: UInt64 = 0, threads: Int = 1) async throws {
    let cells = draws.map { Position.cells(of: $0) }
    let plans = zip(draws, cells).map { Plan($0, $1) }
    let observed = zip(plans, cells).reduce(0) { $0 + Self.deviance($1.1, $1.0) }
    let distances = try await inParallel(0..<simulations, threads: threads) { simulation in
      try Task.checkCancellation()
      var generator = SeededGenerator(seed: seed, stream: UInt64(simulation))
      return plans.reduce(0) { $0 + Self.deviance($1.sample(&generator), $1) }
    }
    deviance = observed
    self.simulations = simulations
    let further = distances.count { $0 >= observed * (1 - 1e-12) }
    pValue = Double(further + 1) / Double(simulations + 1)
  }

  /// Draws at risk of ending at a position, and how many do.
  private struct Position {
    var atRisk = 0
    var ended = 0

    static func cells(of draws: Draws) -> [Position] {
      var cells = [Position](repeating: Position(), count: draws.matches.map(\.compared).max() ?? 0)
      for (length, compared) in draws.matches {
        for j in 0..<min(length + 1, compared) { cells[j].atRisk += 1 }
        if length < compared { cells[length].ended += 1 }
      }
      return cells
    }
  }

  /// The probability that a draw goes on, within the law's bounds as near to the draws as possible.
  private static func continuation(_ token: LogInterval, _ cell: Position) -> Double {
    if token.isExact { return .exp(token.upper) }
    let share = Double(cell.atRisk - cell.ended) / Double(max(1, cell.atRisk))
    return min(max(share, .exp(token.lower)), .exp(token.upper))
  }

  private static func deviance(_ cells: [Position], _ plan: Plan) -> Double {
    var sum = 0.0
    for (index, cell) in cells.enumerated() where cell.atRisk > 0 {
      let (risk, ended) = (Double(cell.atRisk), Double(cell.ended))
      let (p, hazard) = (plan.continuations[index], plan.hazards[index])
      if ended < risk { sum += 2 * (risk - ended) * .log((risk - ended) / (risk * p)) }
      if ended > 0 { sum += 2 * ended * .log(ended / (risk * hazard)) }
    }
    return sum
  }

  /// How a record's draws are simulated.
  private struct Plan: Sendable {
    let continuations: [Double]
    /// 1 - p, without cancellation where p is known by its logarithm.
    let hazards: [Double]
    /// How many draws could be compared for how many tokens.
    private let groups: [(compared: Int, count: Int)]

    init(_ draws: Draws, _ cells: [Position]) {
      continuations = zip(draws.law.tokens, cells).map { continuation($0, $1) }
      hazards = zip(draws.law.tokens, continuations).map { token, p in
        max(0, token.isExact ? -.expMinusOne(token.upper) : 1 - p)
      }
      groups = Dictionary(grouping: draws.matches, by: \.compared).map { ($0.key, $0.value.count) }
        .sorted { $0.compared < $1.compared }
    }

    func sample(_ generator: inout SeededGenerator) -> [Position] {
      var cells = [Position](repeating: Position(), count: continuations.count)
      for (compared, count) in groups {
        var left = count
        for j in 0..<compared where left > 0 {
          let ended = left - generator.binomial(left, continuations[j])
          cells[j].atRisk += left
          cells[j].ended += ended
          left -= ended
        }
      }
      return cells
    }
  }
}
