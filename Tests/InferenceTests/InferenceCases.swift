import Foundation
import TestSupport

/// What References/make_inference.py computed.
struct InferenceCases: Decodable {
  struct SignedRank: Decodable {
    let differences: [Double]
    let zeros: String
    let wPlus: Double
    let wMinus: Double
    let normalP: Double?
    let exactP: Double?
  }
  struct Sign: Decodable {
    let differences: [Double]
    let p: Double
  }
  struct MannWhitney: Decodable {
    let x: [Double]
    let y: [Double]
    let u: Double
    let normalP: Double?
    let exactP: Double?
    let cliffsDelta: Double
  }
  struct TwoSample: Decodable {
    let x: [Double]
    let y: [Double]
    let statistic: Double
    let exactP: Double?
  }
  struct Adjusted: Decodable {
    let p: [Double]
    let holm: [Double]
    let bh: [Double]
  }
  struct PartialSpearman: Decodable {
    let x: [Double]
    let y: [Double]
    let covariates: [[Double]]
    let value: Double
  }
  struct Regression: Decodable {
    let link: String
    let x: [[Double]]
    let y: [Double]
    let clusters: [Int]
    let coefficients: [Double]
    let covariance: [[Double]]
    let logLikelihood: Double
    let deviance: Double
    let ame: [Double]
    let ameSe: [Double]
  }

  let signedRank: [SignedRank]
  let sign: [Sign]
  let mannWhitney: [MannWhitney]
  let ks: [TwoSample]
  let anderson: [TwoSample]
  let holmBh: [Adjusted]
  let partialSpearman: [PartialSpearman]
  let regression: [Regression]

  static func read() throws -> InferenceCases { try reference("inference.json", in: .module) }
}
