import GSLNumerics
import Inference
import RealModule
import TestSupport
import Testing

@Suite struct BlockBootstrapTests {
  /// Runs of ones and zeros, as covered passages of a text are: a chain of two states.
  private func chain(_ count: Int, share: Double, run: Double, _ generator: inout SeededGenerator) -> [Double] {
    var isOne = generator.uniform() < share
    return (0..<count).map { _ in
      let leave = isOne ? 1 / run : share / (1 - share) / run
      if generator.uniform() < leave { isOne.toggle() }
      return isOne ? 1 : 0
    }
  }

  /// The limits hold about as often as they say where tokens depend on each other; those that take tokens as
  /// independent, with block 1, hold far less often.
  @Test(arguments: [(share: 0.3, run: 20.0), (share: 0.05, run: 20.0)])
  func coverage(_ text: (share: Double, run: Double)) {
    let texts = slowTestsAreEnabled ? 1000 : 200
    var (held, heldAlone) = (0, 0)
    for index in 0..<texts {
      var generator = SeededGenerator(seed: 91, stream: UInt64(index))
      let values = chain(20_000, share: text.share, run: text.run, &generator)
      var bootstrap = BlockBootstrap(block: 200)
      bootstrap.replicates = 499
      if let limits = bootstrap.meanInterval(of: [values]), limits.contains(text.share) { held += 1 }
      let (mean, count) = (values.reduce(0, +) / 20_000, 20_000.0)
      let error = 1.96 * (mean * (1 - mean) / count).squareRoot()
      if (mean - error...mean + error).contains(text.share) { heldAlone += 1 }
    }
    // 100 blocks of skewed sums: 0.91 to 0.97 of 200 texts, and 1 % more or less by chance.
    #expect(Double(held) / Double(texts) > 0.9, "\(held) of \(texts)")
    #expect(Double(heldAlone) / Double(texts) < 0.65, "\(heldAlone) of \(texts)")
  }

  @Test func nothingCovered() throws {
    let limits = try #require(BlockBootstrap(block: 10).meanInterval(of: [Array(repeating: 0, count: 200)]))
    // Of 20 blocks none: at most 1 - 0.05^(1/20) have anything.
    #expect(limits.lowerBound == 0)
    expectClose(limits.upperBound, 0.13910834, relative: 1e-7)
    // And where all is, as much less than all.
    let all = try #require(BlockBootstrap(block: 10).meanInterval(of: [Array(repeating: 1, count: 200)]))
    #expect(all == (1 - limits.upperBound)...1)
    let works = try #require(BlockBootstrap.ratioInterval(of: Array(repeating: (0, 5), count: 20)))
    expectClose(works.upperBound, limits.upperBound)
  }

  @Test func tooFewSayNothing() {
    #expect(BlockBootstrap(block: 100).meanInterval(of: [Array(repeating: 1, count: 500)]) == nil)
    #expect(BlockBootstrap.ratioInterval(of: Array(repeating: (1, 2), count: 9)) == nil)
    #expect(BlockBootstrap(block: 3).meanInterval(of: []) == nil)
  }

  /// Works of different sizes, as unlike each other as works are.
  @Test func ratiosOfWorks() {
    let samples = slowTestsAreEnabled ? 1000 : 200
    var held = 0
    for index in 0..<samples {
      var generator = SeededGenerator(seed: 92, stream: UInt64(index))
      let works = (0..<40).map { _ in
        let size = Double(Int.random(in: 1000...9000, using: &generator))
        return (part: size * 0.2 * generator.uniform(), whole: size)
      }
      if let limits = BlockBootstrap.ratioInterval(of: works, replicates: 499), limits.contains(0.1) { held += 1 }
    }
    #expect(Double(held) / Double(samples) > 0.9, "\(held) of \(samples)")
  }
}
