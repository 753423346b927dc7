import RealModule

/// Σ f(n) over lower <= n <= upper for a function that is smooth but for a few steps, with O(log(upper - lower))
/// evaluations where it is smooth.
///
/// The integers are cut into blocks of 2^j of them, no longer than their distance from 0. Long blocks are summed by 16
/// of their integers, with weights that are exact for polynomials of degree 15 (a Clenshaw–Curtis rule for sums in
/// place of integrals); a block is halved until its halves agree with it.
///
/// - Parameters:
///   - scale: What the result will be added to: errors far below it are not pursued.
package func smoothSum(from lower: Int, through upper: Int, scale: Double = 0, _ f: (Int) -> Double) -> Double {
  guard upper >= lower else { return 0 }
  func estimate(_ start: Int, _ power: Int) -> Double {
    summationRules[power - smallestPower].reduce(0) { $0 + $1.weight * f(start + $1.offset) }
  }
  var total = CompensatedSum()
  func add(_ start: Int, _ power: Int, _ whole: Double) {
    guard power > smallestPower else {
      for n in start..<start + (1 << power) { total.add(f(n)) }
      return
    }
    let middle = start + (1 << (power - 1))
    let halves = (estimate(start, power - 1), estimate(middle, power - 1))
    let sum = halves.0 + halves.1
    if (sum - whole).magnitude <= 1e-15 * max(total.value.magnitude, scale, sum.magnitude) {
      total.add(sum)
    } else {
      add(start, power - 1, halves.0)
      add(middle, power - 1, halves.1)
    }
  }
  var start = lower
  while start <= upper {
    let left = upper - start + 1
    let longest = min(left, max(Int(start.magnitude), 2 << smallestPower))
    let power = Int.bitWidth - 1 - longest.leadingZeroBitCount
    if power > smallestPower {
      add(start, power, estimate(start, power))
      start += 1 << power
    } else {
      let end = min(upper, start + (2 << smallestPower) - 1)
      for n in start...end { total.add(f(n)) }
      start = end + 1
    }
  }
  return total.value
}

private let summationNodes = 16

/// Blocks of 2⁶ integers and fewer are summed one by one: shorter ones have no 16 different Chebyshev points.
private let smallestPower = 6

private let summationRules = (smallestPower...62).map { summationRule(1 << $0) }

/// Offsets x in 0 ..< count and weights w with Σ w p(x) = Σ_{0 <= n < count} p(n) for polynomials of degree 15.
///
/// The offsets are rounded Chebyshev points. The weights solve Σ w_i t_j(x_i) = Σ_n t_j(n) for the orthonormal
/// polynomials t_j of the uniform grid (Gram), whose sums vanish for j > 0.
private func summationRule(_ count: Int) -> [(offset: Int, weight: Double)] {
  let n = Double(count)
  let offsets = (0..<summationNodes).map { i in
    Int(((n - 1) * 0.5 * (1 - .cos(.pi * Double(i) / Double(summationNodes - 1)))).rounded())
  }
  // Row j: t_j at the offsets, by √b_{j+1} t_{j+1} = y t_j - √b_j t_{j-1}, with y centerd and b_j = j²(n² - j²)/(4(4j²
  // - 1)), all divided by n² to stay in range.
  func root(_ j: Int) -> Double {
    let j = Double(j)
    return (j * j * (1 - (j / n) * (j / n)) / (4 * (4 * j * j - 1))).squareRoot()
  }
  let y = offsets.map { (Double($0) - 0.5 * (n - 1)) / n }
  var rows = [offsets.map { _ in 1.0 }]
  for j in 1..<summationNodes {
    rows.append(
      offsets.indices.map { i in
        (y[i] * rows[j - 1][i] - (j > 1 ? root(j - 1) * rows[j - 2][i] : 0)) / root(j)
      })
  }
  // Gaussian elimination with row pivoting; the right side is (count, 0, 0, …).
  var right = [n] + Array(repeating: 0.0, count: summationNodes - 1)
  for column in 0..<summationNodes {
    let pivot = (column..<summationNodes).max { rows[$0][column].magnitude < rows[$1][column].magnitude } ?? column
    rows.swapAt(column, pivot)
    right.swapAt(column, pivot)
    for row in column + 1..<summationNodes {
      let factor = rows[row][column] / rows[column][column]
      for i in column..<summationNodes { rows[row][i] -= factor * rows[column][i] }
      right[row] -= factor * right[column]
    }
  }
  for row in (0..<summationNodes).reversed() {
    for i in stride(from: row + 1, to: summationNodes, by: 1) { right[row] -= rows[row][i] * right[i] }
    right[row] /= rows[row][row]
  }
  return zip(offsets, right).map { (offset: $0, weight: $1) }
}
