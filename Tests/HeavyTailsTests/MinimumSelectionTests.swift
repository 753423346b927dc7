import HeavyTails
import Testing

/// The choice of n_min against what it stands for: every candidate fitted by itself, with all digits.
@Suite struct MinimumSelectionTests {
  /// Small data whose fits lie on plateaus, at edges and at kinks for some n_min and inside for others: the fit of one
  /// candidate is no good start for the next. Lengths with their counts, then censored ones.
  static let data: [(exact: [Int: Double], censored: [Int: Double])] = [
    ([1: 5, 2: 2, 3: 8, 4: 3, 5: 3, 6: 3, 8: 1], [:]), ([0: 3, 1: 2, 2: 6, 3: 1, 4: 1, 5: 1], [:]),
    ([0: 12, 1: 14, 2: 5, 3: 4, 4: 2, 6: 1, 7: 1, 14: 1, 15: 2, 16: 1, 28: 1, 33: 1, 45: 1, 70: 1, 179: 1], [:]),
    ([0: 5, 1: 4, 2: 3, 3: 3], [7: 5]), ([0: 6, 1: 7, 2: 7, 3: 4, 4: 3, 5: 4], [:]),
    ([0: 7, 1: 5, 2: 12, 3: 10, 4: 8, 5: 5], [:]), ([0: 11, 1: 2, 2: 5, 4: 1, 5: 1, 8: 1, 10: 1], [11: 7]),
    ([0: 22, 1: 7, 2: 3, 3: 2, 4: 2, 5: 2, 7: 1, 11: 1, 14: 1, 16: 1, 19: 1], [21: 15]),
    (
      [
        0: 12, 1: 10, 2: 6, 3: 5, 4: 9, 5: 10, 6: 7, 7: 3, 8: 8, 9: 2, 10: 5, 11: 8, 12: 6, 13: 2, 16: 1, 17: 5, 18: 1,
        20: 1, 26: 1, 28: 1, 30: 3, 31: 1, 36: 2, 38: 1, 40: 1, 50: 1, 57: 1, 68: 2, 77: 1, 78: 1, 93: 3, 95: 1, 104: 1,
        112: 1, 130: 1, 169: 1, 208: 1, 237: 1, 262: 1, 311: 1, 400: 1, 449: 1, 565: 1, 898: 1,
      ], [:]
    ), ([2: 1, 5: 9], [6: 4]),
  ]

  @Test(arguments: data.indices, [2.0, 10])
  func smallestDistanceOfAllCandidates(index: Int, smallestTail: Double) throws {
    let (exact, censored) = Self.data[index]
    let lengths = Set(exact.keys).union(censored.keys)
    let counts = try CensoredCounts(
      lengths.map { .init(length: $0, exact: exact[$0] ?? 0, censored: censored[$0] ?? 0) })
    for name in [
      "geometric", "negative-binomial", "discrete-weibull", "beta-geometric", "linear-hazard", "logistic-position",
      "discrete-generalized-pareto", "zeta-cutoff", "discrete-lognormal",
    ] {
      let family = try Family.named(name)
      var best = Double.infinity
      for candidate in exact.keys where candidate < counts.maximum {
        guard counts.restricted(from: candidate).total >= smallestTail,
          let fit = try? MaximumLikelihood(window: LengthWindow(from: candidate)).fit(family, to: counts)
        else { continue }
        best = min(best, KolmogorovSmirnov.distance(of: fit, to: counts))
      }
      guard best < .infinity else { continue }
      let choice = try MinimumSelection(family, counts: counts, smallestTail: smallestTail)
      // Candidates are compared by fits to a thousandth of a standard error.
      #expect(choice.distance <= best + 2e-4, "\(name): \(choice.distance) at \(choice.minimum), at best \(best)")
    }
  }
}
