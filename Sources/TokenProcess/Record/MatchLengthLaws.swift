internal import CVectors

/// The laws of up to eight records of one length: what is summed over records takes them together.
///
/// Each law is columns with room for whole eights: beyond L every number adds nothing to a sum (`token_sums.h`). The laws
/// follow each other.
package struct MatchLengthLaws: Sendable, Equatable {
  /// The most records.
  static let capacity = 8

  /// How many records of a length are best taken together: long ones gain nothing and take memory.
  package static func count(ofLength length: Int) -> Int { length <= 4096 ? capacity : 1 }

  /// The reference length L of each; 0 without records.
  package private(set) var length = 0
  /// The number of records.
  package private(set) var count = 0
  private var columns: [Double] = []

  /// No records.
  package init() {}

  /// The law of one record.
  init(_ tokenLogProbabilities: [Double]) {
    set(length: tokenLogProbabilities.count, count: 1) { _ in tokenLogProbabilities }
  }

  /// The laws of other records, in the memory of those before where it is enough.
  ///
  /// - Precondition: There are 1 to 8 records, of one length.
  package mutating func replace(with records: ArraySlice<Record>) {
    let first = records.startIndex
    set(length: records[first].tokenLogProbabilities.count, count: records.count) {
      records[first + $0].tokenLogProbabilities
    }
  }

  private mutating func set(length: Int, count: Int, tokens: (_ record: Int) -> [Double]) {
    precondition((1...Self.capacity).contains(count), "\(count) records")
    let isAnew = length != self.length
    self.length = length
    let size = count * Column.count * stride
    if isAnew || columns.count < size { columns = [Double](repeating: 0, count: size) }
    self.count = count
    let stride = stride
    columns.withUnsafeMutableBufferPointer { columns in
      guard let start = columns.baseAddress else { return }
      for record in 0..<count {
        let column = start + Self.place(Column.token, of: record, stride)
        tokens(record).withUnsafeBufferPointer { tokens in
          precondition(tokens.count == length, "\(tokens.count) tokens beside \(length)")
          if let first = tokens.baseAddress { column.update(from: first, count: length) }
        }
      }
      law_columns(start, count, length, stride, ScaledValue.leastLogarithm, Self.outOfReach)
    }
  }

  /// What is kept of each length n.
  enum Column {
    /// l_(n+1), n = 0 … L - 1.
    static let token = LAW_TOKEN
    /// ln S(n), n = 0 … L.
    static let logSurvival = LAW_LOG_SURVIVAL
    /// S(n) = significand × 2^exponent: exp(-2000) is exact to rounding too.
    static let significand = LAW_SIGNIFICAND
    static let exponent = LAW_EXPONENT
    /// P(N = n), and at L the mass censored there.
    static let mass = LAW_MASS
    static let count = LAW_COLUMNS
  }

  /// How many numbers a column has room for: lengths 0 … L, in whole eights from 0 on as well as from 1 on.
  private var stride: Int { (length + 16) / 8 * 8 }

  /// The exponent of numbers that are 0: no shift makes them count.
  private static let outOfReach = -0x1p62

  /// Where a column of a record begins.
  private static func place(_ column: Int, of record: Int, _ stride: Int) -> Int {
    (record * Column.count + column) * stride
  }

  /// The columns.
  struct Columns {
    let start: UnsafePointer<Double>
    let stride: Int

    func callAsFunction(_ column: Int, of record: Int = 0) -> UnsafePointer<Double> {
      start + MatchLengthLaws.place(column, of: record, stride)
    }
  }

  /// Calls a function with the columns, if there are any.
  @inline(__always)
  func withColumns(_ body: (Columns) -> Void) {
    columns.withUnsafeBufferPointer { columns in
      if let start = columns.baseAddress, count > 0 { body(Columns(start: start, stride: stride)) }
    }
  }

  /// A column's numbers for n = 0 … L.
  func values(_ column: Int, of record: Int) -> ArraySlice<Double> {
    let start = Self.place(column, of: record, stride)
    return columns[start...(start + length)]
  }

  /// ln S(n) of a record.
  package func logSurvival(_ n: Int, of record: Int) -> Double { value(Column.logSurvival, n, of: record) }

  private func value(_ column: Int, _ n: Int, of record: Int) -> Double {
    columns[Self.place(column, of: record, stride) + n]
  }

  /// S(n) of a record, with an exponent of its own.
  func survival(_ n: Int, of record: Int) -> ScaledValue {
    let significand = value(Column.significand, n, of: record)
    guard significand > 0 else { return .zero }
    return ScaledValue(significand: significand, exponent: Int(value(Column.exponent, n, of: record)))
  }

  /// The first three cumulants of a record's min(N, L).
  package func moments(of record: Int) -> Cumulants {
    columns.withUnsafeBufferPointer { columns in
      guard let start = columns.baseAddress else { return Cumulants(mean: 0, variance: 0, third: 0) }
      let moments = law_moments(start + Self.place(0, of: record, stride), stride, length)
      return Cumulants(mean: moments.mean, variance: moments.variance, third: moments.third)
    }
  }
}
