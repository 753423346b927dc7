import GSLNumerics
import RealModule

/// A search for the probability that a continuation is within a distance of the reference, with proved bounds on both
/// sides (TheModel §12).
///
/// Continuations form a tree. A beginning whose least possible distance exceeds e is *out*; one of which everything
/// that may follow is within e is *in*; the others are *open*. At any time
///
///     Σ mass of in  <=  P(d(X, r) <= e)  <=  Σ mass of in + Σ mass of open
///
/// Open beginnings are asked in turn, along their likeliest way on: the one with the largest mass, for the upper bound,
/// and the one with the largest share of its mass expected to be in, for the lower bound. One request settles a way and
/// opens what leaves it. Tokens that the model does not list stay open where they could still be in. A beam search over
/// the same tree has the lower side only (arXiv 2603.24917).
public struct NearVerbatimSearch: Sendable {
  /// What is compared.
  public let distance: TokenDistance
  /// e, the largest distance that counts.
  public let limit: Int
  /// Stop when upper - lower is at most this share of upper.
  public var relativeWidth = 0.01
  /// The largest number of requests.
  public var budget = 200
  /// How many beginnings are asked for at a time: more keep a server busy, and may ask for what fewer would not.
  public var batch = 8
  /// How many strings are kept, the most probable ones.
  public var kept = 20

  /// A search.
  ///
  /// - Throws: `ArgumentError` unless 0 <= limit <= 20.
  public init(distance: TokenDistance, limit: Int) throws(ArgumentError) {
    guard (0...20).contains(limit) else {
      throw ArgumentError(name: "limit", value: "\(limit)", allowed: "0 to 20")
    }
    self.distance = distance
    self.limit = limit
  }

  /// A complete continuation that is within the distance.
  public struct Found: Sendable, Equatable {
    /// Its tokens; where every way on is within the distance, only those up to there.
    public let tokens: [Int]
    /// ln of its probability, or that of all that begins so.
    public let logProbability: Double
  }

  /// Bounds, and how they came about.
  public struct Result: Sendable, Equatable {
    /// ln of the proved lower bound.
    public let logLower: Double
    /// ln of the proved upper bound.
    public let logUpper: Double
    /// Requests.
    public let requests: Int
    /// Whether the bounds are as near as was asked.
    public let isSettled: Bool
    /// ln of the mass that stays open because the model does not list its tokens: with more alternatives the bounds
    /// would be nearer by so much.
    public let logUnlisted: Double
    /// The most probable strings found.
    public let found: [Found]
  }

  /// Searches from a prefix that the model knows.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - reference: r, one token or more.
  /// - Complexity: `budget` requests; O(requests × n × K log) time and memory for n tokens and K listed ones.
  /// - Throws: What the model throws; `ArgumentError` for an empty reference; `CancellationError`.
  public func bounds(of reference: [Int], _ model: some ContinuationModel) async throws -> Result {
    guard !reference.isEmpty else { throw ArgumentError(name: "reference", value: "empty", allowed: "1 token or more") }
    var tree = Tree(.init(reference: reference, distance: distance, limit: limit))
    var requests = 0
    while requests < budget {
      try Task.checkCancellation()
      if tree.isSettled(relativeWidth) { break }
      let asked = tree.next(min(batch, budget - requests))
      if asked.isEmpty { break }
      let answers = try await model.nextTokens(along: asked.map(\.continuation))
      guard answers.count == asked.count else {
        throw ArgumentError(name: "model", value: "\(answers.count) answers", allowed: "\(asked.count)")
      }
      requests += asked.count
      for (question, answer) in zip(asked, answers) { try tree.take(answer, to: question) }
    }
    return tree.result(requests: requests, relativeWidth, kept: kept)
  }
}

/// The tree of continuations as far as it is known.
private struct Tree {
  /// A beginning that is open.
  struct Node {
    /// The path that it leaves, and how many tokens of that it has; -1 for the root.
    let path: Int
    let shared: Int
    /// Its own last token; nil for the root.
    let token: Int?
    let state: DistanceState
    let logMass: LogInterval
    let number: Int
  }

  /// Which beginning is asked next.
  private enum Order {
    /// The one with the most mass.
    case mass
    /// The one that is expected to add most to the lower bound.
    case promise
  }

  /// A node with what is asked for it.
  struct Question {
    let node: Node
    let beginning: [Int]
    let continuation: [Int]
  }

  private let comparison: DistanceState.Comparison
  private var paths: [[Int]] = []
  private var byMass = NodeHeap<Node>()
  private var byPromise = NodeHeap<Node>()
  /// The numbers of beginnings that were asked and may still stand in one of the heaps.
  private var asked: Set<Int> = []
  private var turns = 0
  /// Every third beginning is the one with the most mass.
  private var turn: Order { turns % 3 == 0 ? .mass : .promise }
  private var made = 0
  /// ln of the expected share of continuations from place t on with at most r changes, by t and r: what the law after
  /// the reference itself says. Empty before the first answer.
  private var expected: [[Double]] = []
  private var lower = CompensatedSum()
  private var upper = CompensatedSum()
  /// Mass of tokens that are not listed and may be in.
  private var unlisted = CompensatedSum()
  private var found: [NearVerbatimSearch.Found] = []

  init(_ comparison: DistanceState.Comparison) {
    self.comparison = comparison
    push(path: -1, shared: 0, token: nil, DistanceState(comparison), LogInterval(0))
  }

  // MARK: Sums, rounded outwards

  /// e^x is good to an ulp, and x to as many as terms were added up in it.
  private static func low(_ value: Double) -> Double { .exp(value) * (1 - margin(value)) }
  private static func high(_ value: Double) -> Double { .exp(value) * (1 + margin(value)) }
  private static func margin(_ value: Double) -> Double { 1e-15 * (4 + (value.isFinite ? value.magnitude : 0)) }

  private mutating func takeIn(_ mass: LogInterval) {
    lower.add(Self.low(mass.lower))
    upper.add(Self.high(mass.upper))
  }

  private var openMass: Double {
    // From the smallest on.
    let open = byMass.entries.lazy.filter { !asked.contains($0.number) }
    return CompensatedSum(of: open.map { Self.high($0.key) }.sorted()).value
  }

  func isSettled(_ relativeWidth: Double) -> Bool {
    // The heap's top alone may be too much, without a look at the others.
    let width = upper.value - lower.value + unlisted.value
    let limit = relativeWidth * (upper.value + unlisted.value)
    if let top = byMass.top, !asked.contains(top.number),
      width + Self.high(top.key) > relativeWidth * 2 * max(upper.value, 1e-300) + limit
    {
      return false
    }
    let open = openMass
    return width + open <= relativeWidth * (upper.value + unlisted.value + open)
  }

  func result(requests: Int, _ relativeWidth: Double, kept: Int) -> NearVerbatimSearch.Result {
    let most = min(1, (upper.value + unlisted.value + openMass) * (1 + 4e-16))
    let least = min(most, max(0, lower.value * (1 - 4e-16)))
    return .init(
      logLower: .log(least), logUpper: .log(most), requests: requests, isSettled: isSettled(relativeWidth),
      logUnlisted: .log(min(1, unlisted.value)),
      found: Array(
        found.enumerated().sorted { ($0.element.logProbability, $1.offset) > ($1.element.logProbability, $0.offset) }
          .map(\.element).prefix(kept)))
  }

  // MARK: Asking

  /// The open beginnings to ask next, by mass and by promise in turn; none where the next is too small a part of the
  /// first.
  mutating func next(_ limit: Int) -> [Question] {
    var questions: [Question] = []
    var largest: [Order: Double] = [:]
    while questions.count < limit {
      guard let entry = top(of: turn), entry.node.logMass.upper > -.infinity else { break }
      let first = largest[turn] ?? entry.key
      guard questions.isEmpty || entry.key > first - 3 else { break }
      largest[turn] = first
      asked.insert(entry.number)
      turns += 1
      let node = entry.node
      let beginning = node.token.map { (node.path >= 0 ? paths[node.path].prefix(node.shared) : []) + [$0] } ?? []
      questions.append(
        Question(
          node: node, beginning: Array(beginning),
          continuation: Array(beginning) + comparison.completion(of: node.state)))
    }
    return questions
  }

  /// The first beginning of an order that was not asked.
  private mutating func top(of order: Order) -> NodeHeap<Node>.Entry? {
    switch order {
    case .mass:
      while let entry = byMass.top, asked.contains(entry.number) { byMass.pop() }
      return byMass.top
    case .promise:
      while let entry = byPromise.top, asked.contains(entry.number) { byPromise.pop() }
      return byPromise.top
    }
  }

  /// What the law along the reference lets expect of later places, as if changes were independent.
  private mutating func expect(_ distributions: [NextTokens]) {
    let reference = comparison.reference
    let none = Array(repeating: 0.0, count: comparison.limit + 1)
    expected = Array(repeating: none, count: reference.count + 1)
    for place in reference.indices.reversed() {
      let own = distributions[place].logProbability(of: reference[place])?.upper ?? -.infinity
      let other = Double.log(max(0, -.expMinusOne(min(0, own))))
      for changes in none.indices {
        let changed = changes > 0 ? other + expected[place + 1][changes - 1] : -.infinity
        expected[place][changes] = logAddExp(own + expected[place + 1][changes], changed)
      }
    }
  }

  /// Takes the distributions along a path into the tree.
  mutating func take(_ distributions: [NextTokens], to question: Question) throws(ArgumentError) {
    let path = question.continuation
    guard distributions.count == path.count else {
      throw ArgumentError(
        name: "model", value: "\(distributions.count) distributions", allowed: "one for each of \(path.count) tokens")
    }
    if expected.isEmpty { expect(distributions) }
    let number = paths.count
    paths.append(path)
    var state = question.node.state
    var mass = question.node.logMass
    for place in question.beginning.count..<path.count {
      let next = distributions[place]
      guard let own = next.logProbability(of: path[place]) else {
        throw ArgumentError(name: "model", value: "a list without token \(path[place])", allowed: "each token listed")
      }
      for (token, probability) in next.listed where token != path[place] && probability.upper > -.infinity {
        let child = comparison.next(state, token)
        let childMass = Self.sum(mass, probability)
        sort(child, childMass, path: number, shared: place, token: token)
      }
      takeUnlisted(next, state, mass)
      state = comparison.next(state, path[place])
      mass = Self.sum(mass, own)
      if comparison.most(state) <= comparison.limit {
        takeIn(mass)
        found.append(.init(tokens: Array(path[...place]), logProbability: mass.lower))
        return
      }
      if comparison.least(state) > comparison.limit || mass.upper == -.infinity { return }
    }
  }

  /// A beginning that leaves a path: in, out, or open.
  private mutating func sort(_ state: DistanceState, _ mass: LogInterval, path: Int, shared: Int, token: Int) {
    if comparison.least(state) > comparison.limit { return }
    if comparison.most(state) <= comparison.limit {
      takeIn(mass)
      found.append(.init(tokens: Array(paths[path].prefix(shared)) + [token], logProbability: mass.lower))
      return
    }
    push(path: path, shared: shared, token: token, state, mass)
  }

  /// Tokens that are not listed are out where the likeliest of them would be, and in where the unlikeliest is.
  private mutating func takeUnlisted(_ next: NextTokens, _ state: DistanceState, _ mass: LogInterval) {
    guard next.rest.upper > -.infinity else { return }
    let rest = Self.sum(mass, next.rest)
    let others = comparison.matchable(state).filter { token in !next.listed.contains { $0.token == token } }
    let states = ([nil] + others.map { $0 }).map { comparison.next(state, $0) }
    if states.allSatisfy({ comparison.most($0) <= comparison.limit }) {
      takeIn(rest)
    } else if states.contains(where: { comparison.least($0) <= comparison.limit }) {
      unlisted.add(Self.high(rest.upper))
    }
  }

  private static func sum(_ a: LogInterval, _ b: LogInterval) -> LogInterval {
    LogInterval(lower: a.lower + b.lower, upper: min(0, a.upper + b.upper))
  }

  private mutating func push(path: Int, shared: Int, token: Int?, _ state: DistanceState, _ mass: LogInterval) {
    let node = Node(path: path, shared: shared, token: token, state: state, logMass: mass, number: made)
    byMass.push(.init(key: mass.upper, number: made, node: node))
    let left = comparison.limit - comparison.least(state)
    let promise = expected.isEmpty || left < 0 ? 0 : expected[state.count][left]
    byPromise.push(.init(key: mass.upper + promise, number: made, node: node))
    made += 1
  }
}
