import Inference
import TokenProcess

/// The works in a data set while its records come in, for an audit: sums of each, or what was made of them before they
/// were written to a summary.
struct WorkRows: Sendable {
  /// The lengths that are reported where nobody asks for others.
  static let usualLengths = [16, 32, 50]

  private let lengths: [Int]
  /// Windows that are still to be added: a part of a file is read before it is known what comes before it.
  private var pending: [WorkSums.Part] = []
  private var order: [String] = []
  /// By document, but for windows that are pending.
  private(set) var sums: [String: WorkSums] = [:]
  /// Works from summaries.
  private var finished: [WorkCoverage] = []
  private var copies = ContextCopies()

  init(lengths: [Int]?) { self.lengths = lengths.map { Set($0).sorted() } ?? Self.usualLengths }

  /// Whether there are none.
  var isEmpty: Bool { pending.isEmpty && order.isEmpty && finished.isEmpty }

  /// Adds a window of a work; a record without a place is left out.
  mutating func add(_ record: Record) {
    guard let place = record.place, !place.isLongPass else { return }
    // Sampling at temperature 1 needs nothing that a record may lack.
    guard let part = try? WorkSums.Part(record, place, nil, context: 0, copies: &copies) else { return }
    pending.append(part)
    if pending.count >= 1 << 14 { settle() }
  }

  /// Adds what is pending.
  mutating func settle() {
    for part in pending { add(part) }
    pending.removeAll()
  }

  private mutating func add(_ part: WorkSums.Part) {
    if sums[part.document] == nil { order.append(part.document) }
    sums[part.document, default: WorkSums(lengths: lengths)].add(part)
  }

  /// Adds the works of another part of the data. A work in both is one, unless it is from a summary.
  ///
  /// - Precondition: They are of the same lengths.
  mutating func merge(_ other: WorkRows) {
    guard !other.isEmpty else { return }
    settle()
    for document in other.order {
      guard let own = other.sums[document] else { continue }
      if sums[document] == nil { order.append(document) }
      sums[document, default: WorkSums(lengths: lengths)].merge(own)
    }
    for part in other.pending { add(part) }
    finished += other.finished
  }

  /// The works at the lengths of which something is known, for a report.
  var reported: [WorkCoverage] {
    let works = works
    let known = lengths.indices.filter { index in
      works.contains { $0.lengths[index].unknownTokens < $0.tokens }
    }
    guard !known.isEmpty else { return [] }
    return works.map { work in
      var work = work
      work.lengths = known.map { work.lengths[$0] }
      return work
    }
  }

  /// The works, without where in them the risk is.
  var works: [WorkCoverage] {
    var whole = self
    whole.settle()
    let own = whole.order.compactMap { document in
      whole.sums[document].map { sums in
        var sums = sums
        _ = sums.settle(tokens: nil, boundaries: nil)
        return WorkMeasures().coverage(of: sums, document)
      }
    }
    return finished + own
  }
}

extension WorkRows: Codable {
  private enum CodingKeys: String, CodingKey { case lengths, works }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(lengths: try container.decode([Int].self, forKey: .lengths))
    finished = try container.decode([WorkCoverage].self, forKey: .works)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lengths, forKey: .lengths)
    try container.encode(works, forKey: .works)
  }
}

extension [WorkCoverage] {
  /// All works together at each length, with limits by resampling works where there are ten.
  func totals(_ resampling: Resampling) -> [WorksTotal] {
    guard let first else { return [] }
    return first.lengths.indices.map { index in
      let tokens = map(\.tokens).reduce(0, +)
      // A share of whole tokens is their number again.
      func covered(_ work: WorkCoverage, _ share: (WorkCoverage) -> Double) -> Double {
        (share(work) * Double(work.tokens)).rounded()
      }
      func sum(_ share: (WorkCoverage) -> Double) -> Double {
        map { covered($0, share) }.reduce(0, +) / Double(tokens)
      }
      return .init(
        n: first.lengths[index].n, tokens: tokens, unknownTokens: map { $0.lengths[index].unknownTokens }.reduce(0, +),
        coverage: first.lengths[index].coverage.enumerated().map { place, coverage in
          let range = BlockBootstrap.ratioInterval(
            of: map { work in (covered(work) { $0.lengths[index].coverage[place].lower }, Double(work.tokens)) },
            level: resampling.level, replicates: resampling.replicates, seed: resampling.seed)
          return .init(
            threshold: coverage.threshold, lower: sum { $0.lengths[index].coverage[place].lower },
            upper: sum { $0.lengths[index].coverage[place].upper }, limits: range.map { Interval($0) },
            resampled: range.map { _ in "works" }, controls: nil)
        })
    }
  }
}
