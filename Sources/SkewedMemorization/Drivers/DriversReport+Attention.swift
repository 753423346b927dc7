import Reports

extension DriversReport {
  /// How what heads attend to goes with how far records are repeated.
  public struct Attention: Codable, Sendable, Equatable {
    /// Where the attention is from.
    public var file: String
    /// The records.
    public var records: Int
    /// Each measure of attention.
    public var measures: [Measure]

    /// One measure.
    public struct Measure: Codable, Sendable, Equatable {
      /// `entropy`, `maximum`, `prefix_mass` or another name.
      public var name: String
      /// n: the correlation is with ln S(n).
      public var length: Int
      /// The heads, layer by layer; those whose measure does not vary are left out.
      public var heads: [Head]
    }

    /// One head.
    public struct Head: Codable, Sendable, Equatable {
      /// The layer, from 0.
      public var layer: Int
      /// The head, from 0.
      public var head: Int
      /// The partial rank correlation with ln S(n), given the reference's length and mean loss.
      public var correlation: Double
      /// Its p-value by permutation.
      public var p: Double
      /// The same, adjusted over all heads after Benjamini and Hochberg.
      public var benjaminiHochberg: Double

      enum CodingKeys: String, CodingKey {
        case layer, head, correlation, p
        case benjaminiHochberg = "benjamini_hochberg"
      }
    }
  }
}

extension DriversReport.Attention {
  func add(to document: inout ReportDocument) {
    for measure in measures {
      let clear = measure.heads.filter { $0.benjaminiHochberg <= 0.05 }
      document.heading(title(measure.name))
      document.paragraph(
        "Of \(NumberText.count(measure.heads.count, "head")) \(NumberText.count(clear.count)) go with the probability of "
          + "the first \(NumberText.count(measure.length, "token")) beyond chance (partial rank correlation with "
          + "ln S(\(measure.length)) of \(NumberText.count(records, "record")), given length and mean loss; "
          + "Benjamini–Hochberg at 0.05).")
      document.figure(figure(measure))
      let shown = measure.heads.sorted { ($0.p, -$0.correlation.magnitude) < ($1.p, -$1.correlation.magnitude) }.prefix(
        10)
      document.paragraph(
        "The \(NumberText.count(shown.count, "head")) of \(NumberText.count(measure.heads.count)) with the smallest p:")
      document.table(
        .init(
          ["layer", "head", "correlation", "p", "BH"],
          rows: shown.map {
            [
              "\($0.layer)", "\($0.head)", NumberText.text($0.correlation), NumberText.text($0.p),
              NumberText.text($0.benjaminiHochberg),
            ]
          }))
    }
  }

  private func title(_ name: String) -> String {
    switch name {
    case "entropy": "Entropy of attention on the prefix"
    case "maximum": "Largest weight on a token of the prefix"
    case "prefix_mass": "Share of attention on the prefix"
    default: name
    }
  }

  /// Every head by its layer.
  private func figure(_ measure: Measure) -> Figure {
    let heads = Double((measure.heads.map(\.head).max() ?? 0) + 1)
    func points(_ isClear: Bool) -> [Figure.Point] {
      measure.heads.filter { ($0.benjaminiHochberg <= 0.05) == isClear }.map {
        // Heads of a layer side by side.
        Figure.Point(Double($0.layer) + 0.8 * ((Double($0.head) + 0.5) / heads - 0.5), $0.correlation)
      }
    }
    return Figure(
      title(measure.name), caption: "A point for each head, side by side in each layer.",
      x: .init("layer"), y: .init("correlation with ln S(\(measure.length))"),
      [
        .init("like chance", .points, color: 5, points(false)), .init("beyond chance", .points, color: 1, points(true)),
      ])
  }
}
