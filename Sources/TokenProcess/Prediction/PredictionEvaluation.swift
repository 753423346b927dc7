import RealModule

/// How well ``LengthPrediction`` does on records that it has not seen, beside simpler predictions.
///
/// For coverage the data set is cut into ten parts, each predicted from the others, weights of the predictors included. Scores
/// are leave-one-out, as those of the simpler predictions are (``PredictorMixture/leftOutScores``); only the family of the
/// parametric tail is refitted without a fifth of the records at a time.
public struct PredictionEvaluation: Sendable, Equatable {
  /// The number of records predicted.
  public let records: Int
  /// The level of the intervals.
  public let level: Double
  /// The share of records whose ln S(n) lies in its interval.
  public let coverage: Double
  /// The mean logarithm of the predictive density of Σ ln p over tokens m+1 … n.
  public let logScore: Double
  /// The same, leave-one-out with a normal error, for the mean of the others.
  public let populationMeanScore: Double
  /// The same for the record's own mean carried on.
  public let ownMeanScore: Double
  /// The same for the linear regression of the rest on the first tokens' mean.
  public let regressionScore: Double

  /// Evaluates predictions from the first `given` to `length` tokens on the records that have so many.
  ///
  /// - Returns: nil with fewer than 20 such records.
  public init?(records: [[Double]], given: Int, length: Int, level: Double = 0.9) {
    let rows = records.filter { $0.count >= length && !$0.contains(-.infinity) }
    guard rows.count >= LengthPrediction.fewestRecords else { return nil }
    let folds = 10
    var covered = 0
    for fold in 0..<folds {
      let training = rows.indices.filter { $0 % folds != fold }.map { rows[$0] }
      guard let prediction = LengthPrediction(records: training, given: given, length: length) else { return nil }
      for index in rows.indices where index % folds == fold {
        let truth = rows[index][..<length].reduce(0, +)
        if prediction.estimate(rows[index], level: level).interval.contains(truth) { covered += 1 }
      }
    }
    guard let prediction = LengthPrediction(records: rows, given: given, length: length) else { return nil }
    let count = Double(rows.count)
    self.records = rows.count
    self.level = level
    coverage = Double(covered) / count
    logScore = prediction.predictor.logScore
    let first = rows.map { $0[..<given].reduce(0, +) / Double(given) }
    let rest = rows.map { $0[given..<length].reduce(0, +) }
    func meanScore(_ body: (_ others: [Int], _ index: Int) -> (centre: Double, deviation: Double)) -> Double {
      rows.indices.reduce(0) { sum, index in
        let (centre, deviation) = body(rows.indices.filter { $0 != index }, index)
        let z = (rest[index] - centre) / deviation
        return sum - 0.5 * z * z - .log(deviation) - 0.918938533204672741780
      } / Double(rows.count)
    }
    populationMeanScore = meanScore { others, _ in
      let mean = others.reduce(0) { $0 + rest[$1] } / Double(others.count)
      let squares = others.reduce(0) { $0 + (rest[$1] - mean) * (rest[$1] - mean) }
      return (mean, (squares / Double(others.count - 1)).squareRoot())
    }
    ownMeanScore = meanScore { others, index in
      let tokens = Double(length - given)
      let squares = others.reduce(0) { $0 + (rest[$1] - tokens * first[$1]) * (rest[$1] - tokens * first[$1]) }
      return (tokens * first[index], (squares / Double(others.count)).squareRoot())
    }
    regressionScore = meanScore { others, index in
      let count = Double(others.count)
      let centre = others.reduce(0) { $0 + first[$1] } / count
      let mean = others.reduce(0) { $0 + rest[$1] } / count
      let spread = others.reduce(0) { $0 + (first[$1] - centre) * (first[$1] - centre) }
      let slope = others.reduce(0) { $0 + (first[$1] - centre) * (rest[$1] - mean) } / spread
      let squares = others.reduce(0) { sum, other in
        let error = rest[other] - mean - slope * (first[other] - centre)
        return sum + error * error
      }
      return (mean + slope * (first[index] - centre), (squares / (count - 2)).squareRoot())
    }
  }
}
