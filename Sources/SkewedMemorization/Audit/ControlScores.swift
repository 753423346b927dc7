import Captures
import RealModule
import TokenProcess

/// What a capture says for a comparison with controls: ln S(n) of each record, or of each work where records are
/// windows, at several lengths.
struct ControlScores: Sendable {
  /// The lengths at which scores are kept where nobody asks for others.
  static let usualLengths = [4, 8, 16, 32, 50, 64, 100]

  /// A record, or a work.
  struct Unit: Sendable {
    /// Its name.
    let name: String
    /// By length: Σ S(n) and its number of records; for one record ln S(n) is kept, as S(n) may be no number.
    var sums: [Double?]
    var counts: [Int]
    var logSurvival: [Double?]
    /// The tokens of the reference, for records of their own.
    var fingerprint: Int?
  }

  let lengths: [Int]
  private(set) var units: [Unit] = []
  /// Records that are windows of works.
  private(set) var windows = 0
  /// The models that records are of, as far as they say: run and epoch.
  private(set) var models: Set<String> = []
  private var places: [String: Int] = [:]

  init(lengths: [Int]?) { self.lengths = lengths.map { Set($0).sorted() } ?? Self.usualLengths }

  mutating func add(_ record: Record) {
    if record.run != nil || record.epoch != nil, models.count < 1000 {
      models.insert("\(record.run ?? "")\(record.epoch.map { " epoch \($0)" } ?? "")")
    }
    let law = MatchLengthLaw(record)
    let logSurvival = lengths.map { $0 <= law.length ? law.logSurvival[$0] : nil }
    var unit = Unit(
      name: record.id, sums: logSurvival.map { $0.map { .exp($0) } }, counts: logSurvival.map { $0 == nil ? 0 : 1 },
      logSurvival: logSurvival, fingerprint: nil)
    guard let place = record.place else {
      unit.fingerprint = record.referenceTokenIDs.map { tokens in
        var hasher = Hasher()
        hasher.combine(record.prefixTokenIDs)
        hasher.combine(tokens)
        return hasher.finalize()
      }
      units.append(unit)
      return
    }
    windows += 1
    add(window: unit, of: place.document)
  }

  private mutating func add(window: Unit, of document: String) {
    guard let index = places[document] else {
      places[document] = units.count
      units.append(
        Unit(
          name: document, sums: window.sums, counts: window.counts, logSurvival: window.logSurvival, fingerprint: nil))
      return
    }
    for n in lengths.indices where window.counts[n] > 0 {
      units[index].sums[n] = (units[index].sums[n] ?? 0) + (window.sums[n] ?? 0)
      units[index].counts[n] += window.counts[n]
      units[index].logSurvival[n] = nil
    }
  }

  mutating func merge(_ other: ControlScores) {
    windows += other.windows
    models.formUnion(other.models)
    let documents = Set(other.places.values)
    for (index, unit) in other.units.enumerated() {
      if documents.contains(index) { add(window: unit, of: unit.name) } else { units.append(unit) }
    }
  }

  /// ln S(n) of a record; of a work ln of the mean of S(n) over its windows. Nil where none is as long.
  func score(_ unit: Unit, at index: Int) -> Double? {
    if let value = unit.logSurvival[index] { return value }
    guard unit.counts[index] > 0, let sum = unit.sums[index] else { return nil }
    return .log(sum / Double(unit.counts[index]))
  }

  /// Whether records are windows of works.
  var areWorks: Bool { windows > 0 }
}
