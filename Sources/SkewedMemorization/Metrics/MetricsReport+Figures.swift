import Foundation
import Reports

extension MetricsReport {
  /// How each metric ranks the records beside the exact risk.
  var agreementFigure: Figure {
    let rows = agreement.filter { $0.spearman != nil }.sorted {
      ($0.spearman ?? 0, $1.metric) > ($1.spearman ?? 0, $0.metric)
    }
    return Figure(
      "Agreement with the exact risk",
      caption:
        "Spearman's rank correlation of each metric with S(\(settings.length)), with "
        + "\(NumberText.level(settings.level)) limits, oriented so that 1 is full agreement. A high one still "
        + "may miss the few records at the top.",
      x: .init("", .categories(rows.map(\.metric))), y: .init("rank correlation"),
      [
        .init(
          "metrics", .points, color: 0,
          rows.enumerated().compactMap { index, row in
            row.spearman.map {
              .init(Double(index), $0, lower: row.spearmanInterval?.lower, upper: row.spearmanInterval?.upper)
            }
          })
      ])
  }

  /// How like each other metrics rank the records.
  var rankFigure: Figure {
    let names = rankAgreement.metrics
    return Figure(
      "Which metrics say the same",
      caption:
        "Spearman's rank correlation of each metric with each other, by falling agreement with the exact risk "
        + "(tail_risk): blue where they agree, orange where they contradict each "
        + "other, faint where they have nothing to do with each other.",
      x: .init("", .categories(names)), y: .init("", .categories(names)),
      [
        .init(
          "rank correlation", .cells, color: 0,
          rankAgreement.spearman.enumerated().flatMap { row, values in
            values.enumerated().compactMap { column, value in
              value.wrappedValue.map { .init(Double(column), Double(row), value: $0) }
            }
          })
      ])
  }

  /// The curves of the scores that find the most at few false alarms.
  var rocFigure: Figure {
    let best = discrimination.sorted {
      ($0.tprAtFPR["0.01"] ?? 0, $0.auc, $1.metric) > ($1.tprAtFPR["0.01"] ?? 0, $1.auc, $0.metric)
    }
    // Scores that order the records alike share a curve.
    var shown: [(score: Membership, alike: Int)] = []
    for score in best {
      if let index = shown.firstIndex(where: { $0.score.roc == score.roc }) {
        shown[index].alike += 1
      } else if shown.count < 5 {
        shown.append((score, 0))
      }
    }
    let others = Double(max(1, shown.map(\.score.others).max() ?? 1))
    // On a logarithmic axis no false alarm at all lies at half a record.
    let smallest = log10(0.5 / others)
    return Figure(
      "Found among the training records, by false alarms",
      caption:
        "The share of training records above a threshold, by the share of held-out records above it; a logarithmic "
        + "axis shows the few false alarms that an accusation allows. The "
        + "left end is no false alarm at all; the dashed line is guessing.",
      x: .init("false positive rate", .logarithmic), y: .init("true positive rate"),
      [
        .init(
          "guessing", .dashes, color: 5,
          shown.isEmpty
            ? []
            : (0...40).map { step in
              let x = smallest * (1 - Double(step) / 40)
              return .init(x, pow(10, x))
            })
      ]
        + shown.enumerated().map { index, entry in
          .init(
            entry.score.metric + (entry.alike > 0 ? " and \(NumberText.count(entry.alike, "other"))" : ""), .line,
            color: index,
            Self.steps(entry.score.roc).map { .init($0[0] > 0 ? log10($0[0]) : smallest, $0[1]) })
        })
  }

  /// The corners of a staircase: between thresholds the rates stay as they are.
  private static func steps(_ curve: [[Double]]) -> [[Double]] {
    var corners: [[Double]] = []
    for point in curve {
      if let last = corners.last, point[0] > last[0], point[1] > last[1] { corners.append([point[0], last[1]]) }
      corners.append(point)
    }
    return corners
  }

  /// How well each score tells training records from held-out ones.
  var discriminationFigure: Figure {
    let rows = discrimination.sorted { ($0.auc, $1.metric) > ($1.auc, $0.metric) }
    return Figure(
      "Telling training records from held-out ones",
      caption: "The area under the ROC curve of each score, with limits. 0.5 is guessing.",
      x: .init("", .categories(rows.map(\.metric))), y: .init("area under the ROC curve"),
      [
        .init(
          "scores", .points, color: 0,
          rows.enumerated().map {
            .init(Double($0.offset), $0.element.auc, lower: $0.element.lower, upper: $0.element.upper)
          })
      ])
  }
}
