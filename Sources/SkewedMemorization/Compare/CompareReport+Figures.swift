import Foundation
import Reports

extension CompareReport {
  /// A run's longest, mean and 90 % greedy matches over its epochs.
  func trajectoryFigure(_ trajectory: Trajectory) -> Figure {
    let sets = points(of: trajectory)
    func series(_ name: String, _ mark: Figure.Mark, _ color: Int, _ value: (Profile) -> Double?) -> Figure.Series {
      .init(name, mark, color: color, sets.compactMap { set in value(set).map { Figure.Point(set.epoch ?? 0, $0) } })
    }
    return Figure(
      "\(trajectory.run): matches over training",
      caption:
        "Tokens repeated at each captured epoch: the longest match of all records beside averages over them.",
      x: .init("epoch"), y: .init("tokens repeated"),
      [
        series("longest greedy match", .line, 1) { $0.greedy.map { Double($0.maximum) } },
        series("nine of ten greedy matches are shorter", .dashes, 3) { $0.greedy?.quantile90 },
        series("mean greedy match", .line, 0) { $0.greedy?.mean },
        series("expected longest match of a draw", .dashes, 2) { $0.expectedMaximum },
      ])
  }

  /// A run's longest match against its loss.
  func lossFigure(_ trajectory: Trajectory) -> Figure {
    let sets = points(of: trajectory)
    func series(_ name: String, _ mark: Figure.Mark, _ color: Int, _ value: (Profile) -> Double?) -> Figure.Series {
      .init(
        name, mark, color: color,
        sets.compactMap { set in
          guard let loss = set.trainLoss ?? set.meanLoss, loss > 0, let y = value(set) else { return nil }
          return Figure.Point(log10(loss), y)
        })
    }
    return Figure(
      "\(trajectory.run): matches against the loss",
      caption:
        "The same by the loss at each epoch: how far the longest match and the average go at a loss.",
      x: .init("loss, nats a token", .logarithmic), y: .init("tokens repeated"),
      [
        series("longest greedy match", .line, 1) { $0.greedy.map { Double($0.maximum) } },
        series("mean greedy match", .line, 0) { $0.greedy?.mean },
      ])
  }

  /// P(N >= n) of every data set.
  func survivalFigure(_ short: (String) -> String) -> Figure {
    Figure(
      "How far matches go",
      caption: "The mean probability of repeating n tokens in each data set.",
      x: .init("tokens repeated, n", .logarithmic), y: .init("P(N ≥ n)", .logarithmic),
      dataSets.enumerated().map { index, set in
        .init(
          short(set.name), index < Figure.palette.count ? .line : .dashes, color: index,
          set.lengths.compactMap { length in
            length.survival.flatMap { $0 > 0 ? Figure.Point(log10(Double(length.n)), log10($0)) : nil }
          })
      })
  }

  private func points(of trajectory: Trajectory) -> [Profile] {
    dataSets.filter { $0.run == trajectory.run && $0.split == trajectory.split && $0.epoch != nil }
      .sorted { ($0.epoch ?? 0) < ($1.epoch ?? 0) }
  }
}
