import GSLNumerics
import RealModule

/// How well a family fits, by simulating data from the fit and fitting them again (Clauset, Shalizi and Newman, SIAM Review
/// 51, 2009, 4.1): the share of simulated data sets that are further from their own fit than the data are from theirs.
public struct BootstrapGoodness: Sendable, Equatable {
  /// The family.
  public let family: String
  /// The Kolmogorov–Smirnov distance of the data.
  public let statistic: Double
  /// (1 + number of replicates at least as far) / (1 + replicates): small when the family is wrong.
  public let pValue: Double
  /// 95 % limits for the p-value that infinitely many replicates would give (Clopper–Pearson).
  public let interval: ClosedRange<Double>
  /// The number of replicates that could be fitted.
  public let replicates: Int
  /// The seed; replicate r uses stream r.
  public let seed: UInt64

  /// Tests a fit of counts.
  ///
  /// Each replicate has as many observations as the data; those inside the window are drawn from the fitted law, and
  /// censored at lengths drawn from the product-limit estimate of the data's own censoring. n_min is held fixed.
  ///
  /// - Parameters:
  ///   - fit: A fit of these counts with a boundary or without.
  ///   - counts: Whole numbers of observations, not fractional weights.
  ///   - replicates: Simulated data sets.
  ///   - seed: Seed of the simulation.
  ///   - threads: Tasks to spread the replicates over; the result does not depend on it.
  /// - Throws: `CancellationError`; `DistributionError.noData` when no replicate could be fitted; `NumericsError`.
  public init(
    _ fit: Fit, counts: CensoredCounts, replicates: Int = 1000, seed: UInt64 = 0, threads: Int = 1
  ) async throws {
    let family = try Family.named(fit.family)
    let data = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
    let observed = KolmogorovSmirnov.distance(of: fit, to: counts)
    let source = Replicates(fit: fit, data: data)
    let tasks = max(1, min(threads, replicates))
    let results = try await withThrowingTaskGroup(of: [Double].self) { group in
      for task in 0..<tasks {
        group.addTask {
          var distances: [Double] = []
          for replicate in stride(from: task, to: replicates, by: tasks) {
            try Task.checkCancellation()
            let sample = source.sample(seed: seed, stream: UInt64(replicate))
            guard let refit = try? MaximumLikelihood(window: fit.window).fit(family, to: sample) else { continue }
            distances.append(KolmogorovSmirnov.distance(of: refit, to: sample))
          }
          return distances
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    guard !results.isEmpty else { throw DistributionError.noData }
    // Two equal distances differ in the last bits.
    let further = results.count { $0 >= observed * (1 - 1e-12) }
    self.family = fit.family
    self.seed = seed
    self.replicates = results.count
    statistic = observed
    pValue = Double(further + 1) / Double(results.count + 1)
    interval = try Self.clopperPearson(further, of: results.count)
  }

  private static func clopperPearson(_ successes: Int, of trials: Int) throws -> ClosedRange<Double> {
    let (x, n) = (Double(successes), Double(trials))
    // I_p(x, n - x + 1) = P(X >= x) and I_p(x + 1, n - x) = P(X > x).
    let lower = x == 0 ? 0 : try findRoot(in: 0...1) { try incompleteBeta(x, n - x + 1, $0) - 0.025 }
    let upper = x == n ? 1 : try findRoot(in: 0...1) { try incompleteBeta(x + 1, n - x, $0) - 0.975 }
    return lower...upper
  }

  /// Draws data sets like the observed one from a fitted law.
  private struct Replicates: Sendable {
    private let fit: Fit
    private let observations: Int
    private let logWindow: Double
    /// Censoring lengths and the probability that a value is censored no later.
    private let censoring: [(length: Int, cumulative: Double)]

    init(fit: Fit, data: CensoredCounts) {
      self.fit = fit
      observations = Int(data.total.rounded())
      logWindow = fit.window.logProbability(of: fit.law)
      // The product limit with the roles exchanged: ended values are what hides the censoring.
      var left = data.total
      var survival = 1.0
      var steps: [(length: Int, cumulative: Double)] = []
      for cell in data.cells {
        // Censored at n leaves before an end at n.
        if cell.censored > 0 {
          survival *= 1 - cell.censored / left
          steps.append((cell.length, 1 - survival))
        }
        left -= cell.censored + cell.exact
      }
      censoring = steps
    }

    func sample(seed: UInt64, stream: UInt64) -> CensoredCounts {
      var generator = SeededGenerator(seed: seed, stream: stream)
      var cells: [Int: (exact: Double, censored: Double)] = [:]
      for _ in 0..<observations {
        let n = draw(&generator)
        let u = generator.uniform()
        let limit = censoring.first { $0.cumulative >= u }?.length ?? .max
        if n < limit { cells[n, default: (0, 0)].exact += 1 } else { cells[limit, default: (0, 0)].censored += 1 }
      }
      return CensoredCounts(
        sorted: cells.sorted { $0.key < $1.key }.map {
          CensoredCounts.Cell(length: $0.key, exact: $0.value.exact, censored: $0.value.censored)
        })
    }

    /// A value of the window: by inversion of the survival between its ends.
    private func draw(_ generator: inout SeededGenerator) -> Int {
      let beyond = fit.window.maximum.map { fit.law.logSurvival($0 + 1) } ?? -.infinity
      let target = logAddExp(beyond, .log(generator.uniform()) + logWindow)
      return max(fit.window.minimum, fit.law.quantile(logTail: target) ?? .max)
    }
  }
}
