import GSLNumerics

/// How often each length was seen, exactly or as a lower bound: the sufficient statistic of every fit.
///
/// "Censored at n" means that the true value N satisfies N >= n: a record that matched all its L tokens is censored at
/// L. Weights may be fractional, e.g. the exact law of N summed over records.
public struct CensoredCounts: Sendable, Equatable {
  /// The weight seen at one length.
  public struct Cell: Sendable, Equatable {
    /// The length n.
    public let length: Int
    /// Weight of values equal to n.
    public let exact: Double
    /// Weight of values known only to be at least n.
    public let censored: Double

    /// A cell; the weights are checked when a ``CensoredCounts`` is made of it.
    public init(length: Int, exact: Double, censored: Double = 0) {
      self.length = length
      self.exact = exact
      self.censored = censored
    }
  }

  /// The longest length, 2⁶⁰: sums of two lengths stay whole numbers.
  public static let longestLength = 1 << 60
  /// The largest weight of a cell, 2⁵³: below it counts are exact.
  public static let largestWeight = 0x1p53

  /// The cells that carry weight, by increasing length, each length once.
  public let cells: [Cell]
  /// The interval-censored and left-truncated observations, by increasing lower end; empty for exact and
  /// right-censored lengths alone.
  public let intervals: [LengthInterval]
  /// Total weight: the number of observations when the weights are counts.
  public let total: Double
  /// Weight of exact values.
  public let exactTotal: Double

  /// Counts from cells and intervals in any order; cells of equal length are added.
  ///
  /// - Complexity: O(k log k) in the number of cells.
  /// - Throws: `DistributionError.cell` for a length outside 0 … 2⁶⁰ or a weight outside 0 … 2⁵³; `interval` for ends
  ///   that are not 0 <= entry <= lower <= upper <= 2⁶⁰.
  public init(_ cells: some Sequence<Cell>, intervals: [LengthInterval] = []) throws(DistributionError) {
    if let wrong = intervals.first(where: { !$0.isValid }) { throw .interval(wrong) }
    let single = intervals.filter(\.isCell).map(\.middle)
    let sorted = (cells + single).sorted { $0.length < $1.length }
    for cell in sorted {
      for weight in [cell.exact, cell.censored]
      where cell.length < 0 || cell.length > Self.longestLength || !(weight >= 0 && weight <= Self.largestWeight) {
        throw .cell(length: cell.length, weight: weight)
      }
    }
    self.init(
      sorted: sorted, intervals: intervals.filter { !$0.isCell && $0.weight > 0 }.sorted { $0.lower < $1.lower })
  }

  /// Counts from valid cells by increasing length.
  package init(sorted cells: [Cell]) { self.init(sorted: cells, intervals: []) }

  /// Counts from valid cells, and intervals that are not cells, by increasing length.
  init(sorted cells: [Cell], intervals: [LengthInterval]) {
    var merged: [Cell] = []
    for cell in cells where cell.exact > 0 || cell.censored > 0 {
      if let last = merged.last, last.length == cell.length {
        merged[merged.count - 1] = Cell(
          length: last.length, exact: last.exact + cell.exact, censored: last.censored + cell.censored)
      } else {
        merged.append(cell)
      }
    }
    self.cells = merged
    self.intervals = intervals
    var exact = CompensatedSum()
    var censored = CompensatedSum()
    for cell in merged {
      exact.add(cell.exact)
      censored.add(cell.censored)
    }
    for interval in intervals {
      if interval.isExact { exact.add(interval.weight) } else { censored.add(interval.weight) }
    }
    exactTotal = exact.value
    var total = exact
    total.merge(censored)
    self.total = total.value
  }

  /// Counts of exactly known values.
  ///
  /// - Throws: `DistributionError.cell` for a value outside 0 … 2⁶⁰.
  public init(exact values: some Sequence<Int>) throws(DistributionError) {
    // Concrete storage where there is some: a generic loop across modules costs more than the counting.
    let counted: Result<[Cell], DistributionError> =
      values.withContiguousStorageIfAvailable { Self.counted($0) } ?? Self.counted(Array(values))
    self.init(sorted: try counted.get())
  }

  /// How often each value occurs, by increasing value: short lengths in a table, the few long ones by sorting.
  private static func counted(_ values: some RandomAccessCollection<Int>) -> Result<[Cell], DistributionError> {
    var table = [Int32](repeating: 0, count: 1 << 14)
    var long: [Int] = []
    var cells: [Cell] = []
    // A table's entry that overflows is emptied into a cell.
    for value in values {
      if value < table.count {
        guard value >= 0 else { return .failure(.cell(length: value, weight: 1)) }
        table[value] += 1
        if table[value] == .max {
          cells.append(Cell(length: value, exact: Double(table[value])))
          table[value] = 0
        }
      } else {
        long.append(value)
      }
    }
    for (value, count) in table.enumerated() where count > 0 { cells.append(Cell(length: value, exact: Double(count))) }
    if cells.count > 1 { cells.sort { $0.length < $1.length } }
    long.sort()
    if let last = long.last, last > longestLength { return .failure(.cell(length: last, weight: 1)) }
    cells += long.map { Cell(length: $0, exact: 1) }
    return .success(cells)
  }

  /// The part of the data with lengths from `minimum` to `maximum`, both included.
  ///
  /// A value censored below the minimum says nothing about lengths above it and is left out, as is one above the
  /// maximum.
  /// An interval that is not inside the window does not tell whether its length is, and is left out too.
  public func restricted(from minimum: Int, through maximum: Int? = nil) -> CensoredCounts {
    CensoredCounts(
      sorted: cells.filter { $0.length >= minimum && $0.length <= maximum ?? .max },
      intervals: intervals.filter { $0.lower >= minimum && $0.upper ?? $0.lower <= maximum ?? .max })
  }

  /// The largest length with any weight, 0 when there is none.
  public var maximum: Int {
    max(cells.last?.length ?? 0, intervals.reduce(0) { max($0, $1.upper ?? $1.lower) })
  }

  /// Each interval at its middle and without its entry length: a guess to start searches from.
  var withoutIntervals: CensoredCounts {
    intervals.isEmpty
      ? self : CensoredCounts(sorted: (cells + intervals.map(\.middle)).sorted { $0.length < $1.length })
  }

  /// Where the data see tokens fail and survive.
  ///
  /// Of an interval the end is used that leaves more laws possible.
  public var reach: Reach {
    let ended = cells.lazy.filter { $0.exact > 0 }.map(\.length)
    let survived = max(cells.last?.length ?? 0, intervals.last?.lower ?? 0)
    let first = [ended.first, intervals.compactMap(\.upper).min()].compactMap(\.self).min()
    let last = [ended.last, intervals.last { $0.upper != nil }?.lower].compactMap(\.self).max()
    guard let first, let last else { return Reach(lowerBound: 1, upperBound: 1, survived: survived) }
    var reach = Reach(lowerBound: first + 1, upperBound: max(first, last) + 1, survived: survived)
    let aboveZero = [ended.first { $0 > 0 }, intervals.compactMap(\.upper).filter { $0 > 0 }.min()]
    reach.lowerBoundAboveZero = aboveZero.compactMap(\.self).min().map { $0 + 1 } ?? reach.lowerBound
    reach.survivedByEnded = last
    return reach
  }

  /// The weight of values that are exactly 0.
  public var exactAtZero: Double {
    guard let first = cells.first, first.length == 0 else { return 0 }
    return first.exact
  }

  /// Σ n · (weight at n), exact and censored alike, an interval at its lower end.
  public var lengthTotal: Double {
    var sum = CompensatedSum()
    for cell in cells { sum.add(Double(cell.length) * (cell.exact + cell.censored)) }
    for interval in intervals { sum.add(Double(interval.lower) * interval.weight) }
    return sum.value
  }

  /// The weight of lengths that are known to end: exact ones and those in an interval with an upper end.
  var endedTotal: Double {
    intervals.reduce(exactTotal) { $1.upper != nil && !$1.isExact ? $0 + $1.weight : $0 }
  }

  /// The weight of lower bounds alone.
  public var rightCensoredTotal: Double { total - endedTotal }

  /// The weight of lengths known to lie in an interval of more than one length.
  public var intervalTotal: Double { endedTotal - exactTotal }

  /// The entry length that all observations have at least: nothing is known of what is shorter.
  var smallestEntry: Int { cells.isEmpty ? intervals.map(\.entry).min() ?? 0 : 0 }

  /// The weight of observations with an entry length above 0.
  public var truncatedTotal: Double { intervals.reduce(0) { $1.entry > 0 ? $0 + $1.weight : $0 } }
}

/// How far lengths go, where that decides which parameters are possible.
public struct Reach: Sendable, Equatable {
  /// The first position at which a token is seen to fail: one more than the smallest exact length; 1 where there is
  /// none.
  public private(set) var lowerBound: Int
  /// The last position at which a token is seen to fail: one more than the largest exact length; 1 where there is none.
  public let upperBound: Int
  /// The last position at which a token is seen to survive: the largest length, exact or censored; 0 where there is
  /// none.
  public private(set) var survived: Int
  /// ``lowerBound`` without lengths of 0.
  var lowerBoundAboveZero: Int
  /// ``survived`` by lengths that are known to end.
  var survivedByEnded: Int

  /// Positions at which tokens fail, first and last, and the last one at which a token survives.
  public init(lowerBound: Int, upperBound: Int, survived: Int) {
    self.lowerBound = lowerBound
    self.upperBound = upperBound
    self.survived = survived
    lowerBoundAboveZero = lowerBound
    survivedByEnded = survived
  }

  /// Without lengths of 0, which something else may explain.
  var withoutZeros: Reach {
    var reach = self
    reach.lowerBound = lowerBoundAboveZero
    return reach
  }

  /// Without lengths that are not known to end, which something else may explain.
  var withoutSurvivors: Reach {
    var reach = self
    reach.survived = survivedByEnded
    return reach
  }
}
