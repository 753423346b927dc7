internal import CVectors
import GSLNumerics

/// How the variance of ln p_ij splits between records, positions and the rest (TheModel §3c).
///
/// The additive model ln p_ij = μ + record_i + position_j + residual is fitted by least squares to all tokens of the
/// data set. Shares are of the total sum of squares and add up to 1. When lengths differ, records and positions
/// overlap: each is then credited with the mean of what it explains alone and what it explains after the other (the
/// Shapley value, or LMG, of the two). With equal lengths both are the same and this is the classical two-way table.
public struct TokenVarianceShares: Sendable, Equatable {
  /// Differences between records.
  public let record: Double
  /// Differences between positions.
  public let position: Double
  /// What neither explains.
  public let residual: Double
}

/// What of the variance of ln p_ij records and positions explain beyond chance.
public struct TokenVarianceEffects: Sendable, Equatable {
  /// ω² of the records; may be negative.
  public let record: Double
  /// ω² of the positions; may be negative.
  public let position: Double
  /// The slope of ln p on ln(position) within records: positive with duration dependence.
  public let trend: Double
}

/// The sums over tokens that ``TokenVarianceShares`` needs: O(largest length), merged by addition.
public struct TokenVarianceAccumulator: Sendable, Codable {
  private struct Position: Sendable, Codable {
    /// Tokens at this position, i.e. records at least this long.
    var tokens = 0
    /// Records that end exactly here.
    var endings = 0
    var total = DoubleDouble(0)
    /// Σ of the mean ln p of the records that reach this position.
    var recordMeans = DoubleDouble(0)
  }

  /// Records that end at each position.
  private var endings: [Int] = []
  /// Σ ln p at each position, and its rounding error: two columns, for what is added in one go.
  private var totals: [Double] = []
  private var errors: [Double] = []
  /// Σ of the mean ln p of the records that end at each position: those that reach a position end there or beyond.
  private var endingMeans: [DoubleDouble] = []
  private var squares = DoubleDouble(0)
  private var recordSquares = DoubleDouble(0)
  /// Tokens of probability 0, for which ln p has no variance; the shares are undefined when there are any.
  public private(set) var impossibleTokens = 0

  /// The accumulator of no records.
  public init() {}

  /// The largest reference length without a token of probability 0.
  package var length: Int { endings.count }

  /// Whether the counts could be those of so many records.
  package func isConsistent(records: Int) -> Bool {
    (0...1 << 53).contains(impossibleTokens) && endings.reduce(0, +) <= records
  }

  /// Adds one record's tokens.
  public mutating func add(_ law: MatchLengthLaw) { add(law.laws, 0) }

  /// Adds the tokens of one of several records.
  mutating func add(_ laws: MatchLengthLaws, _ record: Int) {
    let length = laws.length
    // A sum of logarithms is -inf with one that is.
    if laws.logSurvival(length, of: record) == -.infinity {
      let impossible = laws.values(MatchLengthLaws.Column.token, of: record).count { $0 == -.infinity }
      impossibleTokens += impossible
      guard impossible == 0 else { return }
    }
    reserve(length)
    laws.withColumns { columns in
      let tokens = columns(MatchLengthLaws.Column.token, of: record)
      columns_add(tokens, 0, 1, length, &totals, &errors)
      let powers = sums_of_squares(tokens, length)
      let sum = DoubleDouble(high: powers.sum, low: powers.sum_error)
      let mean = sum / Double(length)
      squares += DoubleDouble(high: powers.squares, low: powers.squares_error)
      recordSquares += sum * mean
      endings[length - 1] += 1
      endingMeans[length - 1] += mean
    }
  }

  private mutating func reserve(_ length: Int) {
    while endings.count < length {
      endings.append(0)
      totals.append(0)
      errors.append(0)
      endingMeans.append(DoubleDouble(0))
    }
  }

  /// Adds the records of another accumulator.
  public mutating func merge(_ other: TokenVarianceAccumulator) {
    impossibleTokens += other.impossibleTokens
    squares += other.squares
    recordSquares += other.recordSquares
    reserve(other.length)
    for index in other.endings.indices {
      endings[index] += other.endings[index]
      let total =
        DoubleDouble(high: totals[index], low: errors[index])
        + DoubleDouble(high: other.totals[index], low: other.errors[index])
      (totals[index], errors[index]) = (total.high, total.low)
      endingMeans[index] += other.endingMeans[index]
    }
  }

  /// The sums by position.
  private var positions: [Position] {
    var (tokens, means) = (0, DoubleDouble(0))
    var positions = [Position](repeating: Position(), count: endings.count)
    for index in endings.indices.reversed() {
      tokens += endings[index]
      means += endingMeans[index]
      positions[index] = Position(
        tokens: tokens, endings: endings[index], total: DoubleDouble(high: totals[index], low: errors[index]),
        recordMeans: means)
    }
    return positions
  }

  private enum CodingKeys: String, CodingKey { case positions, squares, recordSquares, impossibleTokens }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let positions = try container.decode([Position].self, forKey: .positions)
    squares = try container.decode(DoubleDouble.self, forKey: .squares)
    recordSquares = try container.decode(DoubleDouble.self, forKey: .recordSquares)
    impossibleTokens = try container.decode(Int.self, forKey: .impossibleTokens)
    // At every position stand those that have not ended before.
    var left = positions.first?.tokens ?? 0
    let agree = positions.allSatisfy { position in
      defer { left -= position.endings }
      return position.tokens == left && left > 0 && (0...left).contains(position.endings)
    }
    guard agree, left == 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .positions, in: container, debugDescription: "the numbers of tokens are none of records")
    }
    reserve(positions.count)
    for (index, position) in positions.enumerated() {
      endings[index] = position.endings
      (totals[index], errors[index]) = (position.total.high, position.total.low)
      let beyond = index + 1 < positions.count ? positions[index + 1].recordMeans : DoubleDouble(0)
      endingMeans[index] = position.recordMeans - beyond
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(positions, forKey: .positions)
    try container.encode(squares, forKey: .squares)
    try container.encode(recordSquares, forKey: .recordSquares)
    try container.encode(impossibleTokens, forKey: .impossibleTokens)
  }

  /// What is left of the shares when what chance gives them is taken away (Hays' ω², with the shares of ``shares``),
  /// and how ln p changes with the position; nil where ``shares`` is, or with too few tokens to tell effects from the
  /// rest.
  ///
  /// - Complexity: O(largest length).
  public var effects: TokenVarianceEffects? {
    guard let shares else { return nil }
    let positions = positions
    let records = Double(positions[0].tokens)
    let tokens = Double(positions.reduce(0) { $0 + $1.tokens })
    let width = Double(positions.count)
    let freedom = tokens - records - width + 1
    guard freedom > 0, records > 1, width > 1 else { return nil }
    let error = shares.residual / freedom
    // Least squares within records: Σ x_j (l_ij - l_i) over Σ (x_j - x_i)², x_j = ln j and x_i its mean over the
    // record's positions.
    var (product, square) = (0.0, 0.0)
    var (sum, squareSum) = (0.0, 0.0)
    for (index, position) in positions.enumerated() {
      let x = Double.log(Double(index + 1))
      sum += x
      squareSum += x * x
      product += x * (position.total - position.recordMeans).double
      square += Double(position.endings) * (squareSum - sum * sum / Double(index + 1))
    }
    guard (product / square).isFinite else { return nil }
    return TokenVarianceEffects(
      record: (shares.record - (records - 1) * error) / (1 + error),
      position: (shares.position - (width - 1) * error) / (1 + error), trend: product / square)
  }

  /// The shares; nil without tokens, with a token of probability 0, or when all tokens are equally probable.
  ///
  /// - Complexity: O(largest length). Eliminating the records leaves equations for the positions whose matrix has the
  ///   elements δ_jk N_j - w(max(j, k)); consecutive rows differ in two unknowns and a running sum.
  public var shares: TokenVarianceShares? {
    guard impossibleTokens == 0, !endings.isEmpty else { return nil }
    let positions = positions
    var grand = DoubleDouble(0)
    var tokens = 0
    for position in positions {
      grand += position.total
      tokens += position.tokens
    }
    let correction = grand * grand / Double(tokens)
    let total = (squares - correction).double
    // Below this the values differ by rounding only.
    guard total > 1e-25 * squares.double, total > 0 else { return nil }
    let byRecord = (recordSquares - correction).double
    var positionSquares = DoubleDouble(0)
    for position in positions { positionSquares += position.total * position.total / Double(position.tokens) }
    let byPosition = (positionSquares - correction).double

    // Position effects τ after the records, up to a constant that does not matter: τ_1 = 0 and
    // N_{j+1} τ_{j+1} = N_j τ_j - (c_j / j) Σ_{k <= j} τ_k - (q_j - q_{j+1}), c_j records ending at j.
    var effect = DoubleDouble(0)
    var running = DoubleDouble(0)
    var explained = DoubleDouble(0)
    for j in positions.indices {
      let q = positions[j].total - positions[j].recordMeans
      running += effect
      explained += q * effect
      guard j + 1 < positions.count else { break }
      let nextQ = positions[j + 1].total - positions[j + 1].recordMeans
      let left =
        DoubleDouble(Double(positions[j].tokens)) * effect
        - DoubleDouble(Double(positions[j].endings)) * running / Double(j + 1) - (q - nextQ)
      effect = left / Double(positions[j + 1].tokens)
    }
    let positionAfterRecord = explained.double
    let recordAfterPosition = byRecord + positionAfterRecord - byPosition
    // Squares of the lowest log-probabilities are out of range.
    guard [total, byRecord, byPosition, recordAfterPosition, positionAfterRecord].allSatisfy(\.isFinite) else {
      return nil
    }
    let record = max(0, 0.5 * (byRecord + recordAfterPosition) / total)
    let position = max(0, 0.5 * (byPosition + positionAfterRecord) / total)
    return TokenVarianceShares(record: record, position: position, residual: max(0, 1 - record - position))
  }
}
