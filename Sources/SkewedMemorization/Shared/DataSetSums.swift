import Captures
import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

/// What adds up over the records of a data set: all that an audit, a fit and a prediction of it need, in memory that
/// does not grow with the number of records.
///
/// Add records, or merge the sums of the parts of a data set; a file of them is called a summary.
///
/// ```swift
/// var sums = try DataSetSums()
/// for i in 1...20 { sums.add(try Record(id: "r\(i)", tokenLogProbabilities: [-0.1 * Double(i), -0.5])) }
/// print(sums.records)  // prints 20
/// ```
public struct DataSetSums: Sendable {
  /// The lengths n at which counts and concentration are kept; nil for 1, 2, 4, 8, … and the largest length.
  public internal(set) var lengths: [Int]?
  /// How many of the riskiest records are kept by name.
  public internal(set) var top: Int
  /// Invalid lines that were left out.
  public internal(set) var skipped = 0
  var sums = Sums()
  var risks: RiskiestRecords
  var wholes: RiskiestRecords

  /// Everything that adds up.
  struct Sums: Sendable, Codable {
    var survival = SurvivalAccumulator()
    var histogram = MatchLengthHistogram()
    var greedy = MatchLengthHistogram()
    var greedyRecords = 0
    var cumulance = CumulanceAccumulator()
    var heterogeneity = HeterogeneityAccumulator()
    var groups = RecordGroups()
    /// Records by the work that they are windows of; nil where none is.
    var workGroups: RecordGroups?
    /// The works; nil where there are none.
    var works: WorkRows?
    /// Near-copies by distance, e and n; nil where none were searched for.
    var near: [String: NearSums]?
    var tokens = 0
    var logProbabilities = CompensatedSum()
    var tails = Tails()
    var ids = NumberSet()
    var repeatedIDs = 0
    var provenance: [String: InOrder<String>] = [:]
    /// Records whose one token stands for a whole reference; nil for none.
    var wholeReferences: Int?
  }

  /// No records yet.
  ///
  /// - Parameters:
  ///   - lengths: The lengths to report on, each 1 or more; nil for 1, 2, 4, 8, … and the largest length.
  ///   - top: How many of the riskiest records to name, 0 to 1,000,000.
  /// - Throws: `ArgumentError`.
  public init(lengths: [Int]? = nil, top: Int = 100) throws(ArgumentError) {
    if let lengths { try ArgumentError.check(lengths: lengths) }
    try ArgumentError.check(top, "top", in: 0...1_000_000)
    self.lengths = lengths
    self.top = top
    risks = RiskiestRecords(limit: top, by: .expected)
    wholes = RiskiestRecords(limit: top, by: .whole)
  }

  /// Whether other sums are of the same lengths.
  private func hasSameLengths(as other: DataSetSums) -> Bool { lengths.map(Set.init) == other.lengths.map(Set.init) }

  /// Adds a record.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ record: Record) { add([record]) }

  /// Adds records: the more at once, the faster.
  ///
  /// - Complexity: O(tokens).
  public mutating func add(_ records: [Record]) {
    var laws = MatchLengthLaws()
    var start = 0
    while start < records.count {
      // Those that follow each other, of one length and all with a place in a document or all without.
      let (length, isPlaced) = (records[start].tokenLogProbabilities.count, records[start].place != nil)
      let limit = min(records.count, start + MatchLengthLaws.count(ofLength: length))
      let end =
        records[start..<limit].firstIndex {
          $0.tokenLogProbabilities.count != length || ($0.place != nil) != isPlaced
        } ?? limit
      laws.replace(with: records[start..<end])
      add(laws, of: records[start..<end])
      start = end
    }
  }

  private mutating func add(_ laws: MatchLengthLaws, of records: ArraySlice<Record>) {
    let longest = sums.survival.maximumLength
    sums.survival.add(laws)
    sums.histogram.add(laws)
    sums.heterogeneity.add(laws)
    addGroups(records, laws)
    addTails(laws, longest: longest)
    sums.tokens += laws.count * laws.length
    for (index, place) in records.indices.enumerated() {
      let moments = laws.moments(of: index)
      sums.cumulance.add(moments)
      let full = laws.logSurvival(laws.length, of: index)
      sums.logProbabilities.add(full)
      if sums.ids.count < Self.rememberedIDs, !sums.ids.insert(Self.fingerprint(records[place])) {
        sums.repeatedIDs += 1
      }
      let match = records[place].isBare ? nil : addDetails(of: records[place])
      guard
        risks.admits(expected: moments.mean, logProbabilityFull: full, length: laws.length)
          || wholes.admits(expected: moments.mean, logProbabilityFull: full, length: laws.length)
      else { continue }
      let risk = RecordAtRisk(
        id: records[place].id, expected: moments.mean, logProbabilityFull: full > -.infinity ? full : nil,
        length: laws.length, greedy: match?.length)
      risks.add(risk, of: records[place])
      wholes.add(risk)
    }
  }

  /// Adds what a record has beside probabilities.
  ///
  /// - Returns: Its greedy match, if it is known.
  private mutating func addDetails(of record: Record) -> GreedyMatch? {
    let match = GreedyMatch(record)
    if let match {
      sums.greedy.add(match)
      sums.greedyRecords += 1
    }
    for bounds in record.near ?? [] {
      sums.near = sums.near ?? [:]
      sums.near?[NearSums.key(bounds), default: NearSums(bounds)].add(bounds, record, MatchLengthLaw(record))
    }
    if record.isWholeReference { sums.wholeReferences = (sums.wholeReferences ?? 0) + 1 }
    note("run", record.run)
    note("epoch", record.epoch.map { "\($0)" })
    note("split", record.split)
    note("prefix_id", record.prefixID)
    return match
  }

  /// Windows of a work are not independent: those of a stretch of twice their length are one unit, and those of a work.
  private mutating func addGroups(_ records: ArraySlice<Record>, _ laws: MatchLengthLaws) {
    var (stretches, works): ([UInt64?], [UInt64?]) = ([], [])
    for record in records {
      guard let place = record.place else { break }
      let window = laws.length + (record.prefixTokenIDs?.count ?? laws.length)
      let work = Fingerprint(place.document.utf8).value
      works.append(work)
      stretches.append(work &+ UInt64(place.start / (2 * window)) &* 0x9E37_79B9_7F4A_7C15)
      sums.works = sums.works ?? WorkRows(lengths: lengths)
      sums.works?.add(record)
    }
    guard !works.isEmpty else { return sums.groups.add(laws, units: Array(repeating: nil, count: laws.count)) }
    sums.groups.add(laws, units: stretches)
    sums.workGroups = sums.workGroups ?? RecordGroups()
    sums.workGroups?.add(laws, units: works)
  }

  /// Whether every record says which window of which work it is.
  var areWindows: Bool { records > 0 && sums.workGroups?.records == records }

  /// What to resample: works, where all records are windows of ten or more; otherwise records, and stretches of works.
  var independentGroups: RecordGroups {
    if areWindows, let works = sums.workGroups, works.units >= 10 { return works }
    return sums.groups
  }

  /// Keeps S_i(n) at the lengths to report. Without a list these are the powers of two and the longest reference, which
  /// is known only at the end: its accumulator starts anew with every longer record, since none before reached it.
  private mutating func addTails(_ laws: MatchLengthLaws, longest: Int) {
    if let lengths = lengths {
      for (index, n) in lengths.enumerated() where n <= laws.length && !lengths[..<index].contains(n) {
        sums.tails.add(laws, at: n)
      }
      return
    }
    var n = 1
    while n <= laws.length {
      sums.tails.add(laws, at: n)
      n *= 2
    }
    if laws.length > longest, !Self.isPowerOfTwo(longest) { sums.tails.remove(longest) }
    if laws.length >= longest, !Self.isPowerOfTwo(laws.length) { sums.tails.add(laws, at: laws.length) }
  }

  private static func isPowerOfTwo(_ n: Int) -> Bool { n > 0 && n & (n - 1) == 0 }

  /// How many identifiers are remembered to notice repeated ones.
  static let rememberedIDs = 20_000

  /// Adds the records of another part of the data, as if they had been added after these.
  ///
  /// - Throws: `ArgumentError` for sums of other lengths.
  public mutating func merge(_ other: DataSetSums) throws(ArgumentError) {
    func text(_ lengths: [Int]?) -> String { lengths.map { $0.map { "\($0)" }.joined(separator: ",") } ?? "not set" }
    guard hasSameLengths(as: other) else {
      throw ArgumentError(
        name: "lengths", value: text(lengths), allowed: "those of the summary: \(text(other.lengths))")
    }
    top = min(top, other.top)
    skipped += other.skipped
    mergeTails(other.sums)
    sums.survival.merge(other.sums.survival)
    sums.histogram.merge(other.sums.histogram)
    sums.greedy.merge(other.sums.greedy)
    sums.greedyRecords += other.sums.greedyRecords
    sums.cumulance.merge(other.sums.cumulance)
    sums.heterogeneity.merge(other.sums.heterogeneity)
    sums.groups.merge(other.sums.groups)
    if let groups = other.sums.workGroups {
      if sums.workGroups == nil { sums.workGroups = groups } else { sums.workGroups?.merge(groups) }
    }
    if let others = other.sums.near {
      var near = sums.near ?? [:]
      NearSums.merge(others, into: &near)
      sums.near = near
    }
    if let works = other.sums.works {
      if sums.works == nil { sums.works = works } else { sums.works?.merge(works) }
    }
    sums.tokens += other.sums.tokens
    sums.logProbabilities.merge(other.sums.logProbabilities)
    risks.merge(other.risks)
    wholes.merge(other.wholes)
    if let whole = other.sums.wholeReferences { sums.wholeReferences = (sums.wholeReferences ?? 0) + whole }
    let ids = other.sums.ids.numbers
    sums.repeatedIDs += other.sums.repeatedIDs + ids.count(where: sums.ids.contains)
    if sums.ids.count < Self.rememberedIDs {
      for id in ids { sums.ids.insert(id) }
    }
    for (field, values) in other.sums.provenance {
      for value in values.elements.sorted() { note(field, value) }
    }
  }

  /// What is kept of lengths that are no powers of two is about the longest reference of all.
  private mutating func mergeTails(_ other: Sums) {
    let (mine, theirs) = (sums.survival.maximumLength, other.survival.maximumLength)
    if lengths == nil, theirs > mine, !Self.isPowerOfTwo(mine) { sums.tails.remove(mine) }
    for n in other.tails.lengths where lengths != nil || Self.isPowerOfTwo(n) || n >= mine {
      sums.tails.merge(other.tails[n], at: n)
    }
  }

  /// Of what tells records apart: the name, and which prefix it is.
  private static func fingerprint(_ record: Record) -> UInt64 {
    var fingerprint = Fingerprint(record.id.utf8)
    if let prefix = record.prefixID {
      fingerprint.add([0])
      fingerprint.add(prefix.utf8)
    }
    return fingerprint.value
  }

  private mutating func note(_ field: String, _ value: String?) {
    guard let value, sums.provenance[field, default: InOrder()].elements.insert(value).inserted else { return }
    // The five first in order, whatever the order in which they come.
    if let values = sums.provenance[field]?.elements, values.count > 5, let last = values.max() {
      sums.provenance[field]?.elements.remove(last)
    }
  }

  /// The number of records added.
  public var records: Int { sums.survival.records }

  /// The exact law's weights by length, as data for a fit.
  public var counts: CensoredCounts { sums.histogram.counts }

  /// The same of parts of the records, for standard errors.
  public var clusters: [CensoredCounts] { independentGroups.counts }

  /// The number of records that tell their greedy match.
  public var greedyRecords: Int { sums.greedyRecords }

  /// The greedy match lengths of the records that tell them.
  public var greedyCounts: CensoredCounts { sums.greedy.counts }

  /// Whether there are records whose one token stands for a whole reference: what goes by tokens says nothing of those.
  public var hasWholeReferences: Bool { sums.wholeReferences != nil }
}

extension [DataSetSums] {
  /// The sums of all of them.
  ///
  /// - Precondition: There is one.
  /// - Throws: `ArgumentError` for sums of different lengths.
  public func merged() throws(ArgumentError) -> DataSetSums {
    var merged = self[0]
    for other in dropFirst() { try merged.merge(other) }
    return merged
  }
}
