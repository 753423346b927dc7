import Foundation
import GSLNumerics
import HeavyTails

// Times this library as plfit.c times plfit: peer-heavytails name file [name file …]. With the argument `draws` alone
// it prints the counts of 10⁶ draws from zeta(2.5).

func median(_ runs: Int, _ work: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let times = try (0..<runs).map { _ in try clock.measure { try work() } }.sorted()
  return Double(times[runs / 2].components.attoseconds) / 1e15 + 1e3 * Double(times[runs / 2].components.seconds)
}

func expandedValues(_ path: String) throws -> [Int] {
  var values: [Int] = []
  for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
    let parts = line.split(separator: " ").compactMap { Int($0) }
    guard parts.count == 2 else { continue }
    values += Array(repeating: parts[0], count: parts[1])
  }
  var generator = SeededGenerator(seed: 1)
  values.shuffle(using: &generator)
  return values
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments == ["draws"] {
  let law = try Zeta(alpha: 2.5)
  var generator = SeededGenerator(seed: 1)
  let counts = try CensoredCounts(exact: (0..<1_000_000).map { _ in min(law.sample(using: &generator), 1 << 40) })
  for cell in counts.cells { print(cell.length, Int(cell.exact)) }
}
for index in stride(from: 0, to: arguments.count - 1, by: 2) {
  let values = try expandedValues(arguments[index + 1])
  let fit = try median(11) { _ = try MinimumSelection(Zeta.self, counts: CensoredCounts(exact: values)) }
  print("HeavyTails\t\(arguments[index]): fit with n_min scan\t\(fit)")
  let counts = try CensoredCounts(exact: values)
  // As users get it: a thousand replicates of the test of fit on one thread.
  let choice = try MinimumSelection(Zeta.self, counts: counts, smallestTail: 10)
  let clock = ContinuousClock()
  for threads in [1, 2] {
    let time = try await clock.measure {
      _ = try await BootstrapGoodness(
        choice.fit, counts: counts, by: [.kolmogorovSmirnov], resampling: .semiparametric(smallestTail: 10),
        replicates: 1000, threads: threads)
    }
    let milliseconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
    print(
      "HeavyTails\t\(arguments[index]): bootstrap replicate\(threads == 1 ? "" : ", two threads")\t\(milliseconds)")
  }
}
