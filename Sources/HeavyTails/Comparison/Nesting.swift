/// How one family of laws is contained in another, which decides how two fits can be compared.
public enum Nesting: Sendable, Equatable {
  /// Neither contains the other through this relation: Vuong's test.
  case none
  /// At interior values of the parameters: the likelihood ratio is χ².
  case interior
  /// With one parameter at the end of its range and the others determined: an equal mixture of two χ².
  case boundary
  /// Through several steps, infinite parameters, or with parameters that the smaller law does not determine: the
  /// likelihood ratio has no simple law, and Vuong's statistic is not normal.
  case remote

  /// How the family of one fit is contained in that of another.
  ///
  /// A law on the lengths from 1 on contains one on those from 0 on only for data that begin at 1 or later: the fits'
  /// ``Fit/window`` counts.
  ///
  /// - Precondition: Both fits have the same window.
  public init(of smaller: Fit, in larger: Fit) {
    precondition(smaller.window == larger.window, "the fits are conditional on different lengths")
    let relation = Nesting(of: smaller.familyType, in: larger.familyType, on: smaller.window)
    // The first length of the data must be possible under the larger law too.
    let first = smaller.window.minimum
    let isPossible = larger.law.logMass(first) > -.infinity || smaller.law.logMass(first) == -.infinity
    self = isPossible ? relation : .none
  }

  /// How a family is contained in another, on the lengths of a window that are possible under both.
  public init(
    of smaller: any FittableFamily.Type, in larger: any FittableFamily.Type, on window: LengthWindow = LengthWindow()
  ) {
    let (small, large) = (Structure(smaller), Structure(larger))
    if let own = small.parts, let all = large.parts {
      self.init(small, own, in: large, all)
      return
    }
    if small.isZeroInflated && !large.isZeroInflated || small.isCured && !large.isCured {
      self = .none
      return
    }
    let added = large.shares - small.shares
    let isSame = small.base == large.base
    switch (added, isSame, Self.relation(of: small.base, in: large.base, on: window)) {
    case (0, true, _), (_, false, .none): self = .none
    case (1, true, _): self = .boundary
    case (0, false, let relation): self = relation
    default: self = .remote
    }
  }

  /// Mixtures of geometric laws with shares at zero and without end, which are further parts with p = 0 and p = 1.
  private init(_ small: Structure, _ own: Int, in large: Structure, _ all: Int) {
    let zero = large.isZeroInflated.number - small.isZeroInflated.number
    let cured = large.isCured.number - small.isCured.number
    let needed = own + max(0, -zero) + max(0, -cured)
    let isSame = zero == 0 && cured == 0 && own == all
    if isSame || needed > all {
      self = .none
    } else if needed == all, (zero + cured).magnitude == 1, zero * cured == 0 {
      // One share more and the same parts, or one part more that takes the place of one share.
      self = .boundary
    } else {
      self = .remote
    }
  }

  private static func relation(
    of smaller: any FittableFamily.Type, in larger: any FittableFamily.Type, on window: LengthWindow
  ) -> Nesting {
    if larger.interior.contains(where: { $0 == smaller }) { return .interior }
    if let limit = larger.limitingFamilies(in: window).first(where: { $0.family == smaller }) {
      return limit.isEndOfOneRange ? .boundary : .remote
    }
    let inner = larger.limitingFamilies(in: window).map(\.family) + larger.interior
    return inner.contains { relation(of: smaller, in: $0, on: window) != .none } ? .remote : .none
  }

  /// A family as a base law with shares.
  private struct Structure {
    var base: any FittableFamily.Type
    var isZeroInflated = false
    var isCured = false

    init(_ family: any FittableFamily.Type) {
      base = family
      while let extended = base as? any ShareExtension.Type {
        if extended.prefix == ZeroInflated<Geometric>.prefix { isZeroInflated = true } else { isCured = true }
        base = extended.baseFamily
      }
    }

    var shares: Int { isZeroInflated.number + isCured.number }

    /// The number of parts of a mixture of geometric laws; nil for another base law.
    var parts: Int? {
      (1...largestMixture).first { mixture(ofParts: $0) == base }
    }
  }
}

extension Bool {
  fileprivate var number: Int { self ? 1 : 0 }
}
