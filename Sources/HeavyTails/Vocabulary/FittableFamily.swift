/// A family that maximum likelihood can fit: it adds derivatives, free coordinates and starting points to the law.
///
/// To add a family: one file with a type that conforms to this protocol, and one line in ``Family/all``. The
/// conformance suite of the tests then checks it.
public protocol FittableFamily: DiscreteDistribution {
  /// The number of free coordinates: one a parameter, unless the parameters are bound to each other.
  static var dimension: Int { get }

  /// ln P(N = n), and its derivatives by the parameters in the first elements of `gradient`.
  func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double

  /// Sums over exact lengths from which their likelihood under every law of the family follows; nil where there are no
  /// such sums.
  static func sufficientStatistics(of cells: [CensoredCounts.Cell]) -> [Double]?

  /// The log-likelihood of exact lengths with these sums, and its derivatives by the parameters; nil where there are no
  /// such sums.
  func logLikelihood(of statistics: [Double]) -> (value: Double, slopes: [Double])?

  /// ln P(N = n) at n = 0, 1, … up to a largest one, with derivatives where they are asked for; nil where they are not
  /// had sooner together than one by one.
  func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses?

  /// ln S(n), and its derivatives by the parameters in the first elements of `gradient`.
  func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double

  /// The law at a point of the unbounded coordinates.
  ///
  /// The default goes through the parameters; a family whose parameters lose digits near an edge that its coordinates
  /// keep has its own.
  init(coordinates: [Double], reach: Reach) throws(DistributionError)

  /// Unbounded coordinates of parameters in the interior of the family.
  ///
  /// `reach` is the data's ``CensoredCounts/reach``, for a family whose possible parameters depend on how far the data
  /// go.
  static func coordinates(of parameters: [Double], reach: Reach) -> [Double]

  /// The parameters at a point of the unbounded coordinates; they may round to the edge of the range.
  static func parameters(at coordinates: [Double], reach: Reach) -> [Double]

  /// ∂ parameter i / ∂ coordinate j, as rows.
  static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]]

  /// What the law approaches as one coordinate grows without bound or falls without bound, e.g. `a, b → ∞`; nil for a
  /// coordinate that has no such edge.
  static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String?

  /// Whether the likelihood has derivatives everywhere inside the range of the coordinates.
  static var isSmooth: Bool { get }

  /// The curves next to a point of the coordinates along which the likelihood has no derivative across; a maximum may
  /// lie on one.
  static func kinks(near coordinates: [Double], reach: Reach) -> [Kink]

  /// How many parameters there are, without a look at their descriptions: inner loops ask for it.
  static var parameterCount: Int { get }

  /// Whether every law of the family is a mixture of geometric laws, p = 0 and p = 1 among them.
  static var isGeometricMixture: Bool { get }

  /// From how many of the starting points to search: more guard against a local maximum.
  static var searches: Int { get }

  /// A few parameter values from which to search, the likeliest to work among them; all in the interior.
  static func startingPoints(for counts: CensoredCounts) -> [[Double]]

  /// The simpler laws that this family contains at interior values of its parameters.
  static var interior: [any FittableFamily.Type] { get }

  /// The simpler laws that this family reaches only in a limit, where a maximum may lie, for lengths in a window.
  static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily]

  /// The simpler law that is left where lengths in a window do not determine a parameter; nil where they determine all.
  static func undetermined(in window: LengthWindow) -> LimitingFamily?

  /// The simpler law, reached in a limit, that is as likely as any law of this family for data of such a kind, whatever
  /// the lengths; nil where they decide.
  static func likeliestLimit(for counts: CensoredCounts) -> LimitingFamily?
}

extension FittableFamily {
  public static func sufficientStatistics(of cells: [CensoredCounts.Cell]) -> [Double]? { nil }

  public func logLikelihood(of statistics: [Double]) -> (value: Double, slopes: [Double])? { nil }

  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? { nil }

  public static var parameterCount: Int { parameterDescriptions.count }

  public static var dimension: Int { parameterCount }

  public static var isGeometricMixture: Bool { false }

  public static var searches: Int { dimension > 2 ? 2 : 1 }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] { [] }

  public static var interior: [any FittableFamily.Type] { [] }

  public static func undetermined(in window: LengthWindow) -> LimitingFamily? { nil }

  public static func likeliestLimit(for counts: CensoredCounts) -> LimitingFamily? { nil }

  public static var isSmooth: Bool { true }

  public static func kinks(near coordinates: [Double], reach: Reach) -> [Kink] { [] }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    try self.init(parameters: Self.parameters(at: coordinates, reach: reach))
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    let parameter = parameterDescriptions[index]
    return "\(parameter.name) → \(isUpper ? parameter.maximum : parameter.minimum)"
  }
}

/// A simpler family that a family contains as a limit of its parameters.
public struct LimitingFamily: Sendable {
  /// The limit family.
  public let family: any FittableFamily.Type
  /// The limit in terms of the larger family's parameters, e.g. `a, b → ∞`.
  public let condition: String
  /// From the limit family's parameters to those of the larger family: infinite ones included.
  public let embedding: @Sendable ([Double]) -> [Double]
  /// Whether the limit is one parameter at the finite end of its range while the others stay determined.
  public let isEndOfOneRange: Bool

  /// A limit law.
  public init(
    family: any FittableFamily.Type, condition: String, isEndOfOneRange: Bool = false,
    embedding: @escaping @Sendable ([Double]) -> [Double]
  ) {
    self.family = family
    self.condition = condition
    self.isEndOfOneRange = isEndOfOneRange
    self.embedding = embedding
  }
}

/// A curve, or a surface, of laws across which a likelihood has no derivative.
public struct Kink: Sendable {
  /// What the laws on it have in common, e.g. `p0 + 3 alpha = 1`.
  public let condition: String
  /// The unbounded coordinates on it, one fewer than the family has, of the law next to the point that was asked for.
  public let start: [Double]
  /// From coordinates on it to those of the family.
  public let point: @Sendable ([Double]) -> [Double]

  /// A kink.
  public init(condition: String, start: [Double], point: @escaping @Sendable ([Double]) -> [Double]) {
    self.condition = condition
    self.start = start
    self.point = point
  }
}
