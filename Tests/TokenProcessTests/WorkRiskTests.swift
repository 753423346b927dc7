import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct WorkRiskTests {
  /// ln p of tokens, some of them certain, some impossible, some of 1e-300.
  private func values(_ count: Int, _ generator: inout SeededGenerator, hasEdges: Bool = true) -> [Double] {
    (0..<count).map { _ in
      switch hasEdges ? Int.random(in: 0..<12, using: &generator) : 9 {
      case 0: 0
      case 1: -.infinity
      case 2: -690
      default: -.random(in: 0..<2, using: &generator)
      }
    }
  }

  private func logSurvival(_ values: some Sequence<Double>) -> [Double] {
    values.reduce(into: [0.0]) { sums, value in sums.append(sums[sums.count - 1] + value) }
  }

  /// Every quantity by its definition, token by token and window by window.
  @Test func windowsAgainstTheDefinition() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      let tokens = Int.random(in: 6...30, using: &generator)
      let n = Int.random(in: 1...6, using: &generator)
      var windows: [(start: Int, values: [Double], isCounted: [Bool]?)] = []
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let start = Int.random(in: 0..<tokens, using: &generator)
        let count = Int.random(in: 1...min(8, tokens - start), using: &generator)
        let isCounted: [Bool]? =
          Bool.random(using: &generator) ? nil : (0..<count).map { _ in Bool.random(using: &generator) }
        windows.append((start, values(count, &generator), isCounted))
      }
      var risk = WorkRisk(length: n)
      risk.reserve(tokens: tokens)
      for window in windows {
        risk.add(
          WorkWindow(start: window.start, logSurvival: logSurvival(window.values)), isCounted: window.isCounted)
      }
      #expect(risk.tokens == tokens)
      for token in 0..<tokens {
        var largest: Double?
        var missed = 1.0
        for window in windows where window.values.count >= n && window.start <= token {
          let offset = token - window.start
          guard offset < window.values.count, window.isCounted?[offset] != false else { continue }
          if offset < n {
            largest = max(largest ?? -.infinity, window.values.prefix(n).reduce(0, +))
          }
          missed *= 1 - Double.exp(window.values.prefix(max(n, offset + 1)).reduce(0, +))
        }
        if let largest {
          expectCloseLog(risk.logRisk[token], largest)
        } else {
          #expect(risk.logRisk[token].isNaN)
        }
        // The product of 1 - S has lost what is below the rounding of 1.
        for draws in [1.0, 3] {
          expectClose(
            risk.probabilities(draws: draws)[token], 1 - .pow(missed, draws), relative: 1e-12, absolute: 1e-14)
        }
      }
      #expect(risk.known == risk.logRisk.count { !$0.isNaN })
      for threshold in [1e-6, 0.1, 0.5] {
        let covered = (0..<tokens).filter { risk.logRisk[$0] >= .log(threshold) }
        let spans = risk.spans(logThreshold: .log(threshold))
        #expect(spans.flatMap { Array($0.start..<$0.end) } == covered)
        #expect(risk.coveredTokens(logThreshold: .log(threshold)) == covered.count)
        #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.end < $1.start })
        for span in spans { #expect(span.logRisk == risk.logRisk[span.start..<span.end].max()) }
      }
      #expect(risk.levels.flatMap { Array($0.start..<$0.end) } == (0..<tokens).filter { !risk.logRisk[$0].isNaN })
    }
  }

  /// The probability that a token comes out, from every outcome of every draw.
  @Test func drawsAgainstEnumeration() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<20 {
      let windows = [(0, values(4, &generator)), (2, values(4, &generator))]
      let (n, draws) = (2, 2)
      var risk = WorkRisk(length: n)
      for (start, values) in windows { risk.add(WorkWindow(start: start, logSurvival: logSurvival(values))) }
      // The match lengths of two draws from each window.
      let laws = windows.flatMap { [($0.0, $0.1), ($0.0, $0.1)] }
      var probabilities = Array(repeating: 0.0, count: 6)
      for outcome in 0..<625 {
        var (rest, weight) = (outcome, 1.0)
        var isOut = Set<Int>()
        for (start, values) in laws {
          let match = rest % 5
          rest /= 5
          let survival = Double.exp(values.prefix(match).reduce(0, +))
          weight *= match < 4 ? survival * -Double.expMinusOne(values[match]) : survival
          if match >= n { isOut.formUnion(start..<(start + match)) }
        }
        for token in isOut { probabilities[token] += weight }
      }
      for (found, expected) in zip(risk.probabilities(draws: Double(draws)), probabilities) {
        expectClose(found, expected, relative: 1e-12, absolute: 1e-15)
      }
      expectClose(risk.expectedTokens(draws: 2), probabilities.reduce(0, +), relative: 1e-12, absolute: 1e-15)
    }
  }

  /// A long pass is the windows that begin at each of its tokens.
  @Test func longPassesAreTheirWindows() {
    var generator = SeededGenerator(seed: 15)
    for round in 0..<200 {
      let count = Int.random(in: 1...60, using: &generator)
      let (n, first) = (Int.random(in: 1...10, using: &generator), Int.random(in: 0...12, using: &generator))
      let values = values(count, &generator, hasEdges: round % 2 == 0)
      let isCounted: [Bool]? = round % 3 == 0 ? values.map { _ in .random(using: &generator) } : nil
      var pass = WorkRisk(length: n)
      pass.add(passAt: 5, tokenLogProbabilities: values, first: min(first, count), isCounted: isCounted)
      var windows = WorkRisk(length: n)
      windows.reserve(tokens: 5 + count)
      for start in stride(from: first, through: count - n, by: 1) {
        windows.add(
          WorkWindow(start: 5 + start, logSurvival: logSurvival(values[start...])),
          isCounted: isCounted.map { Array($0[start...]) })
      }
      #expect(pass.tokens == windows.tokens)
      for token in 0..<pass.tokens {
        #expect(pass.logRisk[token].isNaN == windows.logRisk[token].isNaN)
        if !pass.logRisk[token].isNaN { expectCloseLog(pass.logRisk[token], windows.logRisk[token]) }
        expectClose(
          pass.probabilities(draws: 7)[token], windows.probabilities(draws: 7)[token], relative: 1e-12, absolute: 0)
      }
    }
  }

  /// A text known by heart, and one of 1e-300.
  @Test func edgesOfProbability() {
    var known = WorkRisk(length: 16)
    known.add(passAt: 0, tokenLogProbabilities: Array(repeating: 0, count: 5000), first: 0)
    #expect(known.coveredTokens(logThreshold: 0) == 5000 && known.expectedTokens(draws: 1) == 5000)
    var nearly = WorkRisk(length: 1)
    nearly.add(WorkWindow(start: 0, logSurvival: [0, -690.7755278982137]))
    expectClose(nearly.probabilities(draws: 1e6)[0], 1e-294, relative: 1e-12)
    #expect(nearly.spans(logThreshold: -691).map(\.count) == [1] && nearly.spans(logThreshold: -690).isEmpty)
    // p = 1 - 1e-12 over a long pass: 1 - S of a thousand tokens is 1e-9.
    var sure = WorkRisk(length: 1000)
    sure.add(passAt: 0, tokenLogProbabilities: Array(repeating: Double.log(onePlus: -1e-12), count: 1000), first: 0)
    expectClose(-Double.expMinusOne(sure.logRisk[0]), 1e-9, relative: 1e-9)
    let empty = WorkRisk(length: 3)
    #expect(empty.known == 0 && empty.spans(logThreshold: -1).isEmpty && empty.expectedTokens(draws: 1) == 0)
  }

  @Test func partsMergeToTheWhole() {
    var generator = SeededGenerator(seed: 16)
    var (whole, one, other) = (WorkRisk(length: 4), WorkRisk(length: 4), WorkRisk(length: 4))
    for index in 0..<40 {
      let window = WorkWindow(
        start: .random(in: 0..<50, using: &generator), logSurvival: logSurvival(values(9, &generator)))
      whole.add(window)
      if index % 2 == 0 { one.add(window) } else { other.add(window) }
    }
    one.merge(other)
    #expect(one.tokens == whole.tokens)
    for (a, b) in zip(one.logRisk, whole.logRisk) { #expect(a == b || a.isNaN && b.isNaN) }
    expectClose(one.expectedTokens(draws: 3), whole.expectedTokens(draws: 3))
  }

  @Test func copiesAreRunsThatStandBefore() {
    var generator = SeededGenerator(seed: 23)
    var copies = ContextCopies(gram: 3)
    for _ in 0..<300 {
      let tokens = (0..<Int.random(in: 0...25, using: &generator)).map { _ in Int.random(in: 0..<3, using: &generator) }
      var expected = tokens.map { _ in false }
      for start in stride(from: 1, through: tokens.count - 3, by: 1) {
        let run = tokens[start..<(start + 3)]
        if (0..<start).contains(where: { tokens[$0..<($0 + 3)] == run }) {
          for token in start..<(start + 3) { expected[token] = true }
        }
      }
      #expect(copies.marks(in: tokens) == expected)
    }
    #expect(copies.marks(in: [1, 1, 1, 1]) == [false, true, true, true])
  }
}
