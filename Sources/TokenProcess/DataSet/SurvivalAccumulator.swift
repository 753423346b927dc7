import GSLNumerics
import RealModule

/// Sums over records at each length from which the law of the data set follows, without any sampling error.
///
/// For each n = 1 … largest L, over the records with L >= n: how many there are, Σ S_i(n), Σ S_i(n-1), Σ S_i(n)², Σ ln
/// S_i(n) and Σ ln(1 - S_i(n)). Memory is O(largest L); two accumulators merge by addition.
public struct SurvivalAccumulator: Sendable, Codable {
  private struct Position: Sendable, Codable {
    var atRisk = 0
    var survivors = ScaledSum()
    var entered = ScaledSum()
    var failed = ScaledSum()
    var squares = ScaledSum()
    var logSurvivals = CompensatedSum()
    var logNone = CompensatedSum()
  }
  private var positions: [Position] = []
  /// The number of records added.
  public private(set) var records = 0

  /// The accumulator of no records.
  public init() {}

  /// Adds the law of one record.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ law: MatchLengthLaw) {
    records += 1
    while positions.count < law.length { positions.append(Position()) }
    // In place: an access to an element of an array, and to a part of it, would be checked seven times a token.
    positions.withUnsafeMutableBufferPointer { positions in
      for n in 1...law.length {
        let (before, value) = (law.survival[n - 1], law.survival[n])
        var position = positions[n - 1]
        position.atRisk += 1
        position.survivors.add(value)
        position.entered.add(before)
        position.failed.add(
          ScaledValue(significand: before.significand * law.failures[n - 1], exponent: before.exponent))
        position.squares.add(value.squared)
        position.logSurvivals.add(law.logSurvival[n])
        position.logNone.add(law.logNone(n))
        positions[n - 1] = position
      }
    }
  }

  /// Adds the records of another accumulator.
  public mutating func merge(_ other: SurvivalAccumulator) {
    records += other.records
    while positions.count < other.positions.count { positions.append(Position()) }
    for (index, position) in other.positions.enumerated() {
      positions[index].atRisk += position.atRisk
      positions[index].survivors.merge(position.survivors)
      positions[index].entered.merge(position.entered)
      positions[index].failed.merge(position.failed)
      positions[index].squares.merge(position.squares)
      positions[index].logSurvivals.merge(position.logSurvivals)
      positions[index].logNone.merge(position.logNone)
    }
  }

  /// The largest reference length.
  public var maximumLength: Int { positions.count }

  /// The number of tokens of all records; nil where it does not fit a number.
  package var tokens: Int? {
    positions.reduce(Optional(0)) { sum, position in
      guard let (total, overflow) = sum?.addingReportingOverflow(position.atRisk), !overflow else { return nil }
      return total
    }
  }

  /// Whether the numbers at risk fall from the number of records on, as those of records do.
  package var isConsistent: Bool {
    var before = records
    return positions.allSatisfy { position in
      defer { before = position.atRisk }
      return position.atRisk >= 1 && position.atRisk <= before
    }
  }

  /// The number of records with L >= n; 1 <= n <= ``maximumLength``.
  public func atRisk(_ n: Int) -> Int { positions[n - 1].atRisk }

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
    positions[n - 1].survivors.value.log - .log(Double(positions[n - 1].atRisk))
  }

  /// The mean of ln S_i(n) over the records with L >= n, the *quenched* value that a mean loss sees.
  ///
  /// -inf when a record with a token of probability 0 is among them.
  public func quenched(_ n: Int) -> Double {
    positions[n - 1].logSurvivals.value / Double(positions[n - 1].atRisk)
  }

  /// (Σ S_i(n))² / Σ S_i(n)², the number of records that carry the tail; nil where every S_i(n) is 0.
  public func effectiveRecords(_ n: Int) -> Double? {
    let sum = positions[n - 1].survivors.value
    guard sum.significand > 0 else { return nil }
    return (sum * sum / positions[n - 1].squares.value).double
  }

  /// Σ S_i(n), the expected number of records with N >= n, among those with L >= n.
  public func expectedRecords(_ n: Int) -> Double {
    positions[n - 1].survivors.value.double
  }

  /// ln Σ S_i(n), for expected numbers below the range of Double.
  public func logExpectedRecords(_ n: Int) -> Double {
    positions[n - 1].survivors.value.log
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
