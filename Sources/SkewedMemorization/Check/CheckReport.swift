/// Whether captures can be what they are taken for: the JSON of `skewmem check --format json`, schema
/// `skewmem.check/1`.
public struct CheckReport: Codable, Sendable, Equatable {
  /// `skewmem.check/1`.
  public var schema = "skewmem.check/1"
  /// One entry a file.
  public var files: [File] = []

  /// No files.
  init() {}

  /// Whether analyses take all files.
  public var isAccepted: Bool { files.allSatisfy { $0.verdict != .refused } }

  /// What follows for a file.
  public enum Verdict: String, Codable, Sendable {
    /// Nothing was found.
    case passed
    /// Analyses take it and say what was found.
    case warned
    /// Analyses refuse it.
    case refused
  }

  /// The checks of one file.
  public struct File: Codable, Sendable, Equatable {
    /// The file.
    public var file: String
    /// `passed`, `warned` or `refused`.
    public var verdict: Verdict
    /// Valid records.
    public var records: Int
    /// Records with alternatives: without them sums and ranks cannot be checked.
    public var withAlternatives: Int
    /// Tokens of the references.
    public var tokens: Int
    /// Invalid lines.
    public var invalidLines: Int
    /// What is wrong: the first line of each kind of problem, at most ten.
    public var errors: [String]
    /// The codes of findings that are refused.
    public var refused: [String]
    /// What was found.
    public var findings: [Warning]

    enum CodingKeys: String, CodingKey {
      case file, verdict, records, tokens, errors, refused, findings
      case withAlternatives = "with_alternatives"
      case invalidLines = "invalid_lines"
    }

    init(
      file: String, records: Int, withAlternatives: Int, tokens: Int, invalidLines: Int, errors: [String],
      findings: [Warning], allowed: Set<String>
    ) {
      self.file = file
      self.records = records
      self.withAlternatives = withAlternatives
      self.tokens = tokens
      self.invalidLines = invalidLines
      self.errors = errors
      self.findings = findings
      refused = findings.refused(allowing: allowed)
      let isBad = !refused.isEmpty || invalidLines > 0 || records == 0
      verdict = isBad ? .refused : findings.isEmpty ? .passed : .warned
    }
  }
}
