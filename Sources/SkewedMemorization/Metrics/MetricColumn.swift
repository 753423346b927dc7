import Compression
import MemorizationMetrics
import RealModule
import TokenProcess

/// A metric as a column of a table: one value a record.
struct MetricColumn: Sendable {
  /// What a metric is a statement about.
  enum Kind { case law, extraction, text, likelihood, acrossRuns }

  /// The key in reports.
  let name: String
  let kind: Kind
  /// What a record must come with for it.
  let needs: String
  /// Whether larger values mean more memorization.
  let risesWithMemorization: Bool
  /// Whether it is used to tell members of the training set from others.
  let isMembershipScore: Bool
  /// Its value; nil where it needs something that is not there.
  let value: @Sendable (MetricInput) -> Double?

  init(
    _ name: String, _ kind: Kind, needs: String, rises: Bool = true, membership: Bool = false,
    _ value: @escaping @Sendable (MetricInput) -> Double?
  ) {
    self.name = name
    self.kind = kind
    self.needs = needs
    risesWithMemorization = rises
    isMembershipScore = membership
    self.value = value
  }

  /// A value that rises with memorization, for ranks. Means over generations are without their last digits, which
  /// depend on the order of summation: equal values would not tie.
  func oriented(_ value: Double) -> Double {
    let value = risesWithMemorization ? value : -value
    guard kind == .text, value != 0, value.isFinite else { return value }
    let unit = Double.pow(10, 12 - Double.log10(value.magnitude).rounded(.down))
    return unit.isFinite ? (value * unit).rounded() / unit : value
  }

  /// Every metric, in the order of reports.
  static let all: [MetricColumn] = ofLaws + ofExtraction + ofLikelihood + ofVersions + ofText + ofSamples + acrossRuns

  /// ln S(n), beside which the others are set.
  static let tailRisk = MetricColumn("tail_risk", .law, needs: "a reference of as many tokens", membership: true) {
    $0.logTailRisk
  }

  static let inextractability = MetricColumn(
    "inextractability_bits", .extraction, needs: "a reference of as many tokens", rises: false
  ) {
    Inextractability.bits($0.record.tokenLogProbabilities, length: $0.settings.length)
  }

  static let loss = MetricColumn("loss", .likelihood, needs: "token_logprobs", rises: false, membership: true) {
    Likelihood.loss($0.record.tokenLogProbabilities)
  }

  private static let greedy = "ranks, or greedy_token_ids and reference_token_ids"
  private static let sampled = "sampled generations and reference_token_ids"
  private static let sampledTexts = "texts of sampled generations and reference"

  private static let ofLaws = [
    tailRisk,
    MetricColumn("near_verbatim_lower", .law, needs: "bounds for near-copies (capture --near)", membership: true) {
      $0.nearBounds?.logLower
    },
    MetricColumn("near_verbatim_upper", .law, needs: "bounds for near-copies (capture --near)") {
      $0.nearBounds?.logUpper
    },
    MetricColumn("expected_match", .law, needs: "token_logprobs", membership: true) { $0.expectedMatch },
  ]

  private static let ofExtraction = [
    MetricColumn("greedy_extraction", .extraction, needs: greedy) {
      $0.record.isFirstChoice.map { GreedyExtraction.isExtractable($0) ? 1 : 0 }
    },
    MetricColumn("greedy_match_length", .extraction, needs: greedy, membership: true) {
      GreedyMatch($0.record).map { Double($0.length) }
    },
    MetricColumn("greedy_window_rate", .extraction, needs: "\(greedy), and as many tokens") { input in
      input.record.isFirstChoice.flatMap { GreedyExtraction.windowRate($0, length: input.settings.length) }
    },
    MetricColumn("teacher_forced_accuracy", .extraction, needs: greedy, membership: true) {
      $0.record.isFirstChoice.map(GreedyExtraction.teacherForcedAccuracy)
    },
    MetricColumn("extraction_strength", .extraction, needs: greedy, membership: true) {
      $0.record.isFirstChoice.map(Unlearning.extractionStrength)
    },
    MetricColumn("extraction_strength_openunlearning", .extraction, needs: greedy) {
      $0.record.isFirstChoice.map(Unlearning.extractionStrengthOfOpenUnlearning)
    },
    MetricColumn(
      "pythia_score", .extraction, needs: "whole greedy generations (temperature 0) and reference_token_ids"
    ) { input in
      input.greedyGeneration.map { GreedyExtraction.pythiaScore(generation: $0, reference: input.reference) }
    },
    MetricColumn("discoverable_draws", .extraction, needs: "a reference of as many tokens", rises: false) { input in
      input.logTailRisk.map { Extraction.draws(logSurvival: $0, probability: input.settings.probability) }
    },
    MetricColumn("discoverable_extraction", .extraction, needs: "a reference of as many tokens") { input in
      input.logTailRisk.map {
        Extraction.draws(logSurvival: $0, probability: input.settings.probability) <= input.settings.draws ? 1 : 0
      }
    },
    inextractability,
    MetricColumn(
      "prior_aware", .extraction, needs: "the same records after unrelated prefixes",
      membership: true
    ) { input in
      input.afterOtherPrefixes.isEmpty
        ? nil : Likelihood.priorAware(input.record.tokenLogProbabilities, others: input.afterOtherPrefixes)
    },
  ]

  private static let ofLikelihood = [
    loss,
    MetricColumn("perplexity", .likelihood, needs: "token_logprobs", rises: false) {
      Likelihood.perplexity($0.record.tokenLogProbabilities)
    },
    MetricColumn("zlib_ratio", .likelihood, needs: "reference", membership: true) { input in
      input.record.reference.map {
        Likelihood.zlibRatio(input.record.tokenLogProbabilities, compressedLength: zlibLength(of: $0))
      }
    },
    MetricColumn("min_k", .likelihood, needs: "token_logprobs", membership: true) {
      Likelihood.minK($0.record.tokenLogProbabilities, share: $0.settings.minKShare)
    },
    MetricColumn("min_k_plus_plus", .likelihood, needs: "logprob_mean and logprob_std", membership: true) { input in
      guard let means = input.record.logProbabilityMeans, let deviations = input.record.logProbabilityDeviations
      else { return nil }
      return Likelihood.minKPlusPlus(
        input.record.tokenLogProbabilities, means: means, deviations: deviations, share: input.settings.minKShare)
    },
    MetricColumn(
      "reference_difference", .likelihood, needs: "the same records under a reference model",
      membership: true
    ) { input in
      input.underReferenceModel.map {
        Likelihood.referenceDifference(input.record.tokenLogProbabilities, reference: $0)
      }
    },
    MetricColumn(
      "reference_ratio", .likelihood, needs: "the same records under a reference model", membership: true
    ) { input in
      input.underReferenceModel.map { Likelihood.referenceRatio(input.record.tokenLogProbabilities, reference: $0) }
    },
    MetricColumn(
      "recall", .likelihood,
      needs: "the same records after prefixes that are no members, and without any prefix (--unconditional)",
      membership: true
    ) { input in
      guard !input.afterOtherPrefixes.isEmpty, let unconditional = input.unconditional else { return nil }
      let values = input.afterOtherPrefixes.map {
        Likelihood.recall(unconditional: unconditional, afterNonMember: $0)
      }
      return values.reduce(0, +) / Double(values.count)
    },
    MetricColumn("exposure", .likelihood, needs: "held-out records") { input in
      input.exposure?.byRank(loss: Likelihood.loss(input.record.tokenLogProbabilities))
    },
    MetricColumn("exposure_extrapolated", .likelihood, needs: "4 or more held-out records") { input in
      input.exposure?.extrapolated(loss: Likelihood.loss(input.record.tokenLogProbabilities))
    },
  ]

  /// Scores that need more than one version of a text or a corpus.
  private static let ofVersions = [
    MetricColumn("surp", .likelihood, needs: "logprob_mean", membership: true) { input in
      input.record.logProbabilityMeans.flatMap { means in
        CalibratedLikelihood.surp(input.record.tokenLogProbabilities, entropies: means.map { -$0 })
      }
    },
    MetricColumn(
      "dc_pdd", .likelihood, needs: "reference_token_ids, and those of held-out records for token frequencies",
      membership: true
    ) { input in
      guard let tokens = input.record.referenceTokenIDs, let frequencies = input.frequencies else { return nil }
      return CalibratedLikelihood.dcPDD(
        input.record.tokenLogProbabilities, tokens: tokens, logFrequency: frequencies)
    },
    MetricColumn(
      "neighbourhood", .likelihood, needs: "perturbed versions of the same records (--perturbed)", membership: true
    ) { input in
      input.perturbed.isEmpty
        ? nil
        : CalibratedLikelihood.neighbourhood(input.record.tokenLogProbabilities, perturbed: input.perturbed)
    },
    MetricColumn(
      "pac", .likelihood, needs: "perturbed versions of the same records (--perturbed)", membership: true
    ) { input in
      input.perturbed.isEmpty
        ? nil : CalibratedLikelihood.pac(input.record.tokenLogProbabilities, perturbed: input.perturbed)
    },
    MetricColumn(
      "lowercase_ratio", .likelihood, needs: "the same records in lower case (--lowercased)", membership: true
    ) { input in
      input.lowercased.map {
        CalibratedLikelihood.lowercaseRatio(input.record.tokenLogProbabilities, lowercased: $0)
      }
    },
    MetricColumn(
      "con_recall", .likelihood,
      needs: "the same records after prefixes that are no members (--other-prefixes), after members "
        + "(--member-prefixes), and without any prefix (--unconditional)",
      membership: true
    ) { input in
      guard !input.afterOtherPrefixes.isEmpty, !input.afterMembers.isEmpty, let own = input.unconditional
      else { return nil }
      return CalibratedLikelihood.conReCaLL(
        unconditional: own, afterNonMembers: input.afterOtherPrefixes, afterMembers: input.afterMembers)
    },
    MetricColumn("unintended_bits", .likelihood, needs: "the same records under a reference model", membership: true) {
      input in
      input.underReferenceModel.map {
        CalibratedLikelihood.unintendedBits(input.record.tokenLogProbabilities, reference: $0)
      }
    },
    MetricColumn(
      "rmia", .likelihood, needs: "the same records and held-out ones under a reference model", membership: true
    ) { input in
      let others = input.gainsOfOthers
      guard let reference = input.underReferenceModel, !others.isEmpty else { return nil }
      let gain = Likelihood.referenceDifference(input.record.tokenLogProbabilities, reference: reference)
      return RobustMembership.score(gain: gain, population: others)
    },
    MetricColumn(
      "truth_ratio", .likelihood, needs: "the same questions with wrong answers (--wrong-answers)", rises: false
    ) { input in
      input.wrong.isEmpty
        ? nil : Unlearning.truthRatio(right: input.record.tokenLogProbabilities, wrong: input.wrong)
    },
  ]

  /// Scores from sampled continuations alone.
  private static let ofSamples = [
    MetricColumn("samia", .text, needs: sampled, membership: true) { input in
      input.wholeSamples.map { SampledSimilarity.samia(samples: $0, reference: input.reference) }
    },
    MetricColumn("ngram_coverage", .text, needs: sampled, membership: true) { input in
      input.wholeSamples.map { SampledSimilarity.coverage(samples: $0, reference: input.reference) }
    },
    MetricColumn("cdd", .text, needs: "\(sampled), and a whole greedy one (temperature 0)", membership: true) { input in
      guard let samples = input.wholeSamples, let greedy = input.greedyGeneration else { return nil }
      return SampledSimilarity.peak(samples: samples, greedy: greedy)
    },
    MetricColumn("text_samia", .text, needs: sampledTexts, membership: true) { input in
      input.words.map { SampledSimilarity.samia(samples: $0.samples, reference: $0.reference) }
    },
    MetricColumn("text_ngram_coverage", .text, needs: sampledTexts, membership: true) { input in
      input.words.map { SampledSimilarity.coverage(samples: $0.samples, reference: $0.reference) }
    },
  ]

  private static let ofText: [MetricColumn] = [
    // How many tokens are compared: what the counts below are out of.
    MetricColumn("compared_tokens", .text, needs: sampled) {
      $0.generations.isEmpty || $0.reference.isEmpty ? nil : Double($0.reference.count)
    },
    ofTokens("exact_match", wholeOnly: false) { $0 == $1 ? 1 : 0 },
    ofTokens("longest_common_prefix", wholeOnly: false) { Double(CommonSequence.prefix($0, $1)) },
    ofTokens("longest_common_substring") { Double(CommonSequence.substring($0, $1)) },
    ofTokens("longest_common_subsequence") { Double(CommonSequence.subsequence($0, $1)) },
    ofTokens("hamming", rises: false) { Double(EditDistance.hamming($0, $1)) },
    ofTokens("levenshtein", rises: false) { Double(EditDistance.levenshtein($0, $1)) },
    ofTokens("levenshtein_similarity") { EditDistance.levenshteinSimilarity($0, $1) },
    ofTokens("indel_ratio") { EditDistance.indelRatio($0, $1) },
    ofTokens("rouge_1") { Rouge.nGrams($0, $1, order: 1).fMeasure },
    ofTokens("rouge_2") { Rouge.nGrams($0, $1, order: 2).fMeasure },
    ofTokens("rouge_l") { Rouge.longestCommonSubsequence($0, $1).fMeasure },
    ofTokens("bleu") { Bleu.sentence($0, $1) },
    approximate("approximate_by_bleu", .bleu),
    approximate("approximate_by_edit_distance", .editDistance),
    ofTexts("text_exact_match") { Array($0.utf8) == Array($1.utf8) ? 1 : 0 },
    ofTexts("text_levenshtein", rises: false) {
      Double(EditDistance.levenshtein(TextUnits.scalars($0), TextUnits.scalars($1)))
    },
    ofTexts("text_levenshtein_similarity") {
      EditDistance.levenshteinSimilarity(TextUnits.scalars($0), TextUnits.scalars($1))
    },
    ofTexts("text_indel_ratio") { EditDistance.indelRatio(TextUnits.scalars($0), TextUnits.scalars($1)) },
    ofWords("text_rouge_1") { Rouge.nGrams($0, $1, order: 1).fMeasure },
    ofWords("text_rouge_2") { Rouge.nGrams($0, $1, order: 2).fMeasure },
    ofWords("text_rouge_l") { Rouge.longestCommonSubsequence($0, $1).fMeasure },
    ofTexts("text_bleu") { Bleu.sentence($0, $1) },
  ]

  private static let acrossRuns = [
    MetricColumn(
      "learning_events", .acrossRuns,
      needs: "captures of the same run at other epochs (fields run and epoch) and \(greedy)"
    ) {
      input in
      input.isReproduced.count > 1 ? Double(LearningEvents(isReproduced: input.isReproduced).learned) : nil
    },
    MetricColumn(
      "forgetting_events", .acrossRuns,
      needs: "captures of the same run at other epochs (fields run and epoch) and \(greedy)", rises: false
    ) { input in
      input.isReproduced.count > 1 ? Double(LearningEvents(isReproduced: input.isReproduced).forgotten) : nil
    },
    MetricColumn(
      "counterfactual", .acrossRuns,
      needs: "captures of runs with the record in training and without, by split, and \(greedy)"
    ) { CounterfactualMemorization.difference(included: $0.included, excluded: $0.excluded) },
    MetricColumn(
      "lira_offline", .acrossRuns, needs: "two or more captures of runs without the record in training, by split",
      membership: true
    ) {
      LikelihoodRatioAttack.offline(
        LikelihoodRatioAttack.statistic($0.record.tokenLogProbabilities), without: $0.statisticsWithout)
    },
    MetricColumn(
      "lira_online", .acrossRuns,
      needs: "two or more captures of runs with the record in training and two or more without, by split",
      membership: true
    ) {
      LikelihoodRatioAttack.online(
        LikelihoodRatioAttack.statistic($0.record.tokenLogProbabilities), with: $0.statisticsWith,
        without: $0.statisticsWithout)
    },
    nGram,
  ]

  /// By an n-gram model of the other records: of all records at once, not of one, and set in the table afterwards.
  static let nGram = MetricColumn(
    "ngram_log_probability", .acrossRuns,
    needs: "reference_token_ids of all records, of which there are several, and --ngram"
  ) { _ in nil }

  private static func ofTokens(
    _ name: String, rises: Bool = true, wholeOnly: Bool = true,
    _ metric: @escaping @Sendable ([Int], [Int]) -> Double
  ) -> MetricColumn {
    MetricColumn(name, .text, needs: sampled, rises: rises) {
      $0.isEnded && wholeOnly ? nil : $0.overGenerations(metric)
    }
  }

  private static func ofWords(
    _ name: String, _ metric: @escaping @Sendable ([String], [String]) -> Double
  ) -> MetricColumn {
    MetricColumn(name, .text, needs: sampledTexts) { input in
      let words = input.settings.tokenizer.words
      return input.overTexts { metric(words($0), words($1)) }
    }
  }

  private static func ofTexts(
    _ name: String, rises: Bool = true, _ metric: @escaping @Sendable (String, String) -> Double
  ) -> MetricColumn {
    MetricColumn(name, .text, needs: sampledTexts, rises: rises) { $0.overTexts(metric) }
  }

  private static func approximate(_ name: String, _ similarity: ApproximateMemorization) -> MetricColumn {
    MetricColumn(name, .text, needs: sampled) { input in
      guard !input.isEnded else { return nil }
      return input.overGenerations {
        similarity.isMemorized($0, $1, threshold: input.settings.similarityThreshold) ? 1 : 0
      }
    }
  }
}
