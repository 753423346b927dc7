import GSLNumerics
import RealModule

/// Confidence intervals by fitting resampled data again: quantiles of the estimates.
///
/// Observations are drawn with replacement from the data; where weights are fractional, whole clusters of records are.
/// It needs neither a maximum in the interior nor a likelihood with a χ² law, and takes the choice of n_min into
/// account where that was made by the data.
public struct BootstrapIntervals: Sendable {
  /// How the data were fitted.
  public enum Minimum: Sendable {
    /// With this window.
    case fixed(LengthWindow)
    /// From the n_min of the Kolmogorov–Smirnov rule.
    case automatic(through: Int?, smallestTail: Double)
  }

  /// The fits of the resampled data that could be fitted.
  private let fits: [Fit]
  /// The number of replicates that could be fitted.
  public var replicates: Int { fits.count }

  /// Fits resampled data.
  ///
  /// - Parameters:
  ///   - family: The family.
  ///   - counts: The data.
  ///   - minimum: How its tail is chosen.
  ///   - clusters: The same weights by clusters of records, when they are fractional.
  ///   - replicates: Resampled data sets.
  ///   - seed: Seed; replicate r uses stream r.
  ///   - threads: Tasks to spread the replicates over; the result does not depend on it.
  /// - Throws: `CancellationError`; `DistributionError.noData` when no replicate could be fitted.
  public init(
    _ family: any FittableFamily.Type, counts: CensoredCounts, minimum: Minimum = .fixed(LengthWindow()),
    clusters: [CensoredCounts]? = nil, replicates: Int = 1000, seed: UInt64 = 0, threads: Int = 1
  ) async throws {
    fits = try await inParallel(0..<max(0, replicates), threads: threads) { replicate -> Fit? in
      try Task.checkCancellation()
      var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
      let sample: CensoredCounts
      if let clusters {
        let drawn = clusters.indices.map { _ in clusters[Int.random(in: clusters.indices, using: &generator)] }
        sample = CensoredCounts(sorted: drawn.flatMap(\.cells).sorted { $0.length < $1.length })
      } else {
        sample = counts.resampled(Int(min(counts.total.rounded(), 0x1p53)), using: &generator)
      }
      switch minimum {
      case .fixed(let window):
        return try? MaximumLikelihood(window: window).fit(family, to: sample)
      case .automatic(let maximum, let smallestTail):
        return try? MinimumSelection(family, counts: sample, through: maximum, smallestTail: smallestTail).fit
      }
    }.compactMap(\.self)
    guard !fits.isEmpty else { throw DistributionError.noData }
  }

  /// The interval of a parameter. A replicate in which it has no finite value, as on some boundaries, is left out.
  ///
  /// - Returns: nil where fewer than half of the replicates have one.
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func interval(of name: String, level: Double = 0.95) throws -> ClosedRange<Double>? {
    try quantiles(fits.compactMap { fit in fit.parameters.first { $0.name == name }?.value }, level)
  }

  /// The interval of ln S(n) = ln P(N >= n | N >= n_min), for n_min of each replicate.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func intervalOfLogSurvival(_ n: Int, level: Double = 0.95) throws -> ClosedRange<Double>? {
    try quantiles(fits.map { $0.logSurvival(n) }, level)
  }

  /// The interval of n_min.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func intervalOfMinimum(level: Double = 0.95) throws -> ClosedRange<Int>? {
    try quantiles(fits.map { Double($0.window.minimum) }, level).map { Int($0.lowerBound)...Int($0.upperBound) }
  }

  /// The quantiles that leave out equal parts at both ends: order statistics, so that whole numbers stay whole.
  private func quantiles(_ values: [Double], _ level: Double) throws -> ClosedRange<Double>? {
    guard level > 0, level < 1 else { throw DistributionError.level(level) }
    guard 2 * values.count >= fits.count else { return nil }
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let last = sorted.indices.last else { return nil }
    let cut = Int((0.5 * (1 - level) * Double(sorted.count)).rounded(.down))
    return sorted[min(cut, last / 2)]...sorted[max(last - cut, last - last / 2)]
  }
}
