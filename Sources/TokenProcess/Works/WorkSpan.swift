/// A run of neighbouring tokens of a work.
public struct WorkSpan: Sendable, Equatable {
  /// The index of the first token, from 0.
  public let start: Int
  /// The index after the last token.
  public let end: Int
  /// The largest ln m(t) in it.
  public let logRisk: Double

  /// The number of tokens.
  public var count: Int { end - start }
}

extension WorkRisk {
  /// The tokens with m(t) >= a threshold.
  ///
  /// - Parameter logThreshold: ln τ.
  public func coveredTokens(logThreshold: Double) -> Int { logRisk.count { $0 >= logThreshold } }

  /// The runs of tokens with m(t) >= a threshold, in their order, none next to another.
  ///
  /// - Parameter logThreshold: ln τ.
  public func spans(logThreshold: Double) -> [WorkSpan] {
    runs { $0 >= logThreshold }
  }

  /// The runs of tokens with one and the same m(t), those that no window covers left out.
  public var levels: [WorkSpan] {
    var levels: [WorkSpan] = []
    var start = 0
    while start < logRisk.count {
      var end = start + 1
      while end < logRisk.count, logRisk[end] == logRisk[start] { end += 1 }
      if !logRisk[start].isNaN { levels.append(WorkSpan(start: start, end: end, logRisk: logRisk[start])) }
      start = end
    }
    return levels
  }

  private func runs(_ isIn: (Double) -> Bool) -> [WorkSpan] {
    var spans: [WorkSpan] = []
    var start: Int?
    var largest = -Double.infinity
    for (token, value) in logRisk.enumerated() {
      if isIn(value) {
        if start == nil { (start, largest) = (token, value) }
        largest = max(largest, value)
      } else if let first = start {
        spans.append(WorkSpan(start: first, end: token, logRisk: largest))
        start = nil
      }
    }
    if let start { spans.append(WorkSpan(start: start, end: logRisk.count, logRisk: largest)) }
    return spans
  }
}
