import GSLNumerics
import RealModule

/// The parameters whose log-likelihood is at most `drop` below the maximum, and the extremes of a quantity over them.
struct LikelihoodRegion<Objective: LikelihoodObjective> {
  let objective: Objective
  /// The maximum.
  let center: [Double]
  let drop: Double

  /// The largest (sign 1) or smallest (sign -1) value of a quantity; infinite where the quantity runs off with the
  /// likelihood still inside; nil where the search fails.
  ///
  /// A region that bends, as those of windowed data do, can have several local extremes: searches start at its center
  /// and at points on both sides of it along each coordinate.
  func extreme(of target: @escaping Target, sign: Double) -> Double? {
    var starts = [center]
    if let inverse = objective.hessian(at: center)?.scaled(by: objective.weight).inverse() {
      for index in center.indices {
        for side in [-1.0, 1] {
          var start = center
          // Most of the way along the ellipsoid's conjugate of the coordinate.
          let length = (2 * drop / max(1e-300, inverse[index, index])).squareRoot()
          for other in center.indices { start[other] += 0.7 * side * length * inverse[index, other] }
          starts.append(start)
        }
      }
    }
    let ends = starts.compactMap { start -> Double? in
      guard objective.weight * (objective.value(at: start) - objective.value(at: center)) < 2 * drop else { return nil }
      return extreme(of: target, sign: sign, from: start)
    }
    return sign > 0 ? ends.max() : ends.min()
  }

  /// A quantity with its derivatives; nil where it does not exist.
  typealias Target = ([Double]) -> (value: Double, gradient: [Double])?

  /// Sequential quadratic programming: at each point the step that maximizes the quantity's quadratic model, on the
  /// scale of the Lagrangian's curvature, subject to the quadratic model of the likelihood.
  private func extreme(of target: Target, sign: Double, from start: [Double]) -> Double? {
    let lowest = objective.weight * objective.value(at: center)
    func excess(_ point: [Double]) -> Double { objective.weight * objective.value(at: point) - lowest }
    var point = start
    var growth = 0.0
    var multiplier: Double?
    for iteration in 0..<100 {
      guard let (value, gradient) = target(point), gradient.allSatisfy(\.isFinite),
        let slope = objective.gradient(at: point)?.map({ $0 * objective.weight }),
        let hessian = objective.hessian(at: point)?.scaled(by: objective.weight)
      else { return nil }
      let current = excess(point)
      let aim = gradient.map { sign * $0 }
      var curvature = hessian
      if let multiplier, let bend = curvatureOf(target, at: point) {
        for i in aim.indices {
          for j in 0...i { curvature[i, j] -= multiplier * sign * bend[i, j] }
        }
      }
      guard let inverse = curvature.inverse() ?? hessian.inverse() ?? hessian.positiveDefiniteInverse() else {
        return nil
      }
      // d = t A⁻¹v - A⁻¹s with t from s·d + ½ d·H d = drop - excess.
      let towards = inverse.multiplied(by: aim)
      let down = inverse.multiplied(by: slope).map { -$0 }
      func form(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      let bent = hessian.multiplied(by: towards)
      let a = 0.5 * form(towards, bent)
      let b = form(slope, towards) + form(down, bent)
      let c = form(slope, down) + 0.5 * form(down, hessian.multiplied(by: down)) + current - drop
      let root = max(0, b * b - 4 * a * c).squareRoot()
      var t: Double
      if a > 0 {
        t = max(0, (-b + root) / (2 * a))
      } else if b > 0, c < 0, b * b > 4 * a * c {
        t = -2 * c / (b + root)
      } else {
        // The likelihood bends away from its model, as it does on the way to a limit law: a step of length 1.
        t = 1 / max(1e-300, towards.reduce(0) { max($0, $1.magnitude) })
      }
      var step = zip(towards, down).map { t * $0 + $1 }
      let length = step.reduce(0) { max($0, $1.magnitude) }
      if length > 3 {
        step = step.map { $0 * 3 / length }
        t *= 3 / length
      }
      var moved = zip(point, step).map { $0 + $1 }
      // Far outside the region the models say little.
      var halvings = 0
      while !(excess(moved) <= 2 * drop + 1) || target(moved) == nil {
        guard halvings < 40 else { return nil }
        halvings += 1
        step = step.map { 0.5 * $0 }
        moved = zip(point, step).map { $0 + $1 }
      }
      guard let next = target(moved) else { return nil }
      growth = sign * (next.value - value)
      // On the way to an edge with the likelihood still inside: the quantity has a limit there.
      let isFar = zip(moved, center).contains { ($0 - $1).magnitude > 25 }
      if isFar, excess(moved) < drop, growth.magnitude <= 1e-9 * max(1, value.magnitude) { return next.value }
      let isClose = (excess(moved) - drop).magnitude < 1e-9 && halvings == 0 && length <= 3
      if isClose, (next.value - value).magnitude <= 1e-9 * max(1, value.magnitude), iteration > 0 { return next.value }
      point = moved
      multiplier = t > 0 ? t : nil
    }
    // Still inside after a hundred steps: no bound where the quantity still grows apace, its limit where it does not.
    guard excess(point) < drop, let (value, _) = target(point) else { return nil }
    return growth > 0.1 ? sign * .infinity : growth.magnitude < 1e-6 ? value : nil
  }

  /// The Hessian of a quantity, from differences of its gradient.
  private func curvatureOf(
    _ target: Target, at point: [Double]
  ) -> SymmetricMatrix? {
    let step = 0x1p-10
    var columns: [[Double]] = []
    for j in point.indices {
      var (low, high) = (point, point)
      low[j] -= step
      high[j] += step
      guard let below = target(low), let above = target(high) else { return nil }
      columns.append(zip(above.gradient, below.gradient).map { ($0 - $1) / (2 * step) })
    }
    var result = SymmetricMatrix(dimension: point.count)
    for i in point.indices {
      for j in 0...i { result[i, j] = 0.5 * (columns[i][j] + columns[j][i]) }
    }
    return result
  }
}
