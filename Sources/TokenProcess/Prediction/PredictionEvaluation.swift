import GSLNumerics
import RealModule

/// How well ``LengthPrediction`` does on records that it has not seen, beside simpler predictions.
///
/// For coverage the data set is cut into ten parts, each predicted from the others, weights of the predictors included.
/// Scores are leave-one-out, as those of the simpler predictions are (``PredictorMixture/leftOutScores``); only the
/// family of the parametric tail is refitted without a fifth of the records at a time.
public struct PredictionEvaluation: Sendable, Equatable {
  /// The number of records predicted.
  public let records: Int
  /// The level of the intervals.
  public let level: Double
  /// The share of records whose ln S(n) lies in its interval.
  public let coverage: Double
  /// All records: the mean of the predicted probabilities E[S(n)] and that of the true S(n), calibration of the mean.
  public let whole: Bin
  /// The same in fifths of the records by rising prediction.
  public let bins: [Bin]
  /// The mean logarithm of the predictive density of Σ ln p over tokens m+1 … n.
  public let logScore: Double
  /// The same, leave-one-out with a normal error, for the mean of the others.
  public let populationMeanScore: Double
  /// The same for the record's own mean carried on.
  public let ownMeanScore: Double
  /// The same for the linear regression of the rest on the first tokens' mean.
  public let regressionScore: Double

  /// Some records by their predicted probability.
  public struct Bin: Sendable, Equatable {
    /// Records.
    public let records: Int
    /// The mean of their predicted probabilities.
    public let predicted: Double
    /// The mean of their true probabilities.
    public let actual: Double
  }

  /// Evaluates predictions from the first `given` to `length` tokens on the records that have so many.
  ///
  /// - Returns: nil with fewer than 23 such records, of which nine tenths are 20.
  public init?(records: [[Double]], given: Int, length: Int, level: Double = 0.9) {
    let rows = records.filter { $0.count >= length && !$0.contains(-.infinity) }
    guard rows.count >= LengthPrediction.fewestRecords else { return nil }
    let folds = 10
    var covered = 0
    var pairs: [(predicted: Double, actual: Double)] = []
    for fold in 0..<folds {
      let training = rows.indices.filter { $0 % folds != fold }.map { rows[$0] }
      guard training.count >= LengthPrediction.fewestRecords,
        let prediction = LengthPrediction(records: training, given: given, length: length)
      else { return nil }
      for index in rows.indices where index % folds == fold {
        // Summed as the limits are: a record whose last tokens are certain lies on one.
        let truth = sum(rows[index][..<given]) + sum(rows[index][given..<length])
        let estimate = prediction.estimate(rows[index], level: level)
        if estimate.interval.contains(truth) { covered += 1 }
        pairs.append((.exp(estimate.logMean(draws: 1)), .exp(truth)))
      }
    }
    guard let prediction = LengthPrediction(records: rows, given: given, length: length) else { return nil }
    let count = Double(rows.count)
    self.records = rows.count
    self.level = level
    coverage = Double(covered) / count
    pairs.sort { $0 < $1 }
    func bin(_ pairs: ArraySlice<(predicted: Double, actual: Double)>) -> Bin {
      let count = Double(max(1, pairs.count))
      return Bin(
        records: pairs.count, predicted: sum(pairs.map(\.predicted)[...]) / count,
        actual: sum(pairs.map(\.actual)[...]) / count)
    }
    whole = bin(pairs[...])
    bins = (0..<5).map { bin(pairs[(pairs.count * $0 / 5)..<(pairs.count * ($0 + 1) / 5)]) }
    logScore = prediction.predictor.logScore
    let tokens = Double(length - given)
    let first = rows.map { sum($0[..<given]) / Double(given) }
    let rest = rows.map { sum($0[given..<length]) }
    /// The mean log density of normal errors around predictions, by their squares and what one error takes from the
    /// sum.
    func score(_ errors: [Double], _ variances: [Double]) -> Double {
      zip(errors, variances).reduce(0) { $0 - 0.5 * $1.0 * $1.0 / $1.1 - 0.5 * .log($1.1) - 0.918938533204672741780 }
        / count
    }
    let mean = sum(rest[...]) / count
    let squares = sum(rest.map { ($0 - mean) * ($0 - mean) }[...])
    // Without one of n, the mean moves by e/(n - 1) and the sum of squares falls by e² n/(n - 1).
    populationMeanScore = score(
      rest.map { ($0 - mean) * count / (count - 1) },
      rest.map { (squares - ($0 - mean) * ($0 - mean) * count / (count - 1)) / (count - 2) })
    let own = zip(rest, first).map { $0 - tokens * $1 }
    let ownSquares = sum(own.map { $0 * $0 }[...])
    ownMeanScore = score(own, own.map { (ownSquares - $0 * $0) / (count - 1) })
    let center = sum(first[...]) / count
    let spread = sum(first.map { ($0 - center) * ($0 - center) }[...])
    let slope = spread > 0 ? sum(zip(first, rest).map { ($0 - center) * ($1 - mean) }[...]) / spread : 0
    let errors = zip(first, rest).map { $1 - mean - slope * ($0 - center) }
    let errorSquares = sum(errors.map { $0 * $0 }[...])
    // Without one the residual is e/(1 - h) and the sum of squares falls by e²/(1 - h).
    let free = first.map { 1 - 1 / count - (spread > 0 ? ($0 - center) * ($0 - center) / spread : 0) }
    regressionScore = score(
      zip(errors, free).map { $0 / $1 }, zip(errors, free).map { (errorSquares - $0 * $0 / $1) / (count - 3) })
  }
}

private func sum(_ values: ArraySlice<Double>) -> Double {
  var sum = CompensatedSum()
  for value in values { sum.add(value) }
  return sum.value
}
