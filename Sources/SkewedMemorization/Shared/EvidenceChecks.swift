internal import CVectors
import Captures
import GSLNumerics
import RealModule
import TokenProcess

/// Looks at records for what no language model's log-probabilities can be, and for what servers are known to send when
/// they did not compute them (TheModel §19).
///
/// Records are added one by one and parts of a data set are merged, in memory that grows by 16 bytes a record.
public struct EvidenceChecks: Sendable {
  /// Records that were looked at.
  public private(set) var records = 0
  /// Records whose alternatives were looked at.
  public private(set) var listed = 0

  /// Records that say which window of which document they are.
  public private(set) var placed = 0

  /// Records by the length of their reference.
  private var lengths: [Int: Int] = [:]
  private var overfull = Places()
  private var nearlyOverfull = Places()
  private var largestSum = 0.0
  /// Records with positions whose listed probabilities are too small, those positions, and all that have lists.
  private var underfull = Places()
  private var underfullPositions = 0
  private var listedPositions = 0
  private var repeatedAlternatives = Places()
  private var contradictions = Places()
  private var zeros = Places()
  /// Those of at least eight tokens.
  private var longZeros = Places()
  private var tokens = 0
  private var zeroTokens = 0
  private var longEnough = 0
  /// Records of at least four tokens of which the first is exactly 0.
  private var certainStarts = Places()
  private var impossibleZeros = Places()
  /// Records of at least three tokens, and by value those that end in a run of it.
  private var tailed = 0
  private var runs: [Double: Run] = [:]
  private var lowest = LowestValues()
  /// How often each value occurs that is far below all others.
  private var extremes: [Double: Int] = [:]
  private var extremeRecords = Places()
  private var withPrefix = 0
  private var doubleStarts = Places()
  private var starts: Set<Int> = []
  /// What each record was asked and what the answer was, as numbers.
  private var answers: [Answer] = []
  /// The first records, for what takes their tokens.
  private var samples: [Sample] = []

  /// Nothing has been looked at.
  public init() {}

  /// Records, of which the first are named.
  private struct Places: Sendable {
    var count = 0
    var names: [String] = []

    mutating func add(_ name: String) {
      count += 1
      if names.count < 5 { names.append(name) }
    }

    mutating func merge(_ other: Places) {
      count += other.count
      names += other.names.prefix(5 - names.count)
    }

    var text: String { names.joined(separator: ", ") + (count > names.count ? ", …" : "") }
  }

  private struct Run: Sendable {
    var places = Places()
    var tokens = 0
    /// How often the value occurs elsewhere.
    var elsewhere = 0
    /// The shortest and the longest run, and the shortest and the longest record with one.
    var runs = Extent()
    var records = Extent()

    /// Adds a run of a record; nil for the second one of the same record.
    mutating func add(_ name: String?, run: Int, of length: Int) {
      if let name { places.add(name) }
      tokens += run
      runs.add(run)
      records.add(length)
    }

    mutating func merge(_ other: Run) {
      places.merge(other.places)
      tokens += other.tokens
      elsewhere += other.elsewhere
      runs.merge(other.runs)
      records.merge(other.records)
    }
  }

  private struct Extent: Sendable {
    var least = Int.max
    var most = 0

    mutating func add(_ value: Int) { (least, most) = (min(least, value), max(most, value)) }

    mutating func merge(_ other: Extent) {
      (least, most) = (min(least, other.least), max(most, other.most))
    }
  }

  private struct Answer: Sendable {
    /// 0 where the prefix or the reference is not known.
    let question: UInt64
    let values: UInt64
    /// Whether the values could hardly be another record's: those of few tokens, or mostly 0, could.
    let isTelling: Bool
    /// 0 where the reference is not known.
    let reference: UInt64
  }

  private struct Sample: Sendable {
    let record: Record
    let question: UInt64

    var values: [Double] { record.tokenLogProbabilities }
  }

  /// What is looked for in other records: the tokens of a reference. Where there are none, its words, but for the first
  /// and the last, which a window may have cut; or its values.
  private static func numbers(of record: Record) -> [UInt64] {
    if let tokens = record.referenceTokenIDs { return tokens.map { UInt64(bitPattern: Int64($0)) } }
    guard let text = record.reference else { return record.tokenLogProbabilities.map(\.bitPattern) }
    return text.split(whereSeparator: \.isWhitespace).dropFirst().dropLast().map { word in
      var fingerprint = FastNumber()
      fingerprint.add(word)
      return fingerprint.value
    }
  }

  private static let sampleSize = 2000
  /// More tokens than any vocabulary in use has.
  private static let largestVocabulary = 1 << 19
  /// Of how many lines alternatives are read for these checks, where the analysis itself needs none.
  public static let alternativesSample = 200

  // MARK: Looking

  /// Looks at one record.
  ///
  /// - Complexity: O(tokens), and O(alternatives) where there are any.
  public mutating func add(_ record: Record) {
    guard !record.isWholeReference else { return }
    records += 1
    if record.place != nil { placed += 1 }
    lengths[record.tokenLogProbabilities.count, default: 0] += 1
    addLists(record)
    let (number, isTelling) = addValues(record)
    addStart(record)
    let question = Self.question(record)
    answers.append(
      Answer(
        question: question, values: number, isTelling: isTelling,
        reference: question == 0 ? Self.reference(record) : 0))
    if samples.count < Self.sampleSize {
      samples.append(Sample(record: record, question: question))
    }
  }

  /// Adds what another part of the data set showed.
  public mutating func merge(_ other: EvidenceChecks) {
    records += other.records
    placed += other.placed
    listed += other.listed
    lengths.merge(other.lengths, uniquingKeysWith: +)
    overfull.merge(other.overfull)
    nearlyOverfull.merge(other.nearlyOverfull)
    largestSum = max(largestSum, other.largestSum)
    underfull.merge(other.underfull)
    underfullPositions += other.underfullPositions
    listedPositions += other.listedPositions
    repeatedAlternatives.merge(other.repeatedAlternatives)
    contradictions.merge(other.contradictions)
    zeros.merge(other.zeros)
    longEnough += other.longEnough
    certainStarts.merge(other.certainStarts)
    impossibleZeros.merge(other.impossibleZeros)
    tailed += other.tailed
    for (value, run) in other.runs { runs[value, default: Run()].merge(run) }
    tokens += other.tokens
    zeroTokens += other.zeroTokens
    longZeros.merge(other.longZeros)
    for (value, count) in other.extremes { extremes[value, default: 0] += count }
    extremeRecords.merge(other.extremeRecords)
    lowest.merge(other.lowest)
    withPrefix += other.withPrefix
    doubleStarts.merge(other.doubleStarts)
    starts.formUnion(other.starts)
    answers += other.answers
    samples += other.samples.prefix(Self.sampleSize - samples.count)
  }

  private mutating func addLists(_ record: Record) {
    guard let lists = record.topLogProbabilities else { return }
    listed += 1
    var (largest, isContradicted, isRepeated, isImpossible) = (0.0, false, false, false)
    let underfullBefore = underfullPositions
    for (position, list) in lists.enumerated() where !list.isEmpty {
      let own = record.tokenLogProbabilities[position]
      let identifier = record.referenceTokenIDs?[position]
      let isOwnListed =
        identifier.map { id in list.contains { $0.tokenID == id } } ?? list.contains { $0.logProbability == own }
      var sum = isOwnListed ? 0 : Double.exp(own)
      var best = -Double.infinity
      // A token that is not listed is at most as probable as any that is; but the reference is listed in any case.
      var last = Double.infinity
      for token in list {
        sum += .exp(token.logProbability)
        best = max(best, token.logProbability)
        if token.tokenID != identifier, identifier != nil || token.logProbability != own {
          last = min(last, token.logProbability)
        }
      }
      listedPositions += 1
      if sum + Double(record.vocabularySize ?? Self.largestVocabulary) * .exp(last) < 0.95 { underfullPositions += 1 }
      if Set(list.map(\.tokenID)).count < list.count { isRepeated = true }
      // A value of exactly 0 says that nothing else is possible.
      if own == 0, sum > 1.02 {
        isImpossible = true
        continue
      }
      largest = max(largest, sum)
      if let rank = record.ranks?[position], identifier != nil {
        // Two passes of one model can differ by a few hundredths, and 16 bits by more for improbable tokens.
        let slack = 0.05 + 0x1p-7 * own.magnitude
        let above = list.count { $0.logProbability > own + slack }
        let notBelow = list.count { $0.tokenID != identifier && $0.logProbability >= own - slack }
        if rank < above || isOwnListed && own > (list.map(\.logProbability).min() ?? 0) && rank > notBelow {
          isContradicted = true
        }
      }
      if let greedy = record.greedyTokenIDs?[position] {
        let value = greedy == identifier ? own : list.first { $0.tokenID == greedy }?.logProbability
        if value ?? -.infinity < best - 0.05 - 0x1p-7 * best.magnitude { isContradicted = true }
      }
    }
    largestSum = max(largestSum, largest)
    if underfullPositions > underfullBefore { underfull.add(record.id) }
    if isRepeated { repeatedAlternatives.add(record.id) }
    if isImpossible { impossibleZeros.add(record.id) }
    if largest > 1.02, !isRepeated { overfull.add(record.id) }
    if largest > 1.001, largest <= 1.02, !isRepeated { nearlyOverfull.add(record.id) }
    if isContradicted { contradictions.add(record.id) }
  }

  /// What goes by the values alone, in one pass, as this is all that most captures have.
  ///
  /// - Returns: A number for the values, and whether they change often enough to tell records apart.
  private mutating func addValues(_ record: Record) -> (number: UInt64, isTelling: Bool) {
    let values = record.tokenLogProbabilities
    let counts = count_values(values, values.count, lowest.threshold)
    let (zeros, extremes) = (counts.zeros, counts.extremes)
    if counts.has_low != 0 { lowest.add(values, of: record.id, counts.number) }
    if values.count >= 4 {
      longEnough += 1
      tokens += values.count
      zeroTokens += zeros
      if values[0] == 0 { certainStarts.add(record.id) }
      // With other tokens beside them they were computed: probabilities that round to 1.
      if zeros == values.count, record.topLogProbabilities?.contains(where: { $0.count > 1 }) != true {
        self.zeros.add(record.id)
        if values.count >= 8 { longZeros.add(record.id) }
      }
    }
    if values.count >= 3 { tailed += 1 }
    if zeros + extremes > 0 { addRuns(record, zeros: zeros, hasExtremes: extremes > 0) }
    return (counts.number, counts.changes > 4)
  }

  private mutating func addRuns(_ record: Record, zeros: Int, hasExtremes: Bool) {
    let values = record.tokenLogProbabilities
    if hasExtremes {
      var isFinite = false
      for value in values where value <= -50 && value > -.infinity {
        // A handful of values repeat; any number of them may not.
        if extremes[value] != nil || extremes.count < 256 { extremes[value, default: 0] += 1 }
        isFinite = true
      }
      if isFinite { extremeRecords.add(record.id) }
    }
    guard values.count >= 3, let last = values.last else { return }
    func run(_ values: some Sequence<Double>, of value: Double) -> Int {
      guard value == 0 || value <= -50 else { return 0 }
      let length = values.prefix { $0 == value }.count
      return length < 2 || length == record.tokenLogProbabilities.count ? 0 : length
    }
    let tail = run(values.reversed(), of: last)
    let head = run(values, of: values[0])
    func change(_ value: Double, _ body: (inout Run) -> Void) {
      if runs[value] != nil || runs.count < 64 { body(&runs[value, default: Run()]) }
    }
    if tail > 0 { change(last) { $0.add(record.id, run: tail, of: values.count) } }
    // Batches are padded on the left as well.
    let isCounted = tail > 0 && last == values[0]
    if head > 0 { change(values[0]) { $0.add(isCounted ? nil : record.id, run: head, of: values.count) } }
    let rest = zeros - (last == 0 ? tail : 0) - (values[0] == 0 ? head : 0)
    if rest > 0 { change(0) { $0.elsewhere += rest } }
    if hasExtremes {
      for value in values.dropLast(tail).dropFirst(head) where value <= -50 { change(value) { $0.elsewhere += 1 } }
    }
  }

  private mutating func addStart(_ record: Record) {
    guard let prefix = record.prefixTokenIDs, prefix.count >= 2 else { return }
    withPrefix += 1
    if prefix[0] == prefix[1] {
      doubleStarts.add(record.id)
      if starts.count < 2 { starts.insert(prefix[0]) }
    }
  }

  /// A number for the prefix and the reference of one model; 0 where they are not known.
  private static func question(_ record: Record) -> UInt64 {
    var fingerprint = FastNumber()
    guard fingerprint.add(tokens: record.prefixTokenIDs, or: record.prefix) else { return 0 }
    fingerprint.add(.max)
    guard fingerprint.add(tokens: record.referenceTokenIDs, or: record.reference) else { return 0 }
    fingerprint.add(.max)
    for part in [record.run, record.split, record.epoch.map { "\($0)" }] {
      fingerprint.add(part ?? "")
      fingerprint.add(.max)
    }
    return max(1, fingerprint.value)
  }

  /// A number for the reference; 0 where it is not known.
  private static func reference(_ record: Record) -> UInt64 {
    var fingerprint = FastNumber()
    return fingerprint.add(tokens: record.referenceTokenIDs, or: record.reference) ? max(1, fingerprint.value) : 0
  }

  // MARK: What was found

  /// The same for records whose references begin after as many tokens in all prompts, which is a mistake where prefixes
  /// are not alike.
  func findings(for options: CaptureOptions) -> [Warning] {
    // References that were cut to one length are alike in most records.
    guard case .prefixTokens(let count)? = options.split, options.promptRecords == nil,
      let shortest = lengths.keys.min(), let longest = lengths.keys.max(), longest > shortest,
      2 * (lengths.values.max() ?? 0) <= records
    else { return findings }
    return findings + [Warning(.onePrefix, counts: ["prefix": count, "shortest": shortest, "longest": longest])]
  }

  /// Some findings without the note that windows overlap, where every record says which window it is: an analysis that
  /// takes windows for what they are has no use for it.
  func takingWindows(_ findings: [Warning]) -> [Warning] {
    placed == records ? findings.filter { $0.code != .overlappingWindows } : findings
  }

  /// What was found, refusals first.
  public var findings: [Warning] {
    var found: [Warning] = []
    func add(_ code: Warning.Code, _ places: Places, _ numbers: [String: Double] = [:]) {
      let numbers = numbers.merging(["records": Double(places.count), "all": Double(records)]) { first, _ in first }
      found.append(Warning(code, numbers, names: ["records": places.text]))
    }
    let sum = ["sum": largestSum]
    if zeros.count > 0, isUncomputed { add(.allZero, zeros) }
    if impossibleZeros.count > 0, overfull.count == 0 { add(.allZero, impossibleZeros) }
    if overfull.count > 0 { add(.overfullLists, overfull, sum) }
    // Where few positions do, somebody may have left tokens out of a list.
    if underfullPositions >= 3, 100 * underfullPositions >= listedPositions {
      add(.underfullLists, underfull, ["positions": Double(underfullPositions)])
    }
    if let negated { found.append(Warning(.negatedProbabilities, counts: negated)) }
    if repeatedAlternatives.count > 0 { add(.repeatedAlternatives, repeatedAlternatives) }
    if contradictions.count > 0 { add(.contradictingRanks, contradictions) }
    if let (value, run) = padding { add(.padded, run.places, ["value": value, "tokens": Double(run.tokens)]) }
    if nearlyOverfull.count > 0, overfull.count == 0 { add(.nearlyOverfullLists, nearlyOverfull, sum) }
    if let (value, count) = clipped {
      add(.clipped, extremeRecords, ["value": value, "tokens": Double(count)])
    } else if let floor = lowest.floor {
      found.append(
        Warning(
          .clipped,
          [
            "value": floor.value, "tokens": Double(floor.count), "records": Double(floor.records),
            "all": Double(records),
          ],
          names: ["records": floor.names.joined(separator: ", ") + (floor.records > floor.names.count ? ", …" : "")]))
    }
    // Where every first token is 0 and hardly another one, it was not computed.
    let others = zeroTokens - certainStarts.count
    if certainStarts.count >= 5, certainStarts.count == longEnough, 10 * others < tokens - longEnough {
      add(.certainStarts, certainStarts)
    }
    addRepeats(&found)
    if doubleStarts.count >= 2, doubleStarts.count == withPrefix, starts.count == 1 {
      add(.doubleStart, doubleStarts, ["token": Double(starts.first ?? 0)])
    }
    if let overlapping { add(.overlappingWindows, overlapping) }
    return found
  }

  /// Values from -1 to 0 of which many are near -1, as probabilities of a language model are near 1; nil for others.
  private var negated: [String: Int]? {
    var (tokens, low) = (0, 0)
    for value in samples.lazy.flatMap(\.values) {
      guard value >= -1 else { return nil }
      tokens += 1
      if value < -0.98 { low += 1 }
    }
    return tokens >= 100 && 20 * low >= tokens ? ["tokens": tokens, "low": low] : nil
  }

  /// Half of all records, or one long one, unless the others are mostly zeros too: values that were rounded.
  private var isUncomputed: Bool {
    if 2 * zeros.count >= longEnough { return true }
    let own = longZeros.count > 0 ? zeros.count * max(1, tokens / max(1, longEnough)) : 0
    let isRounded = 2 * max(0, zeroTokens - own) > max(1, tokens - own)
    return longZeros.count > 0 && !isRounded
  }

  /// A run of padding has another length in each record, and the value stands nowhere else: rows of one length, or most
  /// records. Tokens that are known by heart round to 0 anywhere, and a footer has the same length everywhere.
  private var padding: (Double, Run)? {
    let found = runs.filter { value, run in
      let count = run.places.count
      let isOfOneLength = run.records.least == run.records.most
      // Rows of one length that end in zeros, many or few, are padded, also where some tokens round to 0.
      let fillsUp = isOfOneLength && run.runs.least < run.runs.most && count >= 5
      guard Double(run.elsewhere) <= (fillsUp ? 0.1 : 0.02) * Double(run.tokens), run.tokens >= 6 else { return false }
      let isLong = run.tokens >= 4 * count
      let hasOneLength = isOfOneLength && count >= 3
      let isMost = 2 * count > tailed
      if value == 0 { return isLong && (run.runs.least < run.runs.most || count == 1) && (isMost || hasOneLength) }
      return isMost || hasOneLength
    }
    return found.max { ($0.value.tokens, $0.key) < ($1.value.tokens, $1.key) }.map { ($0.key, $0.value) }
  }

  private var clipped: (value: Double, count: Int)? {
    let padding = padding?.0
    return extremes.filter { value, count in
      value != padding && count >= (value == value.rounded() ? 2 : 3)
    }.map { (value: $0.key, count: $0.value) }.max { $0.count < $1.count }
  }

  private func addRepeats(_ found: inout [Warning]) {
    var first: [UInt64: UInt64] = [:]
    var known = NumberSet(minimumCapacity: answers.count)
    var (copies, others) = (0, 0)
    for answer in answers {
      if answer.question != 0 {
        if let values = first[answer.question] {
          if values != answer.values { others += 1 } else if answer.isTelling { copies += 1 }
        } else {
          first[answer.question] = answer.values
        }
      } else if answer.isTelling, !known.insert(answer.values &+ answer.reference) {
        copies += 1
      }
    }
    if others > 0 {
      var numbers = ["records": Double(others), "all": Double(records)]
      if let difference = largestDifference, difference.isFinite { numbers["difference"] = difference }
      found.append(Warning(.scoredTwice, numbers))
    }
    if copies > 0 {
      found.append(Warning(.copies, ["records": Double(copies), "all": Double(records)]))
    }
  }

  /// The largest difference of ln p between answers to one question, among the first records.
  private var largestDifference: Double? {
    var first: [UInt64: [Double]] = [:]
    var largest: Double?
    for sample in samples where sample.question != 0 {
      guard let values = first[sample.question] else {
        first[sample.question] = sample.values
        continue
      }
      let difference = zip(values, sample.values).map { $0 == $1 ? 0 : ($0 - $1).magnitude }.max() ?? 0
      largest = max(largest ?? 0, difference)
    }
    return largest
  }

  /// Records of which eight tokens or values in a row are also in another record at another place, where these are
  /// most.
  private var overlapping: Places? {
    guard samples.count >= 4 else { return nil }
    let isShared = OverlappingTexts(samples.map { Self.numbers(of: $0.record) }).isShared
    guard 2 * isShared.count(where: \.self) > samples.count else { return nil }
    var found = Places()
    for (sample, isShared) in zip(samples, isShared) where isShared { found.add(sample.record.id) }
    return found
  }
}
