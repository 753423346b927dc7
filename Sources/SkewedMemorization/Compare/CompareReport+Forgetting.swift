extension CompareReport {
  /// What is left of records from a to b, one by one: after unlearning, or further training (TheModel §16).
  public struct Forgetting: Codable, Sendable, Equatable {
    /// The length n of S(n): the longest up to 50 that half of the records have.
    public var n: Int
    /// Records with so many tokens.
    public var records: Int
    /// Records by their probability.
    public var thresholds: [Threshold]
    /// Means over records.
    public var measures: [Measure]
    /// Whether b is like the retrained model; null without one.
    @OrNull public var forgetQuality: ForgetQuality?
    /// PrivLeak in percent; null without held-out records under b and under the retrained model.
    @OrNull public var privacyLeakage: Double?
    /// Records that b knows better than the retrained model knows any by chance, at a false discovery rate of 5 %; null
    /// without a retrained model.
    @OrNull public var notForgotten: Int?
    /// Records by decreasing S(n) in b: those that are not forgotten, or the twenty most probable ones.
    public var still: [Still]

    enum CodingKeys: String, CodingKey {
      case n, records, thresholds, measures, still
      case forgetQuality = "forget_quality"
      case privacyLeakage = "privacy_leakage"
      case notForgotten = "not_forgotten"
    }

    /// Records with S(n) >= τ.
    public struct Threshold: Codable, Sendable, Equatable {
      /// τ.
      public var threshold: Double
      /// In a.
      public var a: Int
      /// In b.
      public var b: Int
      /// In both.
      public var both: Int
      /// In the retrained model; null without one.
      @OrNull public var retrained: Int?
    }

    /// A mean over records.
    public struct Measure: Codable, Sendable, Equatable {
      /// `extraction_strength`, `extraction_strength_openunlearning`, `exact_memorization` or `expected_match`.
      public var measure: String
      /// In a.
      public var a: Double
      /// In b.
      public var b: Double
      /// In the retrained model; null without one.
      @OrNull public var retrained: Double?
    }

    /// The two-sample Kolmogorov–Smirnov test of b against the retrained model.
    public struct ForgetQuality: Codable, Sendable, Equatable {
      /// What is compared: `mean_log_probability` of each record.
      public var measure: String
      /// The largest distance of the distribution functions.
      public var statistic: Double
      /// The p-value: small where the two differ.
      public var p: Double
    }

    /// One record.
    public struct Still: Codable, Sendable, Equatable {
      /// Its name.
      public var id: String
      /// ln S(n) in a.
      @OrNull public var a: Double?
      /// ln S(n) in b.
      @OrNull public var b: Double?
      /// ln S(n) in the retrained model.
      @OrNull public var retrained: Double?
      /// The p-value that it is known no better than by chance; null without a retrained model.
      @OrNull public var p: Double?
    }
  }
}
