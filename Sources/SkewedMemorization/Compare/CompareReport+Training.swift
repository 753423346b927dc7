import Reports

extension CompareReport {
  /// When the records of a run are learned and forgotten (forgetting events: arXiv 1812.05159).
  public struct Learning: Codable, Sendable, Equatable {
    /// The run.
    public var run: String
    /// The split; null where records do not say.
    @OrNull public var split: String?
    /// A record is known where S(n) is at least the threshold, n being this or its own length where that is smaller.
    public var length: Int
    /// The threshold.
    public var threshold: Double
    /// Records that every checkpoint has.
    public var records: Int
    /// Each checkpoint.
    public var epochs: [Epoch]
    /// The records that are known at some checkpoint.
    public var learned: [Learned]

    /// One checkpoint.
    public struct Epoch: Codable, Sendable, Equatable {
      /// The epoch.
      public var epoch: Double
      /// Records that are known.
      public var known: Int
      /// Records that are known and were not at the checkpoint before.
      public var learned: Int
      /// Records that are not known and were at the checkpoint before.
      public var forgotten: Int
    }
  }

  /// A record that is known at some checkpoint.
  public struct Learned: Codable, Sendable, Equatable {
    /// Its name.
    public var id: String
    /// The first epoch at which it is known.
    public var learned: Double
    /// The epochs at which it is known no longer.
    public var forgotten: [Double]
    /// Whether it is known at the last epoch.
    public var isKnown: Bool

    enum CodingKeys: String, CodingKey {
      case id, learned, forgotten
      case isKnown = "is_known"
    }
  }

  /// How far the loss of held-out records is above that of training records, by epoch (arXiv 2106.01606).
  public struct Gap: Codable, Sendable, Equatable {
    /// The run.
    public var run: String
    /// The split of the held-out records.
    public var split: String
    /// The epochs at which both are known.
    public var epochs: [Epoch]
    /// The epoch with the smallest loss of one half of the held-out records.
    public var bestEpoch: Double
    /// The first epoch after it at which the other half has a higher loss than at it beyond chance; null where none.
    @OrNull public var overfittingFrom: Double?

    enum CodingKeys: String, CodingKey {
      case run, split, epochs
      case bestEpoch = "best_epoch"
      case overfittingFrom = "overfitting_from"
    }

    /// One epoch.
    public struct Epoch: Codable, Sendable, Equatable {
      /// The epoch.
      public var epoch: Double
      /// The mean over training records of their mean -ln p.
      public var members: Double
      /// The same of held-out records.
      public var others: Double
      /// Limits of the difference, held-out less training records; null with fewer than ten of either.
      @OrNull public var interval: Interval?
      /// Limits of how much higher the loss of the other half of the held-out records is than at the best epoch, for all
      /// later epochs together (Bonferroni); null at the best epoch, and with fewer than ten records.
      @OrNull public var rise: Interval?
    }
  }

  func addTraining(to document: inout ReportDocument) {
    for part in learning where part.learned.count > 0 {
      let again = part.learned.filter { !$0.forgotten.isEmpty }
      document.heading("Learned and forgotten: \(part.run)" + (part.split.map { " (\($0))" } ?? ""))
      document.paragraph(
        "A record is known where its first \(NumberText.count(part.length, "token")) are repeated with a probability of "
          + "\(NumberText.text(part.threshold)) or more. \(NumberText.count(part.learned.count)) of "
          + "\(NumberText.count(part.records, "record")) are known at some epoch, \(NumberText.count(again.count)) of "
          + "them are forgotten again at a later one.")
      document.table(
        .init(
          ["epoch", "known", "learned since the epoch before", "forgotten since"],
          rows: part.epochs.map { [NumberText.weight($0.epoch), "\($0.known)", "\($0.learned)", "\($0.forgotten)"] }))
      let shown = again.sorted { ($1.forgotten.count, $0.id) < ($0.forgotten.count, $1.id) }.prefix(10)
      guard !shown.isEmpty else { continue }
      document.table(
        .init(
          ["record", "learned at epoch", "forgotten at", "known at the end"], left: [0],
          rows: shown.map { record in
            [
              record.id, NumberText.weight(record.learned),
              record.forgotten.map { NumberText.weight($0) }.joined(separator: ", "), record.isKnown ? "yes" : "no",
            ]
          }))
      if shown.count < again.count { document.paragraph("\(shown.count) of \(again.count) are shown.") }
    }
    for gap in gaps {
      document.heading("Training and held-out records: \(gap.run)")
      document.paragraph(
        "By one half of the held-out records (\(gap.split)) epoch \(NumberText.weight(gap.bestEpoch)) has the smallest "
          + "loss. "
          + (gap.overfittingFrom.map {
            "From epoch \(NumberText.weight($0)) on the other half has a higher loss beyond chance: the model overfits."
          } ?? "No later captured epoch is worse beyond chance.")
          + " Losses are means over records.")
      document.table(
        .init(
          [
            "epoch", "loss, training records", "loss, held-out records", "held-out less training", "95 % limits",
            "other half, less its loss at that epoch: limits",
          ],
          rows: gap.epochs.map {
            [
              NumberText.weight($0.epoch), NumberText.text($0.members), NumberText.text($0.others),
              NumberText.text($0.others - $0.members), intervalText($0.interval), intervalText($0.rise),
            ]
          }))
    }
  }
}
