/// What an audit is asked for.
public struct AuditOptions: Sendable, Equatable {
  /// The lengths n at which counts and concentration are reported; nil for 1, 2, 4, 8, … and the largest length.
  public var lengths: [Int]?
  /// How many of the riskiest records are named.
  public var top = 100
  /// The confidence level of all limits.
  public var level = 0.95
  /// Bootstrap replicates for the population limits of the survival function.
  public var replicates = 1999
  /// The seed of the bootstrap.
  public var seed: UInt64 = 0
  /// Tasks to spread work over; results do not depend on it.
  public var threads = 1

  /// The usual options.
  public init() {}

  /// Whether another audit is of the same lengths.
  func hasSameLengths(as other: AuditOptions) -> Bool { lengths.map(Set.init) == other.lengths.map(Set.init) }

  /// What is wrong with options.
  public enum OptionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A value outside its range.
    case argument(name: String, value: String, allowed: String)

    public var description: String {
      switch self {
      case .argument(let name, let value, let allowed): "\(name) = \(value) is outside its range (\(allowed))"
      }
    }
  }

  /// Throws for the first option that is out of range.
  public func validate() throws(OptionError) {
    if let lengths {
      if lengths.isEmpty { throw .argument(name: "lengths", value: "none", allowed: "at least one") }
      for n in lengths where n < 1 { throw .argument(name: "lengths", value: "\(n)", allowed: "1 or more") }
    }
    if !(0...1_000_000).contains(top) { throw .argument(name: "top", value: "\(top)", allowed: "0 to 1000000") }
    if !(level > 0 && level < 1) { throw .argument(name: "level", value: "\(level)", allowed: "0 < level < 1") }
    if replicates < 100 { throw .argument(name: "replicates", value: "\(replicates)", allowed: "100 or more") }
    if threads < 1 { throw .argument(name: "threads", value: "\(threads)", allowed: "1 or more") }
  }
}
