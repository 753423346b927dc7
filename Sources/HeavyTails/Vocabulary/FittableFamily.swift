/// A family that maximum likelihood can fit: it adds derivatives, free coordinates and starting points to the law.
///
/// To add a family: one file with a type that conforms to this protocol, and one line in ``Family/all``. The
/// conformance suite of the tests then checks it.
public protocol FittableFamily: DiscreteDistribution {
  /// The number of free coordinates: one a parameter, unless the parameters are bound to each other.
  static var dimension: Int { get }

  /// ln P(N = n), and its derivatives by the parameters in the first elements of `gradient`.
  func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double

  /// ln S(n), and its derivatives by the parameters in the first elements of `gradient`.
  func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double

  /// The law at a point of the unbounded coordinates.
  ///
  /// The default goes through the parameters; a family whose parameters lose digits near an edge that its coordinates
  /// keep has its own.
  init(coordinates: [Double], reach: ClosedRange<Int>) throws(DistributionError)

  /// Unbounded coordinates of parameters in the interior of the family.
  ///
  /// `reach` is the data's ``CensoredCounts/reach``, for a family whose possible parameters depend on how far the data
  /// go.
  static func coordinates(of parameters: [Double], reach: ClosedRange<Int>) -> [Double]

  /// The parameters at a point of the unbounded coordinates; they may round to the edge of the range.
  static func parameters(at coordinates: [Double], reach: ClosedRange<Int>) -> [Double]

  /// ∂ parameter i / ∂ coordinate j, as rows.
  static func jacobian(at coordinates: [Double], reach: ClosedRange<Int>) -> [[Double]]

  /// What the law approaches as one coordinate grows without bound or falls without bound, e.g. `a, b → ∞`; nil for a
  /// coordinate that has no such edge.
  static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: ClosedRange<Int>) -> String?

  /// Where the likelihood has no derivative at these parameters, in words; nil where it has one.
  static func kink(of parameters: [Double], reach: ClosedRange<Int>) -> String?

  /// From how many of the starting points to search: more guard against a local maximum.
  static var searches: Int { get }

  /// A few parameter values from which to search, the likeliest to work among them; all in the interior.
  static func startingPoints(for counts: CensoredCounts) -> [[Double]]

  /// The simpler laws that this family contains at interior values of its parameters.
  static var interior: [any FittableFamily.Type] { get }

  /// The simpler laws that this family reaches only in a limit, where a maximum may lie.
  static var limitingFamilies: [LimitingFamily] { get }
}

extension FittableFamily {
  public static var dimension: Int { parameterDescriptions.count }

  public static var searches: Int { dimension > 2 ? 2 : 1 }

  public static var limitingFamilies: [LimitingFamily] { [] }

  public static var interior: [any FittableFamily.Type] { [] }

  public static func kink(of parameters: [Double], reach: ClosedRange<Int>) -> String? { nil }

  public init(coordinates: [Double], reach: ClosedRange<Int>) throws(DistributionError) {
    try self.init(parameters: Self.parameters(at: coordinates, reach: reach))
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: ClosedRange<Int>) -> String? {
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

  /// A limit law.
  public init(
    family: any FittableFamily.Type, condition: String, embedding: @escaping @Sendable ([Double]) -> [Double]
  ) {
    self.family = family
    self.condition = condition
    self.embedding = embedding
  }
}
