import RealModule
import Testing

@testable import Reports

@Suite struct NumberTextTests {
  private static let words: [(probability: Double, words: String)] = [
    (1, "nearly every draw"), (0.9949, "about 99 in 100 draws"), (0.5, "about 50 in 100 draws"),
    (0.1, "about 10 in 100 draws"), (3.3333333e-4, "about 1 in 3,000 draws"), (8.1e-5, "about 1 in 12,000 draws"),
    (1.004e-5, "about 1 in 100,000 draws"), (0.099, "about 1 in 10 draws"),
    (1e-300, "less than once in a billion draws"),
  ]

  @Test(arguments: words)
  func odds(_ probability: Double, _ words: String) {
    #expect(NumberText.odds(log: .log(probability)) == words)
  }

  @Test func oddsOfNothing() {
    #expect(NumberText.odds(log: nil) == "never" && NumberText.odds(log: -.infinity) == "never")
  }
}
