import GSLNumerics
import RealModule

/// How tokens are drawn from a model's distribution: temperature, then top-k, then top-p, then min-p, then renormalized
/// (TheModel §7); or greedily.
///
/// Every step keeps the tokens above a threshold, and ties at a threshold are kept.
public struct Decoding: Sendable, Equatable {
  /// The temperature T: probabilities become proportional to p^(1/T). 0 is greedy.
  public let temperature: Double
  /// Keep the k most probable tokens; nil for all.
  public let topK: Int?
  /// Keep the most probable tokens until their share reaches this; nil for all.
  public let topP: Double?
  /// Keep the tokens with at least this share of the most probable one's probability, at the temperature; nil for all.
  public let minP: Double?

  /// Sampling from the whole distribution at temperature 1.
  public static let plain = Decoding()
  /// Always the most probable token.
  public static let greedy = Decoding(greedy: 0)

  /// A scheme.
  ///
  /// - Throws: `ArgumentError` unless temperature is 0, or finite and at least 1e-6, k at least 1, 0 < top-p <= 1 and
  ///   0 <= min-p <= 1.
  public init(
    temperature: Double, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil
  ) throws(ArgumentError) {
    guard temperature == 0 || temperature >= 1e-6, temperature.isFinite else {
      throw ArgumentError(name: "temperature", value: "\(temperature)", allowed: "0, or finite and 1e-6 or more")
    }
    if let topK, topK < 1 { throw ArgumentError(name: "topK", value: "\(topK)", allowed: "1 or more") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ArgumentError(name: "topP", value: "\(topP)", allowed: "0 < top-p <= 1")
    }
    if let minP, !(minP >= 0 && minP <= 1) {
      throw ArgumentError(name: "minP", value: "\(minP)", allowed: "0 <= min-p <= 1")
    }
    self.temperature = temperature
    self.topK = topK
    self.topP = topP == 1 ? nil : topP
    self.minP = minP == 0 ? nil : minP
  }

  private init() {
    (temperature, topK, topP, minP) = (1, nil, nil, nil)
  }

  private init(greedy: Double) {
    (temperature, topK, topP, minP) = (greedy, nil, nil, nil)
  }

  /// Whether the most probable token is always taken.
  public var isGreedy: Bool { temperature == 0 }
  /// Whether some tokens may be left out.
  var isTruncated: Bool { topK != nil || topP != nil || minP != nil }

  /// ln of every token's probability under the scheme, from the logits of the whole vocabulary; -inf for tokens left
  /// out.
  ///
  /// Logits may be shifted by any constant; -inf is a token that cannot be produced. Greedy decoding gives the first of
  /// the largest probability 1.
  ///
  /// - Complexity: O(V log V).
  /// - Throws: `ArgumentError` for logits that are empty, NaN, +inf or all -inf.
  public func logProbabilities(logits: [Double]) throws(ArgumentError) -> [Double] {
    guard let highest = logits.max(), highest > -.infinity, highest < .infinity, !logits.contains(where: \.isNaN) else {
      throw ArgumentError(name: "logits", value: "\(logits.count) values", allowed: "finite or -inf, not all -inf")
    }
    if isGreedy {
      let first = logits.firstIndex(of: highest)
      return logits.indices.map { $0 == first ? 0 : -.infinity }
    }
    let scaled = logits.map { ($0 - highest) / temperature }
    let ordered = scaled.sorted(by: >)
    var threshold = -Double.infinity
    if let topK, topK < ordered.count { threshold = ordered[topK - 1] }
    if let topP {
      let kept = ordered.prefix { $0 >= threshold }.map { Double.exp($0) }
      // Added from the small end, and the running sum from the large one.
      let target = topP * kept.reversed().reduce(0, +)
      var sum = 0.0
      for (index, value) in kept.enumerated() {
        sum += value
        if sum >= target {
          threshold = max(threshold, ordered[index])
          break
        }
      }
    }
    if let minP { threshold = max(threshold, .log(minP)) }
    let total = ordered.prefix { $0 >= threshold }.reversed().reduce(0) { $0 + .exp($1) }
    let logTotal = Double.log(total)
    return scaled.map { $0 >= threshold ? $0 - logTotal : -.infinity }
  }
}

extension Decoding: CustomStringConvertible {
  /// In words, e.g. `temperature 0.8, top-k 20`, or `greedy decoding`.
  public var description: String {
    if isGreedy { return "greedy decoding" }
    // 1 and not 1.0, as it was set.
    func text(_ value: Double) -> String { value == 1 || value == 2 ? "\(Int(value))" : "\(value)" }
    let parts = [topK.map { "top-k \($0)" }, topP.map { "top-p \(text($0))" }, minP.map { "min-p \(text($0))" }]
    return (["temperature \(text(temperature))"] + parts.compactMap(\.self)).joined(separator: ", ")
  }
}
