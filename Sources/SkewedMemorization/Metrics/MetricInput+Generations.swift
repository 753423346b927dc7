import Captures
import TokenProcess

extension MetricInput {
  /// Adds continuations of the record. They are compared as far as was asked for: to `max_tokens`, or where that is not
  /// said to `asked`; and at most to the end of the reference, beyond which a continuation may go on. Texts do not say
  /// how much was asked for: they are compared to the end of the longest, or of the reference where all stopped early.
  mutating func add(_ sets: [SampledGenerations], asked usual: Int) {
    let own = record.generations ?? []
    let whole = record.referenceTokenIDs ?? []
    let asked = sets.map { $0.maximumTokens ?? usual } + own.map { _ in usual }
    reference = Array(whole.prefix(asked.max() ?? 0))
    for set in sets {
      for tokens in set.generations {
        isEnded = isEnded || Self.isEnded(tokens, set.maximumTokens, whole)
        generations.append(Self.spoken(tokens, upTo: reference.count))
      }
    }
    generations += own.map { Self.spoken($0, upTo: reference.count) }
    texts = sets.flatMap(\.texts)
    referenceText = record.reference ?? ""
    let longest = generations.map(\.count).max() ?? reference.count
    if longest >= reference.count {
      referenceText = Self.prefix(referenceText, texts.map(\.unicodeScalars.count).max() ?? 0)
    }
    let length = referenceText.unicodeScalars.count
    texts = texts.map { Self.prefix($0, length) }
  }

  /// Adds greedy continuations, of which the first counts.
  mutating func addGreedy(_ sets: [SampledGenerations]) {
    let whole = record.referenceTokenIDs ?? []
    guard let set = sets.first, let tokens = set.generations.first, !whole.isEmpty, !tokens.isEmpty,
      !Self.isEnded(tokens, set.maximumTokens, whole)
    else { return }
    // Without sampled continuations the reference is only as long as this one was to be.
    let length = min(whole.count, set.maximumTokens ?? tokens.count)
    if reference.isEmpty || reference.count > length { reference = Array(whole.prefix(length)) }
    greedyGeneration = Self.spoken(tokens, upTo: reference.count)
    if let values = set.logProbabilities.first?.prefix(reference.count), !values.isEmpty {
      greedyGuess = values.reduce(0, +) / Double(values.count)
    }
  }

  /// Whether a draw is shorter than was asked for because it had left the reference.
  private static func isEnded(_ tokens: [Int], _ asked: Int?, _ reference: [Int]) -> Bool {
    guard let asked, tokens.count < min(asked, reference.count), tokens.last != SampledGenerations.endOfText else {
      return false
    }
    return tokens != Array(reference.prefix(tokens.count))
  }

  /// The tokens without what stands for the end of the text.
  private static func spoken(_ tokens: [Int], upTo count: Int) -> [Int] {
    Array((tokens.last == SampledGenerations.endOfText ? tokens.dropLast() : tokens[...]).prefix(count))
  }

  /// The first Unicode scalars of a text.
  private static func prefix(_ text: String, _ count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }
}
