import GSLNumerics
import RealModule

/// The skew-normal law (Azzalini, 1985): density (2/ω) φ(z) Φ(α z), z = (x - ξ)/ω.
public struct SkewNormal: Sendable, Equatable {
  /// ξ.
  public let location: Double
  /// ω > 0.
  public let scale: Double
  /// α.
  public let shape: Double
  /// Where the density is largest, in standard units.
  private var mode = 0.0

  /// A law with these parameters.
  ///
  /// - Precondition: all finite, scale positive.
  public init(location: Double, scale: Double, shape: Double) {
    precondition(location.isFinite && scale > 0 && scale.isFinite && shape.isFinite, "\(location), \(scale), \(shape)")
    self.location = location
    self.scale = scale
    self.shape = shape
    mode = Self.mode(logKernel)
  }

  /// The law of the largest penalized likelihood, ln L - c₁ ln(1 + c₂ α²) with c₁ = 0.875913 and c₂ = 0.856250
  /// (Azzalini, Arellano-Valle, Maximum penalized likelihood estimation for skew-normal and skew-t distributions, J.
  /// Stat. Plan. Inference 143, 2013). The likelihood alone has its supremum at an infinite α for one small sample in
  /// several, where every value below the smallest reference would be impossible.
  ///
  /// - Returns: nil for fewer than 4 values, values that are not finite or too far apart to be squared, or no
  ///   variation.
  public init?(penalizedLikelihood values: [Double]) {
    guard values.count >= 4, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + $1 / count }
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    guard deviation.isFinite, deviation > 1e-12 * max(1, mean.magnitude) else { return nil }
    let standardized = values.map { ($0 - mean) / deviation }
    var best: Minimum?
    // The likelihood can have a maximum on each side of α = 0, which is stationary itself, and a second far out.
    for alpha in [0.3, -0.3, 1.5, -1.5, 6, -6, 25, -25] {
      // ξ and ω that keep mean 0 and variance 1.
      let delta = alpha / (1 + alpha * alpha).squareRoot()
      let m = delta * (2 / Double.pi).squareRoot()
      let omega = 1 / (1 - m * m).squareRoot()
      guard
        let found = try? QuasiNewton().minimize(
          from: [-omega * m, .log(omega), .asinh(alpha)], objective: { Self.objective(standardized, $0, &$1) })
      else { continue }
      if best.map({ found.value < $0.value }) ?? true { best = found }
    }
    guard let best, best.point.allSatisfy(\.isFinite) else { return nil }
    self.init(
      location: mean + deviation * best.point[0], scale: deviation * .exp(best.point[1]), shape: .sinh(best.point[2]))
  }

  /// The negative penalized mean log-likelihood and its gradient by ξ, ln ω and asinh α.
  private static func objective(
    _ values: [Double], _ point: Span<Double>, _ gradient: inout MutableSpan<Double>
  ) -> Double {
    let (xi, logOmega, alpha) = (point[0], point[1], Double.sinh(point[2]))
    let omega = Double.exp(logOmega)
    var sum = 0.0
    var (byLocation, byScale, byShape) = (0.0, 0.0, 0.0)
    for value in values {
      let z = (value - xi) / omega
      sum += -0.5 * z * z + logNormalUpperTail(-alpha * z)
      // φ(αz)/Φ(αz), the hazard of the normal law at -αz.
      let hazard = normalHazard(-alpha * z)
      let slope = -z + alpha * hazard
      byLocation -= slope / omega
      byScale -= 1 + z * slope
      byShape += z * hazard
    }
    let (c1, c2) = (0.875913, 0.856250)
    sum -= c1 * .log(1 + c2 * alpha * alpha)
    byShape -= 2 * c1 * c2 * alpha / (1 + c2 * alpha * alpha)
    let count = Double(values.count)
    gradient[0] = -byLocation / count
    gradient[1] = -byScale / count
    gradient[2] = -byShape * Double.cosh(point[2]) / count
    return logOmega + 0.918938533204672741780 - 0.693147180559945309417 - sum / count
  }

  /// ln of the density.
  public func logDensity(_ x: Double) -> Double {
    let z = (x - location) / scale
    return 0.693147180559945309417 - 0.918938533204672741780 - .log(scale) + logKernel(z)
  }

  /// -z²/2 + ln Φ(α z).
  private func logKernel(_ z: Double) -> Double {
    -0.5 * z * z + logNormalUpperTail(-shape * z)
  }

  /// ln P(X <= x), by integration of the density from where it no longer counts: exact in the far tail, where
  /// Φ(z) - 2 T(z, α) has no digits. The relative error of P, and beyond the mode of 1 - P, is about 1e-12.
  ///
  /// - Complexity: a hundred densities; a few hundred where |α| > 4.
  public func logCumulative(_ x: Double) -> Double {
    let z = (x - location) / scale
    guard z > -.infinity else { return -.infinity }
    // P(X > 40) < 2 P(Z > 40), which is below 1e-300.
    guard z < 40 else { return 0 }
    return z < mode ? logTail(from: z, -1) : log1mExp(logTail(from: z, 1))
  }

  /// ln P beyond a point, in the direction in which the density falls.
  private func logTail(from z: Double, _ direction: Double) -> Double {
    let peak = logKernel(z)
    // The density no longer counts 46 logarithmic units, 1e-20, down; its logarithm falls with this slope and bends by 1
    // or more.
    let slope = max(0, direction * (z - shape * normalHazard(-shape * z)))
    let reach = 92 / (slope + (slope * slope + 92).squareRoot())
    let (start, end) = direction < 0 ? (z - reach, z) : (z, z + reach)
    // Eight panels, of at most two standard deviations; for a sharp step at 0, where Φ(α z) rises over a width of
    // 1/|α|, twelve and others that grow from there.
    var cuts = [start, end]
    if shape.magnitude > 4 {
      let steps = (0...10).map { Double(1 << $0) / shape.magnitude }
      cuts += ([0] + steps + steps.map { -$0 }).filter { $0 > start && $0 < end }
    }
    let pieces = shape.magnitude > 4 ? 12 : max(8, Int((0.5 * reach * max(1, shape.magnitude)).rounded(.up)))
    for piece in 1..<pieces { cuts.append(start + reach * Double(piece) / Double(pieces)) }
    cuts.sort()
    var sum = 0.0
    for (low, high) in zip(cuts, cuts.dropFirst()) where high > low {
      sum += gaussLegendre(from: low, to: high) { SIMD4(.exp(logKernel($0) - peak), 0, 0, 0) }[0]
    }
    return min(0, 0.693147180559945309417 - 0.918938533204672741780 + peak + .log(sum))
  }

  /// Where the kernel is largest: golden section on a log-concave function whose mode is within 1 of 0.
  private static func mode(_ kernel: (Double) -> Double) -> Double {
    var (low, high) = (-1.0, 1.0)
    let share = 0.381966011250105
    for _ in 0..<60 {
      let (left, right) = (low + share * (high - low), high - share * (high - low))
      if kernel(left) < kernel(right) { low = left } else { high = right }
    }
    return 0.5 * (low + high)
  }
}
