import Foundation

/// What can be wrong with a distribution's parameters or with the data for a fit.
public enum DistributionError: LocalizedError, Equatable, Sendable {
  /// A parameter outside its range.
  case parameter(family: String, name: String, value: Double, allowed: String)
  /// A parameter that was not given.
  case missingParameter(family: String, name: String, allowed: String)
  /// A parameter that the family has not.
  case parameterName(family: String, name: String, known: [String])
  /// A number of parameters other than the family has.
  case parameterCount(family: String, given: Int, needed: Int)
  /// A family name that the library does not know.
  case unknownFamily(String)
  /// A cell of a histogram that is no weight of a length.
  case cell(length: Int, weight: Double)
  /// An interval whose ends, entry length or weight are out of range.
  case interval(LengthInterval)
  /// A method for exact and right-censored lengths, asked for with others.
  case intervals(method: String)
  /// A parameter that a family cannot have fixed.
  case notFixable(family: String, name: String)
  /// A histogram without any weight.
  case noData
  /// Data without any weight between n_min and n_max.
  case noDataInWindow(from: Int, through: Int?)
  /// Data that every law tried from the family gives probability 0.
  case impossibleData(family: String)
  /// A confidence level outside (0, 1).
  case level(Double)
}

extension DistributionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .parameter(let family, let name, let value, let allowed):
      "\(family): parameter \(name) = \(value) is outside its range (\(allowed))"
    case .missingParameter(let family, let name, let allowed):
      "\(family): parameter \(name) is not given (\(allowed))"
    case .parameterName(let family, let name, let known):
      "\(family) has no parameter \(name); it has \(known.joined(separator: ", "))"
    case .parameterCount(let family, let given, let needed):
      "\(family): \(given) given, \(needed) needed"
    case .unknownFamily(let name):
      "no family is called \"\(name)\"; there are \(FamilyChoice.plainNames), each also with "
        + "the prefix zero-inflated-, cured- or zero-inflated-cured-"
    case .cell(let length, let weight):
      "weight \(weight) at length \(length): lengths are 0 to 2^60, weights 0 to 2^53"
    case .interval(let interval):
      "the interval from \(interval.lower)\(interval.upper.map { " to \($0)" } ?? ""), entry length \(interval.entry), "
        + "weight \(interval.weight): 0 <= entry <= lower <= upper <= 2^60 and weights from 0 to 2^53 are allowed"
    case .intervals(let method):
      "\(method) needs exact or right-censored lengths: some are interval-censored or have an entry length"
    case .notFixable(let family, let name):
      "\(family): parameter \(name) cannot be fixed, because its range depends on the other parameters"
    case .noData:
      "the data are empty"
    case .noDataInWindow(let minimum, let maximum):
      "no length is known to be \(minimum) or more\(maximum.map { " and at most \($0)" } ?? "")"
    case .impossibleData(let family):
      "\(family): the data have probability 0 at every starting point"
    case .level(let level):
      "confidence level \(level) is outside its range (0 < level < 1)"
    }
  }

  public var errorDescription: String? { description }
}
