/// How much of works stands in generated texts: the JSON of `skewmem overlap --format json`, schema
/// `skewmem.overlap/1`.
public struct OverlapReport: Codable, Sendable, Equatable {
  /// `skewmem.overlap/1`.
  public var schema = "skewmem.overlap/1"
  /// Where the generations are from.
  public var generationFiles: [String] = []
  /// Generated texts.
  public var generations: Int
  /// Their words.
  public var generatedWords: Int
  /// The least words of a span, k.
  public var words: Int
  /// Words in an m-gram of so many words that the prompt has do not count.
  public var promptWords: Int
  /// Words that may differ between two spans of a block.
  public var gap: Int
  /// The least words of a near-verbatim block.
  public var blockWords: Int
  /// The confidence level of limits.
  public var level: Double
  /// All works together.
  public var total: Total
  /// The works, in the order given.
  public var works: [Work] = []
  /// The longest spans.
  public var spans: [Span] = []
  /// What to know before using the numbers.
  public var warnings: [Warning] = []
  /// The works of up to so many words are shown as maps.
  static let mappedWords = 300_000
  /// Where in each work the words are that generations have; not in JSON.
  var maps: [Map] = []

  enum CodingKeys: String, CodingKey {
    case schema, generations, words, gap, level, total, works, spans, warnings
    case generationFiles = "generation_files"
    case generatedWords = "generated_words"
    case promptWords = "prompt_words"
    case blockWords = "block_words"
  }

  init(_ analysis: OverlapAnalysis, generations: Int, words generatedWords: Int) {
    self.generations = generations
    self.generatedWords = generatedWords
    words = analysis.words
    promptWords = analysis.promptWords
    gap = analysis.gap
    blockWords = analysis.blockWords
    level = analysis.resampling.level
    total = Total(words: 0, covered: 0, limits: nil, unseen: 0, expected: [])
  }

  /// All works together.
  public struct Total: Codable, Sendable, Equatable {
    /// Words.
    public var words: Int
    /// Words in a span.
    public var covered: Int
    /// Limits of the share that as many other generations would cover; null with fewer than ten.
    @OrNull public var limits: Interval?
    /// A lower bound of the words that these generations do not have, but more of them would.
    public var unseen: Double
    /// The words that other numbers of generations are expected to cover.
    public var expected: [Expected]
  }

  /// What so many generations are expected to cover.
  public struct Expected: Codable, Sendable, Equatable {
    /// Their number.
    public var generations: Int
    /// The words.
    public var covered: Double
  }

  /// One work.
  public struct Work: Codable, Sendable, Equatable {
    /// Its file.
    public var name: String
    /// Its words.
    public var words: Int
    /// Words in a span of at least k words: BMC@k is this over `words`.
    public var covered: Int
    /// Limits of that share.
    @OrNull public var limits: Interval?
    /// The longest span of one generation, in words.
    public var longestSpan: Int
    /// The longest block of one generation, in words.
    public var longestBlock: Int
    /// Words in near-verbatim blocks.
    public var nearVerbatim: Int
    /// Generations that have a span of it.
    public var generations: Int

    enum CodingKeys: String, CodingKey {
      case name, words, covered, limits, generations
      case longestSpan = "longest_span"
      case longestBlock = "longest_block"
      case nearVerbatim = "near_verbatim"
    }
  }

  /// A passage.
  public struct Span: Codable, Sendable, Equatable {
    /// The work.
    public var work: String
    /// Its first word, counted from 0.
    public var start: Int
    /// Its words.
    public var words: Int
    /// The generation's name.
    public var generation: String
    /// The passage; null where texts are left out.
    @OrNull public var text: String?
  }

  /// A work with the number of generations that have each word.
  struct Map: Codable, Sendable, Equatable {
    struct Run: Codable, Sendable, Equatable {
      var start: Int
      var end: Int
      var generations: Int
    }

    var name: String
    var runs: [Run]
    var words: Int
    var texts: [String]?
  }
}

extension OverlapReport: WarnedReport {}
