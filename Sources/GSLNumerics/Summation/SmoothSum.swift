import RealModule

/// Σ f(n) over lower <= n <= upper for a function that is smooth but for a few steps, with O(log(upper - lower)) evaluations
/// where it is smooth.
///
/// Long blocks of integers are summed by 16 of them, with weights that are exact for polynomials of degree 15 (a
/// Clenshaw–Curtis rule for sums in place of integrals); a block is halved until its halves agree with it.
///
/// - Parameters:
///   - scale: What the result will be added to: errors far below it are not pursued.
package func smoothSum(from lower: Int, through upper: Int, scale: Double = 0, _ f: (Int) -> Double) -> Double {
  guard upper >= lower else { return 0 }
  var rules: [Int: [(offset: Int, weight: Double)]] = [:]
  func estimate(_ start: Int, _ count: Int) -> Double {
    let rule: [(offset: Int, weight: Double)]
    if let known = rules[count] {
      rule = known
    } else {
      rule = summationRule(count)
      rules[count] = rule
    }
    return rule.reduce(0) { $0 + $1.weight * f(start + $1.offset) }
  }
  func exact(_ start: Int, _ count: Int) -> Double {
    var sum = 0.0
    for n in start..<start + count { sum += f(n) }
    return sum
  }
  var total = CompensatedSum()
  var pending = [(start: lower, count: upper - lower + 1, estimate: Double?.none)]
  while let block = pending.popLast() {
    if block.count <= 4 * summationNodes * summationNodes {
      total.add(exact(block.start, block.count))
      continue
    }
    let whole = block.estimate ?? estimate(block.start, block.count)
    let left = block.count / 2
    let halves = [
      (start: block.start, count: left, estimate: estimate(block.start, left)),
      (
        start: block.start + left, count: block.count - left, estimate: estimate(block.start + left, block.count - left)
      ),
    ]
    let sum = halves[0].estimate + halves[1].estimate
    if (sum - whole).magnitude <= 1e-15 * max(total.value.magnitude, scale, sum.magnitude) {
      total.add(sum)
    } else {
      pending.append((halves[1].start, halves[1].count, halves[1].estimate))
      pending.append((halves[0].start, halves[0].count, halves[0].estimate))
    }
  }
  return total.value
}

private let summationNodes = 16

/// Offsets x in 0 ..< count and weights w with Σ w p(x) = Σ_{0 <= n < count} p(n) for polynomials of degree 15.
///
/// The offsets are rounded Chebyshev points. The weights solve Σ w_i t_j(x_i) = Σ_n t_j(n) for the orthonormal polynomials t_j
/// of the uniform grid (Gram), whose sums vanish for j > 0.
private func summationRule(_ count: Int) -> [(offset: Int, weight: Double)] {
  let n = Double(count)
  let offsets = (0..<summationNodes).map { i in
    Int(((n - 1) * 0.5 * (1 - .cos(.pi * Double(i) / Double(summationNodes - 1)))).rounded())
  }
  // Row j: t_j at the offsets, by √b_{j+1} t_{j+1} = y t_j - √b_j t_{j-1}, with y centred and b_j = j²(n² - j²)/(4(4j² - 1)),
  // all divided by n² to stay in range.
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
