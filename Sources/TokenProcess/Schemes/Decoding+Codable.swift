/// As reports and stores have it: `{"temperature": 0.8, "top_k": 20, "top_p": null, "min_p": null}`, temperature 0 for
/// greedy decoding, null for no truncation.
extension Decoding: Codable {
  private enum CodingKeys: String, CodingKey {
    case temperature
    case topK = "top_k"
    case topP = "top_p"
    case minP = "min_p"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      temperature: try container.decode(Double.self, forKey: .temperature),
      topK: try container.decodeIfPresent(Int.self, forKey: .topK),
      topP: try container.decodeIfPresent(Double.self, forKey: .topP),
      minP: try container.decodeIfPresent(Double.self, forKey: .minP))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(temperature, forKey: .temperature)
    try container.encode(topK, forKey: .topK)
    try container.encode(topP, forKey: .topP)
    try container.encode(minP, forKey: .minP)
  }
}
