import Foundation
import Reports

extension PredictReport {
  /// The expected number of records by length or by number of draws, whichever was asked for in several.
  var gridFigure: Figure {
    let lengths = Set(grid.map(\.length)).sorted()
    let numbers = Set(grid.map(\.draws)).sorted()
    let isByLength = lengths.count >= numbers.count
    func point(_ entry: GridEntry) -> Figure.Point? {
      guard entry.dataset.expectedRecords > 0 else { return nil }
      func decimal(_ value: Double?) -> Double? { value.flatMap { $0 > 0 ? log10($0) : nil } }
      return Figure.Point(
        isByLength ? log10(Double(entry.length)) : log10(entry.draws), log10(entry.dataset.expectedRecords),
        lower: decimal(entry.dataset.bounds?.expectedRecords[0]),
        upper: decimal(entry.dataset.bounds?.expectedRecords[1]))
    }
    let series =
      (isByLength
        ? numbers.map { ($0, grid.filter { [q = $0] in $0.draws == q }) }
        : lengths.map { n in (Double(n), grid.filter { $0.length == n }) })
    return Figure(
      "Records that come out",
      caption:
        "The expected number of records repeated, with proved bounds where a decoding scheme needs tokens that the "
        + "capture does not list. Where references are shorter "
        + "than n their part is predicted from other records.",
      x: .init(isByLength ? "tokens repeated, n" : "draws from each record", .logarithmic),
      y: .init("expected records", .logarithmic),
      series.enumerated().flatMap { index, entry -> [Figure.Series] in
        let name =
          isByLength
          ? (entry.0 == 1 ? "1 draw" : "\(NumberText.weight(entry.0)) draws") : NumberText.count(Int(entry.0), "token")
        let points = entry.1.compactMap(point)
        return [
          .init(name, .line, color: index, points.map { .init($0.x, $0.y) }),
          .init(name, .points, color: index, points),
        ]
      })
  }

  /// The riskiest records' probabilities.
  var recordsFigure: Figure {
    let riskiest = records.filter { $0.logProbability != nil }.sorted {
      ($0.logProbability ?? 0, $1.id) > ($1.logProbability ?? 0, $0.id)
    }.prefix(20)
    func decimal(_ value: Double?) -> Double? { value.map { max($0 / log(10), -300) } }
    return Figure(
      "The riskiest records",
      caption:
        "The probability that each record's first \(NumberText.count(length, "token")) come out in "
        + "\(draws == 1 ? "one draw" : "\(NumberText.weight(draws)) draws"), with bounds or 90 % intervals "
        + "where it is not exact.",
      x: .init("", .categories(Figure.names(riskiest.map(\.id), longest: 24))),
      y: .init("probability", .logarithmic),
      [
        .init(
          "records", .points, color: 0,
          riskiest.enumerated().compactMap { index, record in
            decimal(record.logProbability).map {
              .init(Double(index), $0, lower: decimal(record.lower), upper: decimal(record.upper))
            }
          })
      ])
  }
}
