import Captures
import GSLNumerics
import TokenProcess

/// What the windows and long passes of one document add up to.
struct WorkSums: Sendable {
  /// Windows that were added.
  private(set) var windows = 0
  /// Long passes that were added.
  private(set) var passes = 0
  /// The fewest and the most tokens of context before what was asked for; nil where it is unknown.
  private(set) var context: ClosedRange<Int>?
  /// Whether tokens that are copied from their context are known, of every window and pass.
  private(set) var knowsCopies = true
  /// By length, in the order of the lengths asked for.
  private(set) var risks: [Risk]
  /// Where tokens begin and end in the text, -1 where that is unknown.
  private(set) var boundaries: [Int] = []
  /// The text as scalars, 0 where it is unknown.
  private(set) var scalars: [UInt32] = []
  private var statedTokens = 0
  /// Whether windows say different things of the document: its tokens, or where they are in the text.
  private(set) var isContradictory = false
  /// Windows and passes that begin where another one does.
  private(set) var repeatedStarts = 0
  private var starts: Set<Int> = []
  /// The runs that windows are of: more than one are several models.
  private(set) var runs: Set<String> = []
  /// Windows with bounds for near-copies, by distance, scheme, e and n.
  private(set) var near: [String: NearWindows] = [:]
  /// Windows and passes by the number of their tokens.
  private(set) var sizes: [Int: Int] = [:]

  init(lengths: [Int]) { risks = lengths.map(Risk.init) }

  /// The number of tokens of the document, or what is known of it.
  var tokens: Int { max(statedTokens, risks.map(\.all.lower.tokens).max() ?? 0) }

  /// Whether nobody said how long the document is: it may go on after the last window.
  var documentIsCut: Bool { statedTokens == 0 }

  /// The risk for one length, from all tokens and from those that are no copies, each between two bounds.
  struct Risk: Sendable {
    var all: Bounds
    /// Without what is copied from the context; nil where nothing is.
    private(set) var withoutCopies: Bounds?

    init(length: Int) { all = Bounds(length: length) }

    /// Without copies where there are any.
    var own: Bounds { withoutCopies ?? all }

    fileprivate mutating func add(_ part: Part) {
      if part.isCounted != nil, withoutCopies == nil { withoutCopies = all }
      withoutCopies?.add(part, isCounted: part.isCounted)
      all.add(part, isCounted: nil)
    }

    fileprivate mutating func merge(_ other: Risk) {
      if other.withoutCopies != nil, withoutCopies == nil { withoutCopies = all }
      withoutCopies?.merge(other.own)
      all.merge(other.all)
    }

    fileprivate mutating func reserve(tokens: Int) {
      all.reserve(tokens: tokens)
      withoutCopies?.reserve(tokens: tokens)
    }
  }

  /// Proved bounds; one where the law is exact.
  struct Bounds: Sendable {
    var lower: WorkRisk
    private var higher: WorkRisk?

    init(length: Int) { lower = WorkRisk(length: length) }

    var upper: WorkRisk { higher ?? lower }

    var isExact: Bool { higher == nil }

    fileprivate mutating func add(_ part: Part, isCounted: [Bool]?) {
      if part.upper != nil, higher == nil { higher = lower }
      (part.upper ?? part.lower).add(to: &higher, part.start, part.first, isCounted)
      part.lower.add(to: &lower, part.start, part.first, isCounted)
    }

    fileprivate mutating func merge(_ other: Bounds) {
      if !other.isExact, higher == nil { higher = lower }
      higher?.merge(other.upper)
      lower.merge(other.lower)
    }

    fileprivate mutating func reserve(tokens: Int) {
      lower.reserve(tokens: tokens)
      higher?.reserve(tokens: tokens)
    }
  }

  /// What one record says, ready to be added.
  struct Part: Sendable {
    let document: String
    fileprivate let start: Int
    /// Tokens of a long pass that are context only; nil for a window.
    fileprivate let first: Int?
    fileprivate let lower: Law
    fileprivate let upper: Law?
    fileprivate let isCounted: [Bool]?
    fileprivate let knowsCopies: Bool
    fileprivate let context: ClosedRange<Int>?
    fileprivate let offsets: [Int]?
    fileprivate let reference: String?
    fileprivate let documentTokens: Int?
    fileprivate let run: String?
    fileprivate let near: [(bounds: NearVerbatimBounds, logVerbatim: Double)]
    /// The tokens of the reference.
    let tokens: Int

    fileprivate enum Law: Sendable {
      case window(WorkWindow)
      case pass([Double])

      func add(to risk: inout WorkRisk, _ start: Int, _ first: Int?, _ isCounted: [Bool]?) {
        switch self {
        case .window(let window): risk.add(window, isCounted: isCounted)
        case .pass(let values):
          risk.add(passAt: start, tokenLogProbabilities: values, first: first ?? 0, isCounted: isCounted)
        }
      }

      func add(to risk: inout WorkRisk?, _ start: Int, _ first: Int?, _ isCounted: [Bool]?) {
        guard var own = risk else { return }
        risk = nil
        add(to: &own, start, first, isCounted)
        risk = own
      }
    }

    /// - Parameters:
    ///   - record: A record with a place.
    ///   - decoding: How tokens are drawn; nil for sampling at temperature 1.
    ///   - context: The tokens of context that a window of a long pass has at least.
    init(
      _ record: Record, _ place: Record.Place, _ decoding: Decoding?, context: Int, copies: inout ContextCopies
    ) throws(RecordError) {
      document = place.document
      start = place.start
      offsets = place.tokenOffsets
      reference = record.reference
      documentTokens = place.documentTokens
      run = record.run
      let before = record.prefixTokenIDs?.count ?? 0
      let count = record.tokenLogProbabilities.count
      tokens = count
      if let tokens = record.referenceTokenIDs {
        let marks = copies.marks(in: (record.prefixTokenIDs ?? []) + tokens).dropFirst(before)
        isCounted = marks.contains(true) ? marks.map { !$0 } : nil
      } else {
        isCounted = nil
      }
      knowsCopies = record.referenceTokenIDs != nil && (record.prefixTokenIDs != nil || place.isLongPass)
      let isPass = place.isLongPass
      if let bounds = record.near, !isPass {
        let law = MatchLengthLaw(record)
        near = try bounds.map { bounds throws(RecordError) in
          (bounds, min(try bounds.logVerbatim(record, law), bounds.logUpper))
        }
      } else {
        near = []
      }
      first = isPass ? min(count, max(0, context - before)) : nil
      self.context =
        isPass ? (before + (first ?? 0))...(before + count) : record.prefixTokenIDs.map { $0.count...$0.count }
      let decoded = try decoding.map { decoding throws(RecordError) in try DecodedLaw(record, under: decoding) }
      if isPass {
        lower = .pass(decoded?.tokens.map(\.lower) ?? record.tokenLogProbabilities)
        upper = decoded.flatMap { $0.isExact ? nil : .pass($0.tokens.map(\.upper)) }
      } else {
        let exact = decoded == nil ? MatchLengthLaw(record).logSurvival : []
        lower = .window(WorkWindow(start: start, logSurvival: decoded?.logSurvival.map(\.lower) ?? exact))
        upper = decoded.flatMap {
          $0.isExact ? nil : .window(WorkWindow(start: place.start, logSurvival: $0.logSurvival.map(\.upper)))
        }
      }
    }
  }

  mutating func add(_ part: Part) {
    for index in risks.indices { risks[index].add(part) }
    if part.first == nil { windows += 1 } else { passes += 1 }
    if !part.knowsCopies { knowsCopies = false }
    if let own = part.context {
      context = context.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
    }
    for (bounds, logVerbatim) in part.near {
      near[NearSums.key(bounds), default: NearWindows(bounds)]
        .add(bounds, start: part.start, logVerbatim: logVerbatim)
    }
    sizes[part.tokens, default: 0] += 1
    if !starts.insert(part.start).inserted { repeatedStarts += 1 }
    if let run = part.run, runs.count < 5 { runs.insert(run) }
    if let stated = part.documentTokens {
      if statedTokens > 0, stated != statedTokens { isContradictory = true }
      statedTokens = max(statedTokens, stated)
    }
    if let offsets = part.offsets { add(offsets, at: part.start, part.reference) }
  }

  private mutating func add(_ offsets: [Int], at start: Int, _ text: String?) {
    let end = start + offsets.count
    if boundaries.count < end { boundaries.append(contentsOf: repeatElement(-1, count: end - boundaries.count)) }
    for (index, offset) in offsets.enumerated() {
      if boundaries[start + index] >= 0, boundaries[start + index] != offset { isContradictory = true }
      boundaries[start + index] = offset
    }
    guard let text, let first = offsets.first, let last = offsets.last,
      text.unicodeScalars.count == last - first
    else { return }
    if scalars.count < last { scalars.append(contentsOf: repeatElement(0, count: last - scalars.count)) }
    for (index, scalar) in text.unicodeScalars.enumerated() { scalars[first + index] = scalar.value }
  }

  /// Adds what other windows of the document say.
  ///
  /// - Precondition: They are of the same lengths.
  mutating func merge(_ other: WorkSums) {
    for index in risks.indices { risks[index].merge(other.risks[index]) }
    windows += other.windows
    passes += other.passes
    knowsCopies = knowsCopies && other.knowsCopies
    if let own = other.context {
      context = context.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
    }
    if statedTokens > 0, other.statedTokens > 0, statedTokens != other.statedTokens { isContradictory = true }
    statedTokens = max(statedTokens, other.statedTokens)
    isContradictory = isContradictory || other.isContradictory
    near.merge(other.near) { first, second in
      var both = first
      both.merge(second)
      return both
    }
    sizes.merge(other.sizes, uniquingKeysWith: +)
    runs.formUnion(other.runs)
    repeatedStarts += other.repeatedStarts + starts.intersection(other.starts).count
    starts.formUnion(other.starts)
    for (index, offset) in other.boundaries.enumerated() where offset >= 0 {
      if boundaries.count <= index {
        boundaries.append(contentsOf: repeatElement(-1, count: index + 1 - boundaries.count))
      }
      if boundaries[index] >= 0, boundaries[index] != offset { isContradictory = true }
      boundaries[index] = offset
    }
    for (index, scalar) in other.scalars.enumerated() where scalar != 0 {
      if scalars.count <= index { scalars.append(contentsOf: repeatElement(0, count: index + 1 - scalars.count)) }
      scalars[index] = scalar
    }
  }

  /// Leaves out lengths that are not reported.
  mutating func keep(lengths: [Int]) { risks.removeAll { !lengths.contains($0.all.lower.length) } }

  /// Says what a document itself tells; false where its windows say otherwise.
  mutating func settle(tokens: Int?, boundaries: [Int]?) -> Bool {
    if let tokens, tokens < self.tokens || statedTokens > 0 && tokens != statedTokens { return false }
    statedTokens = max(statedTokens, tokens ?? 0)
    if let boundaries {
      let isAlike = zip(self.boundaries, boundaries).allSatisfy { $0 < 0 || $0 == $1 }
      guard isAlike, self.boundaries.count <= boundaries.count else { return false }
      self.boundaries = boundaries
    }
    for index in risks.indices { risks[index].reserve(tokens: self.tokens) }
    if !self.boundaries.isEmpty, self.boundaries.count < self.tokens + 1 {
      self.boundaries += Array(repeating: -1, count: self.tokens + 1 - self.boundaries.count)
    }
    return true
  }
}
