import Captures
import Foundation
import HeavyTails

/// A law that a fit's JSON tells, with the lengths on which it is conditional: to draw from it.
public struct FittedLaw: Sendable {
  /// The law.
  public let law: any FittableFamily
  /// n_min and n_max of the fit.
  public let window: LengthWindow

  /// The law of one family of a report.
  ///
  /// - Parameters:
  ///   - report: The fits.
  ///   - family: The family's name; nil for the one with the smallest AIC.
  /// - Throws: `ArgumentError` for a family that the report does not have or that has no finite parameters there;
  ///   `DistributionError`.
  public init(_ report: FitReport, family: String? = nil) throws {
    let name = family ?? report.best
    guard let fit = report.fits.first(where: { $0.family == name }) else {
      throw ArgumentError(
        name: "family", value: name ?? "none",
        allowed: "one that the fit has: \(report.fits.map(\.family).joined(separator: ", "))")
    }
    let values = fit.parameters.items.compactMap { item in item.value.map { (item.name, $0) } }
    guard values.count == fit.parameters.items.count else {
      throw ArgumentError(
        name: "family", value: fit.family,
        allowed: "a family with finite parameters: this one is at its limit \(fit.boundary ?? "")")
    }
    law = try Family.law(named: fit.family, parameters: Dictionary(uniqueKeysWithValues: values))
    window = LengthWindow(from: fit.nMin, through: report.nMax)
  }

  /// The law of one family of a fit's JSON file.
  ///
  /// - Throws: `CaptureError` for a file that is no such JSON; as ``init(_:family:)``.
  public init(file: String, family: String? = nil) throws {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: file)) } catch {
      throw CaptureError(file: file, problem: "cannot be read: \(error.localizedDescription)")
    }
    guard let report = try? JSONDecoder().decode(FitReport.self, from: data) else {
      throw CaptureError(file: file, problem: "is no fit: make one with skewmem fit --format json")
    }
    try self.init(report, family: family)
  }
}
