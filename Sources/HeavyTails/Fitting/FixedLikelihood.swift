import GSLNumerics
import RealModule

/// A likelihood with some parameters fixed, as a function of the others: each mapped from its range to the whole line.
struct FixedLikelihood<F: FittableFamily>: CountsObjective {
  private let likelihood: CensoredLikelihood<F>
  /// The fixed values; nil for a parameter that is free.
  private let fixed: [Double?]
  /// The places of the free parameters.
  let free: [Int]

  var dimension: Int { free.count }

  var weight: Double { likelihood.weight }

  var isSmooth: Bool { F.isSmooth }

  init(_ likelihood: CensoredLikelihood<F>, fixed: [Double?]) {
    self.likelihood = likelihood
    self.fixed = fixed
    free = fixed.indices.filter { fixed[$0] == nil }
  }

  /// The point of these parameters, whatever those that are fixed.
  func coordinates(of parameters: [Double]) -> [Double] {
    free.map { F.parameterDescriptions[$0].unbounded(parameters[$0]) }
  }

  /// The law at a point.
  func law(at point: [Double]) throws(DistributionError) -> F {
    var values = fixed.map { $0 ?? 0 }
    for (place, index) in free.enumerated() { values[index] = F.parameterDescriptions[index].bounded(point[place]) }
    return try F(parameters: values)
  }

  /// ∂ parameter i / ∂ coordinate j, as rows; 0 for what is fixed.
  func jacobian(at point: [Double]) -> [[Double]] {
    var rows = fixed.map { _ in free.map { _ in 0.0 } }
    for (place, index) in free.enumerated() {
      let description = F.parameterDescriptions[index]
      rows[index][place] = 1 / description.unboundedSlope(description.bounded(point[place]))
    }
    return rows
  }

  func value(at point: [Double]) -> Double {
    guard let law = try? law(at: point) else { return .infinity }
    return likelihood.value(of: law)
  }

  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    guard let law = try? law(at: point) else { return .infinity }
    let (value, slopes) = likelihood.valueAndSlopes(of: law)
    let jacobian = jacobian(at: point)
    for (place, index) in free.enumerated() { gradient[place] = -slopes[index] * jacobian[index][place] / weight }
    return value
  }

  func scores(of parts: [CensoredCounts], at point: [Double]) -> [[Double]]? {
    guard let law = try? law(at: point) else { return nil }
    let jacobian = jacobian(at: point)
    return likelihood.slopes(of: law, in: parts).map { slopes in
      free.enumerated().map { place, index in slopes[index] * jacobian[index][place] }
    }
  }
}
