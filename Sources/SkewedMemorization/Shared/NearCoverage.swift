import RealModule
import Reports
import TokenProcess

/// How much of a work stands in windows of which a near-copy comes out with at least some probability.
public struct NearCoverage: Codable, Sendable, Equatable {
  /// What is compared.
  public var distance: TokenDistance
  /// How tokens are drawn.
  public var decoding: Decoding
  /// The largest distance that counts.
  public var e: Int
  /// The tokens that are compared: the first n of a window.
  public var n: Int
  /// Windows with bounds.
  public var windows: Int
  /// The coverage at each threshold.
  public var coverage: [Threshold]

  /// The shares of a work's tokens in windows of at least some probability, copies from the context included.
  public struct Threshold: Codable, Sendable, Equatable {
    /// The probability.
    public var threshold: Double
    /// In windows that come out verbatim with it.
    public var verbatim: Double
    /// In windows that certainly come out within the distance with it.
    public var lower: Double
    /// In windows that possibly do.
    public var upper: Double
  }

  init(_ windows: NearWindows, of tokens: Int, thresholds: [Double]) {
    (distance, e, n) = (windows.distance, windows.limit, windows.length)
    decoding = windows.decoding
    self.windows = windows.windows.count
    func share(_ threshold: Double, _ value: (NearWindows.Window) -> Double) -> Double {
      // Rounding of an exponential is no evidence against a window.
      let log = Double.log(threshold) - 1e-12
      return Double(windows.covered { value($0) >= log }) / Double(max(1, tokens))
    }
    coverage = thresholds.map { threshold in
      Threshold(
        threshold: threshold, verbatim: share(threshold) { $0.verbatim }, lower: share(threshold) { $0.lower },
        upper: share(threshold) { $0.upper })
    }
  }
}

/// The windows of one work with bounds for one distance, scheme, e and n.
struct NearWindows: Sendable {
  /// One window, with ln of its probabilities.
  struct Window: Sendable {
    let start: Int
    let verbatim: Double
    let lower: Double
    let upper: Double
  }

  let distance: TokenDistance
  let decoding: Decoding
  let limit: Int
  let length: Int
  private(set) var windows: [Window] = []

  init(_ bounds: NearVerbatimBounds) {
    (distance, decoding, limit, length) = (bounds.distance, bounds.decoding, bounds.limit, bounds.length)
  }

  mutating func add(_ bounds: NearVerbatimBounds, start: Int, logVerbatim: Double) {
    windows.append(Window(start: start, verbatim: logVerbatim, lower: bounds.logLower, upper: bounds.logUpper))
  }

  mutating func merge(_ other: NearWindows) { windows += other.windows }

  /// The tokens in at least one of some windows.
  func covered(_ isTaken: (Window) -> Bool) -> Int {
    var (covered, end) = (0, Int.min)
    for start in windows.filter(isTaken).map(\.start).sorted() {
      covered += start + length - max(start, end)
      end = max(end, start + length)
    }
    return covered
  }
}
