import GSLNumerics
import RealModule

/// The skew-normal law (Azzalini, 1985): density (2/ω) φ(z) Φ(α z), z = (x - ξ)/ω.
public struct SkewNormal: Sendable, Equatable {
  /// ξ.
  public let location: Double
  /// ω > 0.
  public let scale: Double
  /// α; infinite where the likelihood rises without end towards the half-normal law.
  public let shape: Double

  /// The largest |α| that is told from infinity.
  private static let largestShape = 1e3

  /// A law with these parameters.
  ///
  /// - Precondition: location finite, scale positive and finite, shape not NaN.
  public init(location: Double, scale: Double, shape: Double) {
    precondition(location.isFinite && scale > 0 && scale.isFinite && !shape.isNaN, "\(location), \(scale), \(shape)")
    self.location = location
    self.scale = scale
    self.shape = shape
  }

  /// The law of the largest likelihood: from the method of moments and from both signs of the shape, by quasi-Newton
  /// steps.
  ///
  /// - Returns: nil for fewer than 4 values, values that are not finite, or no variation.
  public init?(maximumLikelihood values: [Double]) {
    guard values.count >= 4, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    guard deviation > 1e-12 * max(1, mean.magnitude) else { return nil }
    let standardized = values.map { ($0 - mean) / deviation }
    let skewness = standardized.reduce(0) { $0 + $1 * $1 * $1 } / count
    // Moments: skewness = (4 - π)/2 · m³ / (1 - m²)^1.5 with m = δ √(2/π), inverted; the law's skewness stays below 0.9953.
    let bounded = min(0.95, max(-0.95, skewness))
    let ratio = Double.pow(2 * bounded.magnitude / (4 - .pi), 2.0 / 3)
    let m = (ratio / (1 + ratio)).squareRoot() * (bounded < 0 ? -1 : 1)
    var best: Minimum?
    // α = 0 is a stationary point of every likelihood: starts on both of its sides.
    for mean in [m, 0.5, -0.5] {
      let delta = min(0.99, max(-0.99, mean * (Double.pi / 2).squareRoot()))
      let alpha = delta / (1 - delta * delta).squareRoot()
      let omega = 1 / (1 - mean * mean).squareRoot()
      guard
        let found = try? QuasiNewton().minimize(
          from: [-omega * mean, .log(omega), alpha], objective: { Self.objective(standardized, $0, &$1) })
      else { continue }
      if best.map({ found.value < $0.value }) ?? true { best = found }
    }
    guard let best else { return nil }
    let shape = best.point[2]
    self.init(
      location: mean + deviation * best.point[0], scale: deviation * .exp(best.point[1]),
      shape: shape.magnitude > Self.largestShape ? (shape > 0 ? .infinity : -.infinity) : shape)
  }

  /// The negative mean log-likelihood and its gradient by ξ, ln ω and α.
  private static func objective(
    _ values: [Double], _ point: Span<Double>, _ gradient: inout MutableSpan<Double>
  ) -> Double {
    let (xi, logOmega, alpha) = (point[0], point[1], point[2])
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
    let count = Double(values.count)
    gradient[0] = -byLocation / count
    gradient[1] = -byScale / count
    gradient[2] = -byShape / count
    return logOmega + 0.918938533204672741780 - 0.693147180559945309417 - sum / count
  }

  /// ln of the density.
  public func logDensity(_ x: Double) -> Double {
    let z = (x - location) / scale
    return 0.693147180559945309417 - 0.918938533204672741780 - .log(scale) + logKernel(z)
  }

  /// -z²/2 + ln Φ(α z).
  private func logKernel(_ z: Double) -> Double {
    guard shape.isFinite else { return (z < 0) == (shape < 0) || z == 0 ? -0.5 * z * z : -.infinity }
    return -0.5 * z * z + logNormalUpperTail(-shape * z)
  }

  /// ln P(X <= x), by integration of the density from where it no longer counts: exact in the far tail, where
  /// Φ(z) - 2 T(z, α) has no digits. The relative error of P is about 1e-12.
  ///
  /// - Complexity: a few hundred densities.
  public func logCumulative(_ x: Double) -> Double {
    let z = (x - location) / scale
    guard z > -.infinity else { return -.infinity }
    if shape == .infinity, z <= 0 { return -.infinity }
    // P(X > 9) < 2 P(Z > 9) = 2e-19.
    guard z < 9 else { return 0 }
    let end = shape == -.infinity ? min(z, 0) : z
    // Below the mode the density falls from its maximum up to `end`; it no longer counts 46 logarithmic units, 1e-20, down.
    let mode = logKernelMode(below: end)
    let peak = logKernel(mode)
    let slope = min(shape.magnitude, Self.largestShape)
    var step = 1e-3 / max(1, mode.magnitude * (1 + slope * slope))
    while logKernel(mode - step) > peak - 46 { step *= 1.5 }
    let start = shape == .infinity ? max(0, mode - step) : mode - step
    // Panels of twelfths, and for a sharp rise at 0, where Φ(α z) is a step of width 1/|α|, panels that grow from there.
    var cuts = [start, end]
    if shape.magnitude > 4 {
      let steps = (0...10).map { Double(1 << $0) / shape.magnitude }
      cuts += ([0] + steps + steps.map { -$0 }).filter { $0 > start && $0 < end }
    }
    let pieces = 12
    for piece in 1..<pieces { cuts.append(start + (end - start) * Double(piece) / Double(pieces)) }
    cuts.sort()
    var sum = 0.0
    for (low, high) in zip(cuts, cuts.dropFirst()) where high > low {
      sum += gaussLegendre(from: low, to: high) { SIMD4(.exp(logKernel($0) - peak), 0, 0, 0) }[0]
    }
    return min(0, 0.693147180559945309417 - 0.918938533204672741780 + peak + .log(sum))
  }

  /// Where the density is largest up to `end`: golden section on a log-concave function whose mode is within 1 of 0.
  private func logKernelMode(below end: Double) -> Double {
    var (low, high) = (min(end, shape == .infinity ? 0 : -1), end)
    let share = 0.381966011250105
    for _ in 0..<60 {
      let (left, right) = (low + share * (high - low), high - share * (high - low))
      if logKernel(left) < logKernel(right) { low = left } else { high = right }
    }
    let middle = 0.5 * (low + high)
    return logKernel(end) >= logKernel(middle) ? end : middle
  }
}
