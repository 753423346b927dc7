/// A text and what comes before it, with the probabilities of its tokens where they are known.
public struct Passage: Sendable, Equatable {
  /// A token, or a text of which no tokens are known.
  public struct Piece: Sendable, Equatable {
    /// Its text.
    public var text: String
    /// ln of its probability; nil where it is not known.
    public var logProbability: Double?

    /// A piece.
    public init(_ text: String, logProbability: Double? = nil) {
      self.text = text
      self.logProbability = logProbability
    }
  }

  /// Its name.
  public var name: String
  /// What there is to say of it.
  public var note: String
  /// What comes before it; nil where that is not known.
  public var prefix: String?
  /// The text.
  public var pieces: [Piece]

  /// A passage.
  public init(_ name: String, note: String, prefix: String?, pieces: [Piece]) {
    self.name = name
    self.note = note
    self.prefix = prefix
    self.pieces = pieces
  }

  /// The text as a whole.
  var text: String { pieces.map(\.text).joined() }

  /// In one line, for text and Markdown.
  var line: String {
    func flat(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
    return "\(name) (\(note)): " + (prefix.map { "\(flat($0)) ⟶ " } ?? "") + flat(text)
  }

  /// From which probability on each shade is.
  static let shades = [0.01, 0.1, 0.5, 0.9]

  /// The passage as an element of a page that has ``style``.
  var html: String {
    let before = prefix.map { "<span class=\"prefix\">\(htmlEscaped($0))</span>" } ?? ""
    let text = pieces.map { piece -> String in
      guard let log = piece.logProbability else { return htmlEscaped(piece.text) }
      let shade = Self.shades.count { Double.exp(log) >= $0 }
      return "<span class=\"p\(shade)\" title=\"\(NumberText.probability(log: log))\">\(htmlEscaped(piece.text))</span>"
    }
    return "<section class=\"passage\"><h3>\(htmlEscaped(name))</h3><p class=\"note\">\(htmlEscaped(note))</p>"
      + "<p class=\"text\">\(before)\(text.joined())</p></section>"
  }

  /// What pages with passages need: darker is more probable.
  static let style = """
    .passage{margin:1rem 0;max-width:46rem;break-inside:avoid}.passage h3{font-size:1rem;margin:0}
    .passage .note{color:var(--quiet);font-size:.9rem;margin:0}.passage .text{white-space:pre-wrap;margin:.25rem 0 0}
    .passage .prefix{color:var(--quiet)}
    .p1{background:color-mix(in srgb,var(--c0) 8%,transparent)}\
    .p2{background:color-mix(in srgb,var(--c0) 16%,transparent)}
    .p3{background:color-mix(in srgb,var(--c0) 26%,transparent)}\
    .p4{background:color-mix(in srgb,var(--c0) 38%,transparent)}
    """
}
