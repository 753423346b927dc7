import ArgumentParser
import TokenProcess

/// How tokens are drawn.
struct DecodingOptions: ParsableArguments {
  @Option(help: "Temperature; 0 is greedy decoding.")
  var temperature = 1.0

  @Option(help: ArgumentHelp("Keep the k most probable tokens; 0 for all.", valueName: "k"))
  var topK: Int?

  @Option(help: ArgumentHelp("Keep the most probable tokens up to this share.", valueName: "p"))
  var topP: Double?

  @Option(help: ArgumentHelp("Keep tokens with this share of the best one's probability.", valueName: "p"))
  var minP: Double?

  /// Whether any of them is another than plain sampling has.
  var isGiven: Bool { temperature != 1 || topK != nil || topP != nil || minP != nil }

  func decoding() throws -> Decoding {
    try Decoding(temperature: temperature, topK: topK == 0 ? nil : topK, topP: topP, minP: minP)
  }
}
