/// Doubles from decimal digits, correctly rounded: the algorithm of Eisel and Lemire (Lemire, Number parsing at a
/// gigabyte per second, Software: Practice and Experience 51, 2021).
enum DecimalNumber {
  /// The powers of ten that ``value(significand:exponent:)`` knows: those of which 5^|q| has at most 128 bits.
  static let exponents = -55...55

  /// The first 128 bits of 5^q for each exponent, rounded up for q < 0: high and low halves in turn.
  private static let powersOfFive = table(
    of: exponents.flatMap { q in
      let power = (0..<abs(q)).reduce(UInt128(1)) { value, _ in value * 5 }
      let bits = UInt128.bitWidth - power.leadingZeroBitCount
      let leading =
        q >= 0
        ? power << UInt128(power.leadingZeroBitCount)
        // ⌈2^(127 + bits) / 5^-q⌉, which is not a whole number.
        : power.dividingFullWidth((1 << UInt128(bits - 1), 0)).quotient + 1
      return [UInt64(truncatingIfNeeded: leading >> 64), UInt64(truncatingIfNeeded: leading)]
    })

  private static let exactPowers = table(of: (0...22).map { q in (0..<q).reduce(1.0) { value, _ in value * 10 } })

  /// 10^0 … 10^8.
  static let wholePowers = table(of: (0...8).map { q in (0..<q).reduce(UInt64(1)) { value, _ in value * 10 } })

  /// Constants outside of any array, which would be retained and released for every number.
  private static func table<Element>(of values: [Element]) -> Table<Element> {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: values.count)
    memory.initialize(from: values, count: values.count)
    return Table(values: UnsafePointer(memory))
  }

  /// Written once, before anyone can read it, and never freed.
  struct Table<Element>: @unchecked Sendable {
    let values: UnsafePointer<Element>
  }

  /// significand · 10^exponent; nil where the exponent is none of ``exponents``.
  @inline(__always)
  static func value(significand: UInt64, exponent: Int) -> Double? {
    if significand < 1 << 53, exponent.magnitude <= 22 {
      // Both factors are exact, and so is the rounding of their product or quotient (Clinger, 1990).
      let power = exactPowers.values[Int(exponent.magnitude)]
      return exponent < 0 ? Double(significand) / power : Double(significand) * power
    }
    if significand == 0 { return 0 }
    guard exponents.contains(exponent) else { return nil }
    let leadingZeros = significand.leadingZeroBitCount
    let normalized = significand << UInt64(leadingZeros)
    let index = 2 * (exponent - exponents.lowerBound)
    let (high, low) = (powersOfFive.values[index], powersOfFive.values[index + 1])
    var product = normalized.multipliedFullWidth(by: high)
    // The low half matters only if the bits below those of the result are all ones.
    if product.high & 0x1FF == 0x1FF {
      let (sum, overflow) = product.low.addingReportingOverflow(normalized.multipliedFullWidth(by: low).high)
      product.low = sum
      if overflow { product.high += 1 }
    }
    let upperBit = Int(product.high >> 63)
    // 54 bits: those of the result and one to round by.
    var mantissa = product.high >> UInt64(upperBit + 9)
    var power = ((217_706 * exponent) >> 16) + 63 + upperBit - leadingZeros + 1023
    // A product that lies exactly in the middle goes to the even neighbor; it can only be that for small powers of
    // five.
    if product.low <= 1, (-4...23).contains(exponent), mantissa & 3 == 1,
      mantissa << UInt64(upperBit + 9) == product.high
    {
      mantissa &= ~1
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1
    if mantissa == 1 << 53 {
      mantissa = 1 << 52
      power += 1
    }
    // With 19 digits and exponents of at most 55 the result is far from both ends of the range.
    return Double(bitPattern: (mantissa & ((1 << 52) - 1)) | UInt64(power) << 52)
  }
}
