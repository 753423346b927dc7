import GSLNumerics
import RealModule

/// How well a score tells members of the training set from others.
public struct Discrimination: Sendable, Equatable {
  /// The area under the receiver operating characteristic: P(member's score > other's) + P(equal)/2.
  public let areaUnderCurve: Double
  /// Its interval.
  public let interval: ClosedRange<Double>
  /// The curve of false and true positive rates at falling thresholds, from (0, 0) to (1, 1): its corners. Points on a
  /// straight line between others that share a rate are left out, of which there may be as many as scores.
  public let curve: [(falsePositiveRate: Double, truePositiveRate: Double)]
  /// The numbers of members and others.
  public let members: Int
  public let others: Int
  private let level: Double

  public static func == (a: Self, b: Self) -> Bool {
    a.areaUnderCurve == b.areaUnderCurve && a.interval == b.interval && a.members == b.members && a.others == b.others
      && a.curve.elementsEqual(b.curve, by: ==)
  }

  /// Compares scores, higher for likelier members.
  ///
  /// The interval is DeLong's (DeLong, DeLong, Clarke-Pearson, Biometrics 44, 1988), cut at 0 and 1. Where the scores
  /// separate the groups its variance is 0; there the lower limit is (α/2)^(1/k) with k the size of the smaller group,
  /// the Clopper–Pearson limit from k disjoint pairs that all agree. A group of one record, or scores that are all
  /// tied, say nothing: 0 … 1.
  ///
  /// - Returns: nil without members, without others, or with a NaN.
  /// - Complexity: O(n log n).
  public init?(members: [Double], others: [Double], level: Double = 0.95) {
    precondition(level > 0 && level < 1, "level \(level)")
    guard !members.isEmpty, !others.isEmpty, !(members + others).contains(where: \.isNaN) else { return nil }
    let (m, n) = (Double(members.count), Double(others.count))
    let (ofMembers, ofOthers) = Self.placements(members: members, others: others)
    let area = ofMembers.reduce(0, +) / m
    func spread(_ values: [Double]) -> Double { values.count < 2 ? 0 : variance(of: values, around: area) }
    let deviation = (spread(ofMembers) / m + spread(ofOthers) / n).squareRoot()
    areaUnderCurve = area
    self.members = members.count
    self.others = others.count
    self.level = level
    if min(m, n) > 1, area == 1 || area == 0 {
      let limit = Double.pow(0.5 * (1 - level), 1 / min(m, n))
      interval = area == 1 ? limit...1 : 0...(1 - limit)
    } else if min(m, n) < 2 || deviation == 0 {
      interval = 0...1
    } else {
      let width = ((try? normalQuantile(0.5 + 0.5 * level)) ?? .nan) * deviation
      interval = max(0, area - width)...min(1, area + width)
    }
    var curve = [(falsePositiveRate: 0.0, truePositiveRate: 0.0)]
    let scores = (members.map { ($0, true) } + others.map { ($0, false) }).sorted { $0.0 > $1.0 }
    var (truePositives, falsePositives) = (0, 0)
    for (index, (score, isMember)) in scores.enumerated() {
      if isMember { truePositives += 1 } else { falsePositives += 1 }
      guard index + 1 == scores.count || scores[index + 1].0 != score else { continue }
      let point = (falsePositiveRate: Double(falsePositives) / n, truePositiveRate: Double(truePositives) / m)
      if curve.count >= 2 {
        let (last, before) = (curve[curve.count - 1], curve[curve.count - 2])
        let isOnLine =
          before.falsePositiveRate == last.falsePositiveRate && last.falsePositiveRate == point.falsePositiveRate
          || before.truePositiveRate == last.truePositiveRate && last.truePositiveRate == point.truePositiveRate
        if isOnLine { curve.removeLast() }
      }
      curve.append(point)
    }
    self.curve = curve
  }

  /// The same for scores with a label each: whether it is a member's.
  ///
  /// - Precondition: As many labels as scores.
  package init?(scores: [Double], labels: [Bool], level: Double = 0.95) {
    let (members, others) = Self.split(scores, by: labels)
    self.init(members: members, others: others, level: level)
  }

  /// The scores of members, and those of others.
  static func split(_ scores: [Double], by labels: [Bool]) -> (members: [Double], others: [Double]) {
    precondition(scores.count == labels.count, "\(scores.count) scores, \(labels.count) labels")
    return (zip(scores, labels).filter(\.1).map(\.0), zip(scores, labels).filter { !$0.1 }.map(\.0))
  }

  /// The share of others below each member, and of members above each other (Sun, Xu, 2014).
  static func placements(members: [Double], others: [Double]) -> (members: [Double], others: [Double]) {
    let (m, n) = (Double(members.count), Double(others.count))
    let all = ranks(members + others)
    return (
      zip(all[..<members.count], ranks(members)).map { ($0 - $1) / n },
      zip(all[members.count...], ranks(others)).map { 1 - ($0 - $1) / m }
    )
  }

  /// The largest true positive rate at a false positive rate of at most `rate`, with its Clopper–Pearson limits for the
  /// threshold that gives it.
  public func truePositiveRate(atFalsePositiveRate rate: Double) -> (value: Double, interval: ClosedRange<Double>) {
    let value = curve.last { $0.falsePositiveRate <= rate }?.truePositiveRate ?? 0
    return (value, clopperPearson(Int((value * Double(members)).rounded()), of: members, level: level))
  }

  /// The smallest false positive rate at a true positive rate of at least `rate`.
  public func falsePositiveRate(atTruePositiveRate rate: Double) -> Double {
    curve.first { $0.truePositiveRate >= rate }?.falsePositiveRate ?? 1
  }
}
