/// What can be asked for by name: one family, or the same family in several sizes of which BIC chooses one.
public struct FamilyChoice: Sendable {
  /// The name, e.g. `beta-geometric` or `geometric-mixture`.
  public let name: String
  /// The families, the smallest first.
  public let candidates: [any FittableFamily.Type]

  /// One family, under its own name or that of the choice that it is from.
  public init(_ family: any FittableFamily.Type, named name: String? = nil) {
    self.name = name ?? family.familyName
    candidates = [family]
  }

  private init(name: String, candidates: [any FittableFamily.Type]) {
    self.name = name
    self.candidates = candidates
  }

  /// The choice of this name: `geometric-mixture`, with any prefix, for two to four parts, otherwise a family's.
  ///
  /// - Throws: `DistributionError.unknownFamily`.
  public init(named name: String) throws(DistributionError) {
    guard let choice = Self.all.first(where: { $0.name == name }) else {
      self.init(try Family.named(name))
      return
    }
    self = choice
  }

  /// Every family, and in place of the mixtures of a fixed number of parts the choice among them: plain, zero-inflated,
  /// cured and both.
  public static let all: [FamilyChoice] = ["", "zero-inflated-", "cured-", "zero-inflated-cured-"].flatMap { prefix in
    Family.all.filter { $0.familyName.dropPrefix(prefix).map(isPlain) ?? false }.map { FamilyChoice($0) }
      + [
        FamilyChoice(
          name: prefix + mixtureName,
          candidates: (2...4).compactMap { try? Family.named("\(prefix)\(mixtureName)-\($0)") })
      ]
  }

  /// The name of the family without the shares at zero and without end.
  package var base: String {
    var family = candidates[0]
    while let extended = family as? any ShareExtension.Type { family = extended.baseFamily }
    return family.familyName
  }

  /// The names without prefix, for a line of help.
  public static var plainNames: String {
    (Family.plain.map { $0.familyName }.filter { !$0.hasPrefix(mixtureName) } + [mixtureName]).joined(separator: ", ")
  }

  private static let mixtureName = "geometric-mixture"

  private static func isPlain(_ name: Substring) -> Bool {
    !name.hasPrefix(mixtureName) && Family.plain.contains { $0.familyName == name }
  }
}

extension String {
  fileprivate func dropPrefix(_ prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
