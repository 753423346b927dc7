import Foundation
import Reports

extension DriversReport {
  /// Memorization by how often a record was shown.
  var doseFigure: Figure {
    func points(_ value: (Dose) -> Double?, _ interval: (Dose) -> Interval?) -> [Figure.Point] {
      doses.compactMap { dose in
        guard dose.repetitions > 0, let y = value(dose) else { return nil }
        return Figure.Point(log10(dose.repetitions), y, lower: interval(dose)?.lower, upper: interval(dose)?.upper)
      }
    }
    let greedy = points(\.greedy, \.greedyInterval)
    let drawn = points({ $0.expected }, \.expectedInterval)
    return Figure(
      "Repetition",
      caption: "Mean tokens repeated by how often records were shown in an epoch, with 95 % limits.",
      x: .init("times shown in an epoch", .logarithmic), y: .init("tokens repeated"),
      [
        .init("greedy decoding", .line, color: 1, greedy.map { .init($0.x, $0.y) }),
        .init("greedy decoding", .points, color: 1, greedy),
        .init("one draw, E[N]", .line, color: 0, drawn.map { .init($0.x, $0.y) }),
        .init("one draw, E[N]", .points, color: 0, drawn),
      ])
  }

  /// Hazard ratios with their limits.
  var ratioFigure: Figure {
    // Both models beside each other, on the scale on which ratios add up.
    var names: [String] = []
    for model in models {
      for predictor in model.predictors where !names.contains(predictor.name) { names.append(predictor.name) }
    }
    return Figure(
      "What goes with the first mismatch",
      caption:
        "Change of the logarithm of the \(models.first?.link == "logit" ? "odds" : "hazard") of a first mismatch for "
        + "one standard deviation more of each predictor, with 95 % limits. Below 0: longer matches.",
      x: .init("", .categories(names)), y: .init("change for one standard deviation"),
      models.enumerated().map { index, model in
        let shift = models.count > 1 ? 0.2 * (Double(index) - 0.5) : 0
        return .init(
          model.outcome, .points, color: index,
          model.predictors.compactMap { predictor in
            guard let place = names.firstIndex(of: predictor.name), let lower = predictor.ratioInterval.lower,
              let upper = predictor.ratioInterval.upper, lower > 0
            else { return nil }
            let change = log(predictor.ratioPerDeviation)
            let deviation = predictor.coefficient == 0 ? 0 : change / predictor.coefficient
            return .init(
              Double(place) + shift, change, lower: deviation * log(lower), upper: deviation * log(upper))
          })
      })
  }

  /// Observed against fitted hazards.
  func calibrationFigure(_ model: HazardModel) -> Figure {
    let points = model.calibration.map { Figure.Point($0.fitted, $0.observed) }
    let largest = points.flatMap { [$0.x, $0.y] }.max() ?? 1
    return Figure(
      "Fitted and observed: \(model.outcome)",
      caption: "Tenths of the positions by fitted hazard. On the dashed line the model says what happened.",
      x: .init("fitted hazard"), y: .init("observed"),
      [
        .init("equal", .dashes, color: 5, [.init(0, 0), .init(largest, largest)]),
        .init("tenths of the positions", .points, color: 0, points),
      ])
  }
}
