/// How exactly recorded log-probabilities stand for those of the model.
///
/// Servers and scripts write 32-bit or 16-bit numbers, or a fixed number of decimals. What all listed tokens leave of 1
/// is a difference of nearly equal numbers, so this precision decides how well it is known.
public enum LogProbabilityPrecision: Sendable, Equatable {
  /// 64-bit floating point.
  case double
  /// 32-bit floating point, in binary or as the shortest decimal that gives it back.
  case single
  /// 16-bit floating point (IEEE binary16).
  case half
  /// 16-bit floating point with eight significant bits.
  case bfloat16
  /// A fixed number of decimals.
  case decimals(Int)

  /// The coarsest precision that all values have; infinite ones and zeros do not count, since every format has them.
  ///
  /// - Complexity: O(values).
  public init(of values: some Sequence<Double>) {
    let values = values.filter { $0 != 0 && $0.isFinite }
    let formats: [Self] = [.bfloat16, .half] + (3...7).map(Self.decimals) + [.single] + (8...10).map(Self.decimals)
    self = formats.first { format in values.allSatisfy(format.holds) } ?? .double
    // Nothing but zeros says nothing about the format. Models compute in 32 bits.
    if values.isEmpty { self = .single }
  }

  /// Whether the format can write a finite value.
  private func holds(_ value: Double) -> Bool {
    switch self {
    case .double: return true
    case .single: return value.significandWidth <= 23 || Double(Float(value).description) == value
    case .half: return value.significandWidth <= 10 && value.ulp.exponent >= -52 - 24 && value.magnitude < 65536
    case .bfloat16: return value.significandWidth <= 7
    case .decimals(let digits):
      let scaled = value * Double.pow10(digits)
      return (scaled - scaled.rounded()).magnitude <= 4 * scaled.ulp
    }
  }

  /// Whether different probabilities commonly have the same recorded value.
  var mergesValues: Bool { self != .double && self != .single }

  /// How far the model's ln p can be from a recorded value.
  ///
  /// Half a unit of the format, and the rounding of the softmax itself: its sum of exponentials is near 1 for a certain
  /// token, and is rounded several times.
  public func error(of value: Double) -> Double {
    guard value.isFinite else { return 0 }
    let size = value.magnitude
    /// In units of 2⁻²⁴ or 2⁻⁵³: four roundings of a sum of about 1, two of the value.
    func softmax(_ unit: Double) -> Double { unit * (4 + 2 * size) }
    let (single, double) = (softmax(0x1p-24), softmax(0x1p-53))
    switch self {
    case .double: return double
    case .single: return single
    // Below 2⁻¹⁴ the format has a fixed step of 2⁻²⁴.
    case .half: return single + max(0x1p-11 * size, 0x1p-25)
    case .bfloat16: return single + 0x1p-8 * size
    case .decimals(let digits): return (digits <= 7 ? single : double) + 0.5 / Double.pow10(digits)
    }
  }
}

extension Double {
  /// 10 to a small power, without rounding.
  fileprivate static func pow10(_ digits: Int) -> Double { (0..<digits).reduce(1) { power, _ in power * 10 } }
}
