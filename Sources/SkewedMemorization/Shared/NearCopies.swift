import RealModule
import Reports
import TokenProcess

/// How probable continuations are that differ from the reference in a few tokens: between proved bounds.
public struct NearCopies: Codable, Sendable, Equatable {
  /// What is compared.
  public var distance: TokenDistance
  /// How tokens are drawn.
  public var decoding: Decoding
  /// The largest distance that counts.
  public var e: Int
  /// The tokens that are compared.
  public var n: Int
  /// Records with such bounds.
  public var records: Int
  /// Records expected to come out verbatim in one draw from each.
  public var verbatim: Double
  /// Records expected to come out within the distance in one draw from each: proved lower bound.
  public var lower: Double
  /// Proved upper bound.
  public var upper: Double
  /// The same by sampling, where every record has an estimate; null otherwise.
  @OrNull public var estimated: Double?
  /// Requests that the bounds took.
  public var requests: Int
  /// Records by their probability.
  public var thresholds: [Threshold]
  /// The same expectations for several draws from each record.
  public var inDraws: [InDraws]
  /// Draws of the most probable record until it comes out with a probability of one half.
  public var drawsNeeded: DrawsNeeded

  enum CodingKeys: String, CodingKey {
    case distance, decoding, e, n, records, verbatim, lower, upper, estimated, requests, thresholds
    case inDraws = "in_draws"
    case drawsNeeded = "draws_needed"
  }

  /// Records with at least some probability.
  public struct Threshold: Codable, Sendable, Equatable {
    /// The probability.
    public var threshold: Double
    /// Records that come out verbatim with it.
    public var verbatim: Int
    /// Records that certainly come out within the distance with it.
    public var lower: Int
    /// Records that possibly do.
    public var upper: Int
  }

  /// Expected records in several draws from each.
  public struct InDraws: Codable, Sendable, Equatable {
    /// Draws from each record.
    public var draws: Double
    /// Records expected to come out verbatim.
    public var verbatim: Double
    /// Records expected to come out within the distance: proved lower bound.
    public var lower: Double
    /// Proved upper bound.
    public var upper: Double
  }

  /// Draws until a probability of one half; null where it is 0.
  public struct DrawsNeeded: Codable, Sendable, Equatable {
    /// Of a verbatim copy.
    @OrNull public var verbatim: Double?
    /// Of a near-copy, at least.
    @OrNull public var lower: Double?
    /// Of a near-copy, at most.
    @OrNull public var upper: Double?
  }

  init(_ sums: NearSums) {
    (distance, e, n, records, requests) = (sums.distance, sums.limit, sums.length, sums.records, sums.requests)
    (verbatim, lower, upper) = (sums.verbatim.value, sums.lower.value, sums.upper.value)
    decoding = sums.decoding ?? .plain
    thresholds = NearSums.thresholds.enumerated().map { index, threshold in
      .init(
        threshold: threshold, verbatim: sums.verbatimAbove[index], lower: sums.lowerAbove[index],
        upper: sums.upperAbove[index])
    }
    inDraws = sums.inDraws.map {
      .init(draws: $0.draws, verbatim: $0.verbatim.value, lower: $0.lower.value, upper: $0.upper.value)
    }
    func needed(_ log: Double) -> Double? {
      log <= -.greatestFiniteMagnitude
        ? nil : Extraction.draws(logSurvival: log, probability: 0.5).finite
    }
    drawsNeeded = DrawsNeeded(
      verbatim: needed(sums.largest.verbatim), lower: needed(sums.largest.upper), upper: needed(sums.largest.lower))
    _estimated = OrNull(wrappedValue: sums.estimates == sums.records ? sums.estimated.value : nil)
  }

  /// Sums as reports have them, in the order of distance, n and e.
  static func sorted(_ sums: [NearSums]) -> [NearCopies] {
    sums.map { NearCopies($0) }.sorted {
      ($0.distance.rawValue, "\($0.decoding)", $0.n, $0.e) < ($1.distance.rawValue, "\($1.decoding)", $1.n, $1.e)
    }
  }
}

extension Double {
  fileprivate var finite: Double? { isFinite ? self : nil }
}

extension ReportDocument {
  /// Near-copies as they are read; nothing where none were searched for.
  mutating func addNearCopies(_ near: [NearCopies]?) {
    guard let near, let first = near.first else { return }
    heading("Near-copies")
    let hasDecoding = near.contains { $0.decoding != .plain }
    paragraph(
      "A copy with a few tokens changed is a copy too. The probability that one draw"
        + (hasDecoding ? "" : " at temperature 1")
        + " differs from the reference in at most e tokens lies between proved bounds, from "
        + "\(NumberText.count(near.map(\.requests).reduce(0, +), "request")) to the model.")
    func ends(_ lower: Int, _ upper: Int) -> String {
      lower == upper ? NumberText.count(lower) : "\(NumberText.count(lower)) – \(NumberText.count(upper))"
    }
    func range(_ lower: Double?, _ upper: Double?) -> String {
      let texts = [lower, upper].map { $0.map { NumberText.text($0) } ?? "∞" }
      return texts[0] == texts[1] ? texts[0] : texts.joined(separator: " – ")
    }
    let hasEstimates = near.contains { $0.estimated != nil }
    let places = ["distance"] + (hasDecoding ? ["decoding"] : []) + ["n", "e"]
    func place(_ near: NearCopies) -> [String] {
      [near.distance.rawValue] + (hasDecoding ? ["\(near.decoding)"] : []) + [NumberText.count(near.n), "\(near.e)"]
    }
    func probabilities(_ near: NearCopies) -> [String] {
      var row = place(near)
      row += [NumberText.count(near.records), NumberText.text(near.verbatim), range(near.lower, near.upper)]
      if hasEstimates { row.append(near.estimated.map { NumberText.text($0) } ?? "—") }
      for threshold in near.thresholds {
        row += [NumberText.count(threshold.verbatim), ends(threshold.lower, threshold.upper)]
      }
      return row
    }
    func draws(_ near: NearCopies) -> [String] {
      var row = place(near)
      for sums in near.inDraws { row += [NumberText.text(sums.verbatim), range(sums.lower, sums.upper)] }
      let needed = near.drawsNeeded
      func draws(_ value: Double?) -> String { value.map { NumberText.weight($0) } ?? "∞" }
      let ends = [draws(needed.lower), draws(needed.upper)]
      return row + [draws(needed.verbatim), ends[0] == ends[1] ? ends[0] : ends.joined(separator: " – ")]
    }
    let left: Set = hasDecoding ? [0, 1] : [0]
    let above = first.thresholds.flatMap { ["p ≥ \(NumberText.setting($0.threshold)): verbatim", "within e"] }
    let expected = ["records", "expected verbatim", "expected within e"] + (hasEstimates ? ["estimate"] : [])
    table(.init(places + expected + above, left: left, rows: near.map(probabilities)))
    paragraph(
      "Records expected to come out when several continuations are drawn from each, and the draws that the most "
        + "probable record needs to come out with a probability of one half:")
    let inDraws = first.inDraws.flatMap {
      ["\(NumberText.weight($0.draws)) draw\($0.draws == 1 ? "" : "s"): verbatim", "within e"]
    }
    table(.init(places + inDraws + ["draws needed: verbatim", "within e"], left: left, rows: near.map(draws)))
  }
}
