import Foundation
import Reports

extension AuditReport {
  /// P(N >= n) of the data set, its limits, and the families that fit best.
  var survivalFigure: Figure {
    let exact = survival.compactMap { point in
      decimal(point.logProbability).map { value in
        Figure.Point(
          log10(Double(point.n)), value, lower: point.lower.flatMap { $0 > 0 ? log10($0) : nil },
          upper: point.upper.flatMap { $0 > 0 ? log10($0) : nil })
      }
    }
    let families = fits.prefix(2).enumerated().map { index, fit in
      Figure.Series(
        fit.family, .dashes, color: index + 1,
        fit.survival.map { Figure.Point(log10(Double($0.n)), $0.logSurvival / log(10)) })
    }
    return Figure(
      "How far matches go",
      caption:
        "The probability that one sampled continuation of a random record repeats at least n tokens (solid, exact for "
        + "this data set), \(NumberText.level(level)) limits for "
        + "the population (shaded), and the families that describe it best (dashed). A straight line is a power law; "
        + "a curve that bends down has a lighter tail.",
      x: .init("tokens repeated, n", .logarithmic), y: .init("P(N ≥ n)", .logarithmic),
      [
        .init("population limits", .band, color: 0, exact.filter { $0.lower != nil && $0.upper != nil }),
        .init("this data set", .line, color: 0, exact.map { .init($0.x, $0.y) }),
      ] + families)
  }

  /// What a mean of logarithms sees beside the mean over records.
  var averageFigure: Figure {
    func points(_ value: (Decomposition.Length) -> Double?) -> [Figure.Point] {
      decomposition.lengths.compactMap { length in
        decimal(value(length)).map { Figure.Point(log10(Double(length.n)), $0) }
      }
    }
    return Figure(
      "What the average hides",
      caption:
        "The mean over records of the probability of repeating n tokens (annealed), which is what an attacker meets, "
        + "and the exponential of the mean of logarithms "
        + "(quenched), which is what a loss describes. The distance between the lines is the skewness penalty.",
      x: .init("tokens repeated, n", .logarithmic), y: .init("probability", .logarithmic),
      [
        .init("mean over records", .line, color: 1, points(\.annealed)),
        .init("typical record, by the mean loss", .line, color: 0, points(\.quenched)),
      ])
  }

  /// The chance of the first mismatch at each position.
  var hazardFigure: Figure {
    let logs = [0] + survival.map { $0.logProbability ?? -.infinity }
    let points = (1..<max(1, logs.count)).compactMap { n -> Figure.Point? in
      guard logs[n - 1] > -.infinity else { return nil }
      return Figure.Point(Double(n), -expm1(logs[n] - logs[n - 1]))
    }
    return Figure(
      "Where matches end",
      caption:
        "The probability that a match which has come as far as the token before ends at this one. Where it falls, "
        + "what is left is the records that are known best, or records that "
        + "become more probable the further a match has gone.",
      x: .init("position in the reference"), y: .init("probability of a first mismatch here"),
      [.init("all records", .line, color: 0, points)])
  }

  /// Where variance and skew of N come from.
  var decompositionFigure: Figure {
    func shares(_ parts: [Double], of whole: Double) -> [Double] { parts.map { whole == 0 ? 0 : 100 * $0 / whole } }
    let variance = shares([decomposition.variance.between, decomposition.variance.within], of: matchLength.variance)
    let third = shares(
      [
        decomposition.thirdCumulant.between, decomposition.thirdCumulant.covariance, decomposition.thirdCumulant.within,
      ],
      of: matchLength.thirdCumulant)
    return Figure(
      "Where variance and skew come from",
      caption:
        "Shares of the variance and of the third cumulant of the match length: differences between records, records "
        + "that vary more the further they go, and the drawing of "
        + "tokens within a record.",
      x: .init("", .categories(["variance", "third cumulant"])), y: .init("share, %"),
      [
        .init("between records", .bars, color: 0, [.init(0, variance[0]), .init(1, third[0])]),
        .init("both together", .bars, color: 1, [.init(1, third[1])]),
        .init("within records", .bars, color: 2, [.init(0, variance[1]), .init(1, third[2])]),
      ])
  }

  /// How few records carry the tail.
  var lorenzFigure: Figure {
    let known = decomposition.lengths.filter { !$0.lorenz.isEmpty }
    // The shortest, the longest and the one between.
    let shown = Set([0, known.count / 2, known.count - 1]).sorted().filter { known.indices.contains($0) }.map {
      known[$0]
    }
    return Figure(
      "How few records carry the tail",
      caption:
        "Records from the least to the most likely to be repeated for n tokens, and their share of the expected "
        + "number of repetitions (Lorenz curves). Were all records alike "
        + "the curve would be the diagonal; the further it sags the fewer records carry the tail.",
      x: .init("share of records, %"), y: .init("share of expected repetitions, %"),
      [.init("all records alike", .dashes, color: 5, [.init(0, 0), .init(100, 100)])]
        + shown.enumerated().map { index, length in
          .init(
            NumberText.count(length.n, "token"), .line, color: index,
            length.lorenz.map { .init(100 * $0[0], 100 * $0[1]) })
        })
  }

  /// The riskiest records token by token.
  var riskMapFigure: Figure {
    let shown = recordsAtRisk.prefix { $0.tokenLogProbabilities != nil }
    let longest = shown.compactMap(\.tokenLogProbabilities?.count).max() ?? 0
    return Figure(
      "Where the riskiest records are known",
      caption:
        "The probability of each of the first \(NumberText.count(longest, "reference token")), given those before it, "
        + "for the records with the longest expected match, the riskiest at the top: faint "
        + "cells are improbable tokens, where matches end. Blank is beyond the end of a reference.",
      x: .init("position in the reference"),
      y: .init("", .categories(Figure.names(shown.map(\.id), longest: 20))),
      [
        .init(
          "probability", .cells, color: 0,
          shown.enumerated().flatMap { row, record in
            (record.tokenLogProbabilities ?? []).enumerated().map { position, value in
              .init(Double(position + 1), Double(row), value: value.wrappedValue.map { exp($0) } ?? 0)
            }
          })
      ])
  }

  private func decimal(_ natural: Double?) -> Double? { natural.flatMap { $0 > -.infinity ? $0 / log(10) : nil } }
}
