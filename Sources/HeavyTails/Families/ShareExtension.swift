import GSLNumerics
import RealModule

/// A family with one more parameter at the end: the share of records that do something other than the base law.
///
/// It carries what ``Cured`` and ``ZeroInflated`` have in common; they differ in what the share does.
protocol ShareExtension: FittableFamily {
  associatedtype Base: FittableFamily

  /// What comes before the base family's name.
  static var prefix: String { get }
  /// The name of the share.
  static var shareName: String { get }
  /// Why lengths in a window do not determine the share; nil where they do.
  static func reasonUnknown(in window: LengthWindow) -> String?
  /// Whether a share can only make data less likely, whatever the base law and the lengths.
  static func onlyCosts(_ counts: CensoredCounts) -> Bool
  /// What is left for the base law to explain.
  static func reachOfBase(_ reach: Reach) -> Reach
  /// The same extension of another family.
  static func extending(_ family: any FittableFamily.Type) -> any FittableFamily.Type

  var base: Base { get }
  var share: Double { get }

  /// The law from valid parts: the share with its logarithm and that of what it leaves.
  init(base: Base, share: Double, logShare: Double, logRest: Double)
}

extension ShareExtension {
  public static var familyName: String { prefix + Base.familyName }

  public static var parameterDescriptions: [ParameterDescription] {
    // A share of 1 leaves nothing of the base law; the largest Double below 1 keeps the range closed.
    Base.parameterDescriptions + [ParameterDescription(shareName, from: 0, to: 1.0.nextDown, includingEnds: true)]
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    let share = parameters[Self.baseCount]
    self.init(
      base: try Base(parameters: Array(parameters.dropLast())), share: share, logShare: .log(share),
      logRest: .log(onePlus: -share))
  }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    let last = coordinates[Base.dimension]
    self.init(
      base: try Base(coordinates: Array(coordinates.dropLast()), reach: Self.reachOfBase(reach)), share: logistic(last),
      logShare: -logAddExp(0, -last), logRest: -logAddExp(0, last))
  }

  public var parameters: [Double] { base.parameters + [share] }

  /// The family that the share is added to.
  static var baseFamily: any FittableFamily.Type { Base.self }

  /// The number of the base law's parameters, which is the index of the share.
  static var baseCount: Int { Base.parameterCount }

  public static var parameterCount: Int { Base.parameterCount + 1 }

  public static var dimension: Int { Base.dimension + 1 }

  /// A surface of many tops has as many again for each way to begin with the share.
  public static var searches: Int { Base.searches > 4 ? 2 * Base.searches : max(2, Base.searches) }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    Base.coordinates(of: Array(parameters.dropLast()), reach: reachOfBase(reach)) + [logit(parameters[baseCount])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    Base.parameters(at: Array(coordinates.dropLast()), reach: reachOfBase(reach)) + [
      logistic(coordinates[Base.dimension])
    ]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    var rows = Base.jacobian(at: Array(coordinates.dropLast()), reach: reachOfBase(reach))
    for index in rows.indices { rows[index].append(0) }
    var last = [Double](repeating: 0, count: dimension)
    last[dimension - 1] = logisticDerivative(coordinates[dimension - 1])
    rows.append(last)
    return rows
  }

  public static var isGeometricMixture: Bool { Base.isGeometricMixture }

  public static var isSmooth: Bool { Base.isSmooth }

  public static func kinks(near coordinates: [Double], reach: Reach) -> [Kink] {
    Base.kinks(near: Array(coordinates.dropLast()), reach: reachOfBase(reach)).map { kink in
      Kink(condition: kink.condition, start: kink.start + coordinates.suffix(1)) { point in
        kink.point(Array(point.dropLast())) + point.suffix(1)
      }
    }
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index < Base.dimension
      ? Base.boundary(ofCoordinate: index, isUpper: isUpper, reach: reachOfBase(reach))
      : "\(shareName) → \(isUpper ? 1 : 0)"
  }

  public static var interior: [any FittableFamily.Type] { Base.interior.map { extending($0) } }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    [withoutShare] + Base.limitingFamilies(in: window).map(extended)
  }

  public static func likeliestLimit(for counts: CensoredCounts) -> LimitingFamily? {
    onlyCosts(counts) ? withoutShare : Base.likeliestLimit(for: counts).map(extended)
  }

  private static var withoutShare: LimitingFamily {
    LimitingFamily(family: Base.self, condition: "\(shareName) = 0", isEndOfOneRange: true, embedding: { $0 + [0] })
  }

  /// A limit of the base law with the share beside it.
  private static func extended(_ limit: LimitingFamily) -> LimitingFamily {
    LimitingFamily(
      family: extending(limit.family), condition: limit.condition, isEndOfOneRange: limit.isEndOfOneRange,
      embedding: { limit.embedding(Array($0.dropLast())) + [$0[$0.count - 1]] })
  }

  public static func undetermined(in window: LengthWindow) -> LimitingFamily? {
    if let reason = reasonUnknown(in: window) {
      return LimitingFamily(
        family: Base.self, condition: "\(shareName) cannot be known \(reason)", embedding: { $0 + [.nan] })
    }
    return Base.undetermined(in: window).map(extended)
  }
}
