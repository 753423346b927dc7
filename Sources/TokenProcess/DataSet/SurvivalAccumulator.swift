internal import CVectors
import GSLNumerics
import RealModule

/// Sums over records at each length from which the law of the data set follows, without any sampling error.
///
/// For each n = 1 … largest L, over the records with L >= n: how many there are, Σ S_i(n), Σ S_i(n-1), Σ S_i(n)², Σ ln
/// S_i(n) and Σ ln(1 - S_i(n)). Memory is O(largest L); two accumulators merge by addition.
public struct SurvivalAccumulator: Sendable, Codable {
  /// The sums at one length.
  private struct Position: Sendable, Codable {
    var atRisk = 0
    var survivors = ScaledSum()
    var entered = ScaledSum()
    var failed = ScaledSum()
    var squares = ScaledSum()
    var logSurvivals = CompensatedSum()
    var logNone = CompensatedSum()
    /// Σ 1 - S; nil in sums that were written before it was kept.
    var none: CompensatedSum?
  }

  private var atRisk: [Int] = []
  /// Column by column (`token_sums.h`), each with room for `stride` lengths from 1 on.
  private var columns: [Double] = []
  private var stride = 0
  /// The number of records added.
  public private(set) var records = 0

  /// The accumulator of no records.
  public init() {}

  /// The exponent of sums without a term.
  private static let noExponent = -0x1p61

  private mutating func reserve(_ length: Int) {
    while atRisk.count < length { atRisk.append(0) }
    guard length > stride else { return }
    let wider = (max(length, stride + stride / 2) + 7) / 8 * 8
    var moved = [Double](repeating: 0, count: SUM_COLUMNS * wider)
    for column in 0..<SUM_COLUMNS {
      let start = column * wider
      for index in 0..<stride { moved[start + index] = columns[column * stride + index] }
      guard column == SUM_SURVIVORS_EXPONENT || column == SUM_ENTERED_EXPONENT else { continue }
      for index in stride..<wider { moved[start + index] = Self.noExponent }
    }
    (columns, stride) = (moved, wider)
  }

  /// Adds the law of one record.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ law: MatchLengthLaw) { add(law.laws) }

  /// Adds the laws of some records.
  package mutating func add(_ laws: MatchLengthLaws) {
    records += laws.count
    reserve(laws.length)
    for index in 0..<laws.length { atRisk[index] += laws.count }
    laws.withColumns { survival_add($0.start, laws.count, laws.length, $0.stride, &columns, stride) }
  }

  /// Adds the records of another accumulator.
  public mutating func merge(_ other: SurvivalAccumulator) {
    records += other.records
    reserve(other.maximumLength)
    for index in other.atRisk.indices {
      var mine = self[index]
      let theirs = other[index]
      mine.atRisk += theirs.atRisk
      mine.survivors.merge(theirs.survivors)
      mine.entered.merge(theirs.entered)
      mine.failed.merge(theirs.failed)
      mine.squares.merge(theirs.squares)
      mine.logSurvivals.merge(theirs.logSurvivals)
      mine.logNone.merge(theirs.logNone)
      if let sum = theirs.none { mine.none?.merge(sum) } else { mine.none = nil }
      self[index] = mine
    }
  }

  private subscript(_ index: Int) -> Position {
    get {
      func number(_ column: Int) -> Double { columns[column * stride + index] }
      func sum(_ high: Int, _ low: Int) -> CompensatedSum {
        CompensatedSum(high: number(high), low: number(low))
      }
      func scaled(_ sum: CompensatedSum, _ exponent: Double) -> ScaledSum {
        exponent < -0x1p60 ? ScaledSum() : ScaledSum(sum, exponent: Int(exponent))
      }
      let (exponent, before) = (number(SUM_SURVIVORS_EXPONENT), number(SUM_ENTERED_EXPONENT))
      return Position(
        atRisk: atRisk[index],
        survivors: scaled(sum(SUM_SURVIVORS, SUM_SURVIVORS_ERROR), exponent),
        entered: scaled(sum(SUM_ENTERED, SUM_ENTERED_ERROR), before),
        failed: scaled(sum(SUM_FAILED, SUM_FAILED_ERROR), before),
        squares: scaled(sum(SUM_SQUARES, SUM_SQUARES_ERROR), 2 * exponent),
        logSurvivals: sum(SUM_LOG_SURVIVALS, SUM_LOG_SURVIVALS_ERROR), logNone: sum(SUM_LOG_NONE, SUM_LOG_NONE_ERROR),
        none: number(SUM_NONE).isNaN ? nil : sum(SUM_NONE, SUM_NONE_ERROR))
    }
    set {
      func set(_ sum: CompensatedSum, _ high: Int, _ low: Int) {
        columns[high * stride + index] = sum.high
        columns[low * stride + index] = sum.low
      }
      func set(_ exponent: Int?, _ column: Int) {
        columns[column * stride + index] = exponent.map(Double.init) ?? Self.noExponent
      }
      atRisk[index] = newValue.atRisk
      let survivors = newValue.survivors.exponent
      let entered = newValue.entered.exponent
      set(survivors, SUM_SURVIVORS_EXPONENT)
      set(entered, SUM_ENTERED_EXPONENT)
      set(newValue.survivors.sum, SUM_SURVIVORS, SUM_SURVIVORS_ERROR)
      set(newValue.entered.sum, SUM_ENTERED, SUM_ENTERED_ERROR)
      set(newValue.squares.sum(in: survivors.map { 2 * $0 }), SUM_SQUARES, SUM_SQUARES_ERROR)
      set(newValue.failed.sum(in: entered), SUM_FAILED, SUM_FAILED_ERROR)
      set(newValue.logSurvivals, SUM_LOG_SURVIVALS, SUM_LOG_SURVIVALS_ERROR)
      set(newValue.logNone, SUM_LOG_NONE, SUM_LOG_NONE_ERROR)
      set(newValue.none ?? CompensatedSum(high: .nan, low: 0), SUM_NONE, SUM_NONE_ERROR)
    }
  }

  private var positions: [Position] { atRisk.indices.map { self[$0] } }

  private enum CodingKeys: String, CodingKey { case positions, records }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let positions = try container.decode([Position].self, forKey: .positions)
    records = try container.decode(Int.self, forKey: .records)
    reserve(positions.count)
    for (index, position) in positions.enumerated() { self[index] = position }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(positions, forKey: .positions)
    try container.encode(records, forKey: .records)
  }

  /// The largest reference length.
  public var maximumLength: Int { atRisk.count }

  /// The number of tokens of all records; nil where it does not fit a number.
  package var tokens: Int? {
    atRisk.reduce(Optional(0)) { sum, count in
      guard let (total, overflow) = sum?.addingReportingOverflow(count), !overflow else { return nil }
      return total
    }
  }

  /// Whether the numbers at risk fall from the number of records on, as those of records do.
  package var isConsistent: Bool {
    var before = records
    return atRisk.allSatisfy { count in
      defer { before = count }
      return count >= 1 && count <= before
    }
  }

  /// The number of records with L >= n; 1 <= n <= ``maximumLength``.
  public func atRisk(_ n: Int) -> Int { atRisk[n - 1] }

  /// ln S̄(n) for n = 0 … ``maximumLength``, in product-limit form.
  ///
  ///     S̄(n) = Π_{k <= n} Σ S_i(k) / Σ S_i(k-1),   sums over records with L_i >= k
  ///
  /// With equal lengths it is the plain mean of S_i(n); with S_i in {0, 1} the Kaplan–Meier estimator. Where lengths
  /// differ it assumes non-informative censoring. NaN from the first n at which no record that
  /// is long enough can be reached while a shorter one could: nothing is known there.
  public var logSurvival: [Double] {
    var result = [0.0]
    // Between lengths at which records end, Σ S_i(k-1) is the Σ S_i of the step before: the product telescopes, and no
    // rounding accumulates.
    var base = ScaledValue.one
    var entry = ScaledValue.one
    // Near 1 the sum of ln(1 - h) keeps digits that the logarithm of the quotient loses.
    var nearOne = CompensatedSum()
    var isKnown = true
    let positions = positions
    for (index, position) in positions.enumerated() {
      let entered = position.entered.value
      if index == 0 || position.atRisk != positions[index - 1].atRisk {
        if index > 0, entry.significand > 0 { base = base * (positions[index - 1].survivors.value / entry) }
        entry = entered
        if entered.significand == 0, result[index] > -.infinity { isKnown = false }
      }
      guard isKnown else {
        result.append(.nan)
        continue
      }
      let survivors = position.survivors.value
      if survivors.significand == 0 {
        result.append(-.infinity)
        continue
      }
      nearOne.add(.log(onePlus: -min(1, (position.failed.value / entered).double)))
      result.append(nearOne.value > -0.5 ? nearOne.value : (base * (survivors / entry)).log)
    }
    return result
  }

  /// ln of the mean of S_i(n) over the records with L >= n, the *annealed* value; 1 <= n <= ``maximumLength``.
  ///
  /// It is taken over the same records as ``quenched(_:)``, so that their difference is never negative (Jensen).
  public func annealed(_ n: Int) -> Double {
    let position = self[n - 1]
    let count = Double(position.atRisk)
    // Near 1 the mean of 1 - S keeps digits that the logarithm of a quotient loses.
    if let none = position.none, none.value < 0.5 * count { return .log(onePlus: -none.value / count) }
    return position.survivors.value.log - .log(count)
  }

  /// The mean of ln S_i(n) over the records with L >= n, the *quenched* value that a mean loss sees.
  ///
  /// -inf when a record with a token of probability 0 is among them.
  public func quenched(_ n: Int) -> Double {
    self[n - 1].logSurvivals.value / Double(atRisk[n - 1])
  }

  /// (Σ S_i(n))² / Σ S_i(n)², the number of records that carry the tail; nil where every S_i(n) is 0.
  public func effectiveRecords(_ n: Int) -> Double? {
    let sum = self[n - 1].survivors.value
    guard sum.significand > 0 else { return nil }
    return (sum * sum / self[n - 1].squares.value).double
  }

  /// Σ S_i(n), the expected number of records with N >= n, among those with L >= n.
  public func expectedRecords(_ n: Int) -> Double {
    self[n - 1].survivors.value.double
  }

  /// ln Σ S_i(n), for expected numbers below the range of Double.
  public func logExpectedRecords(_ n: Int) -> Double {
    self[n - 1].survivors.value.log
  }

  /// E[max of min(N, n)] over `draws` draws from every record, Σ_{k <= n} 1 - Π (1 - S_i(k))^draws.
  ///
  /// - Precondition: n <= ``maximumLength``.
  public func expectedMaximum(_ n: Int, draws: Double) -> Double {
    var sum = CompensatedSum()
    for position in positions[..<n].reversed() { sum.add(-.expMinusOne(draws * position.logNone.value)) }
    return sum.value
  }

  /// The law of the longest match of one draw from every record.
  public var maximum: MaximumLength {
    MaximumLength(
      logSurvival: [0]
        + positions.map { position in
          let logNone = position.logNone.value
          // Where Π (1 - S_i) is 1 to rounding of the logarithms, P(max >= n) is Σ S_i to relative order Σ S_i.
          return logNone > -1e-290 ? position.survivors.value.log : log1mExp(logNone)
        })
  }
}
