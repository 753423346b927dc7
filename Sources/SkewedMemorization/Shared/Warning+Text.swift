import Foundation
import Reports

extension Warning {
  /// The warning in words, without a full stop.
  public var text: String {
    prefix + message
  }

  /// What it is of, where a report is about several things.
  private var prefix: String { names["of"].map { "\($0): " } ?? "" }

  private func count(_ key: String) -> String { "\(Int(numbers[key] ?? 0))" }

  /// "3 of 5 records (a, b, c)".
  private var ofRecords: String { "\(count("records")) of \(count("all")) records (\(name("records")))" }

  private func name(_ key: String) -> String { names[key] ?? "" }

  private var message: String {
    switch code {
    case .allZero:
      "\(ofRecords) have probabilities of exactly 1 that were not computed: servers send zeros under speculative "
        + "decoding (switch it off and score again), or rounded away (write more digits)"
    case .overfullLists:
      "the listed probabilities of \(ofRecords) add up to more than 1 (\(NumberText.text(numbers["sum"]))): these are "
        + "raw logits, no log-probabilities; ask the server for log-probabilities (vLLM: --logprobs-mode raw_logprobs)"
    case .underfullLists:
      "at \(count("positions")) positions, in \(ofRecords), the listed probabilities leave more to the other tokens "
        + "than these can have, as each is at most as probable as the last one listed: the values are no natural "
        + "logarithms (of base 2? multiply them by 0.693147; of base 10, by 2.302585), or the lists leave out probable "
        + "tokens"
    case .negatedProbabilities:
      "all values are from -1 to 0, and \(count("low")) of \(count("tokens")) are below -0.98: these look like "
        + "probabilities with a minus sign; take the logarithm of the probabilities"
    case .repeatedAlternatives:
      "alternatives of \(ofRecords) name a token twice, so that their probabilities add up to more than 1"
    case .contradictingRanks:
      "ranks or greedy tokens of \(ofRecords) contradict the listed alternatives: they are of another model or another "
        + "text; score them together"
    case .padded:
      "\(ofRecords) begin or end in a run of \(NumberText.text(numbers["value"])), \(count("tokens")) tokens in all: "
        + "rows were "
        + "padded to one length; leave the padding out, or write NaN there or give the lengths (--array-lengths)"
    case .nearlyOverfullLists:
      "the listed probabilities of \(ofRecords) add up to as much as \(NumberText.text(numbers["sum"], digits: 4)): "
        + "log-probabilities of 16 bits can; their bounds are as wide"
    case .clipped:
      "the value \(NumberText.text(numbers["value"])) stands \(count("tokens")) times: values below it were probably "
        + "clipped there, and only an upper bound of these probabilities is known (\(name("records")))"
    case .certainStarts:
      "the first token of every reference has the log-probability 0, and hardly another one: it was probably not "
        + "computed; references are to begin one token later (\(name("records")))"
    case .scoredTwice:
      "records with the prefix and the reference of an earlier one but other values: \(count("records"))"
        + (numbers["difference"].map { " (ln p differs by up to \(NumberText.text($0)))" } ?? "")
        + ((numbers["difference"] ?? 1) < 0.01
          ? ": no more than rounding between batches"
          : ": the server's answer depends on more than the text; switch off prefix caching and speculative decoding, and "
            + "score again")
    case .copies:
      "\(count("records")) of \(count("all")) records are copies of others, with the same values: each is counted, so "
        + "expected numbers are too large and intervals too narrow"
    case .doubleStart:
      "\(ofRecords) begin with token \(count("token")) twice: a beginning-of-text token was probably added to texts "
        + "that "
        + "have one, which changes all probabilities"
    case .overlappingWindows:
      "\(ofRecords) overlap: they are windows of one text, not independent records; intervals are too narrow, and the "
        + "same passage is counted more than once"
    case .onePrefix:
      "every reference begins after \(count("prefix")) tokens, and they are \(count("shortest")) to "
        + "\(count("longest")) "
        + "tokens long: if prompts have prefixes of different lengths, give the records that were sent (--records)"
    case .skippedLines: "invalid lines were skipped: \(count("lines"))"
    case .pooled: "records of more than one \(name("field")) are pooled: \(name("values"))"
    case .repeatedIDs:
      "\(names["at_least"] == nil ? "" : "at least ")\(count("records")) records have the id of an earlier one; "
        + "if they are copies, expected numbers and the longest match are too large and intervals too narrow"
    case .impossibleTokens:
      "\(count("tokens")) tokens have probability 0: mean loss, quenched values and the variance of ln p are undefined"
    case .wholeReferences:
      "a token is a whole reference here, as in samples of lm-evaluation-harness: lengths and losses are by references"
    case .someWholeReferences:
      "of \(count("records")) records the whole reference counts as one token, as in samples of lm-evaluation-harness: "
        + "lengths and losses of all together mean nothing"
    case .greedyUnknown: "only \(count("known")) of \(count("records")) records say what greedy decoding does"
    case .lengthNotReached: "no record has \(count("length")) tokens"
    case .unknownSurvival:
      "some lengths cannot be reached by any record that is long enough: the survival is unknown there"
    case .fewAtRisk: "where fewer than ten records are at risk the survival has no interval"
    case .fewReplicates:
      "\(count("replicates")) bootstrap replicates are too few for intervals at level \(numbers["level"] ?? 0)"
    case .sketchedConcentration:
      "more than \(count("limit")) records: Gini coefficients and top shares come from a sketch, within 0.004"
    case .notFitted: "no fit of \(name("family")): \(name("problem"))"
    case .notConverged: "did not converge: \(name("families"))"
    case .impossibleFamily: "\(name("family")) cannot have produced these lengths"
    case .noTail: "no tail of the data is long enough for \(name("family"))"
    case .notTested:
      "with interval-censored lengths or entry lengths no fit is tested: KS is its distance from the nonparametric "
        + "estimate, and has no p-value here"
    case .censoredBelowMaximum:
      "n_max is taken as the end of all lengths: censored ones below it are taken to end by it"
    case .ownMinimum:
      "families have an n_min of their own: their AIC are not comparable, and none is recommended. --n-min "
        + "\(count("largest")), the largest of them, compares all on the same lengths"
    case .farFromData:
      "\(name("family")), the best family, does not describe the data (KS distance "
        + "\(NumberText.text(numbers["ks"], digits: 2)), p \(NumberText.text(numbers["p"], digits: 2))); a larger "
        + "n_min "
        + "leaves out short lengths"
    case .nothingToTest: "\(name("family")) is fitted to one length only: there is nothing to test"
    case .noAlternatives:
      "\(count("bare")) of \(count("records")) records list no alternatives (top_logprobs), without which bounds are "
        + "wide"
    case .noVocabulary: "above temperature 1 there are no lower bounds unless the size of the vocabulary is given"
    case .listEndsAtTopK:
      "top-k \(count("top_k")) keeps as many tokens as \(count("records")) records list: a token that is not listed "
        + "may "
        + "tie with the last one, so probabilities are bounds; capture at least one alternative more"
    case .nothingToPredictFrom:
      "nothing to predict \(count("length")) tokens from: too few records are longer than what is known; some "
        + "probabilities are upper bounds"
    case .carriedOver:
      "fewer than \(count("fewest")) records have \(count("length")) tokens: what follows the first \(count("given"))"
        + (numbers["last_given"] == numbers["given"] ? "" : " to \(count("last_given"))")
        + " is carried over from tokens \(count("from")) to \(count("to"))"
    case .fewToPredictFrom:
      "predictions of \(count("length")) tokens are learned from only \(count("records")) records"
    case .notEvaluated: "\(count("records")) records with a token of probability 0 are not in the evaluation"
    case .noEvaluation: "no evaluation: it takes 23 records of \(count("length")) tokens"
    case .learnedFromSample:
      "predictions are learned from \(count("sample")) of \(count("records")) records, drawn at random, and from the "
        + "longest where few reach a length"
    case .namedOnly:
      "of a summary's records only the riskiest have names, and a probability where they are \(count("length")) "
        + "tokens long"
    case .sketchedDraws: "numbers for several draws come from a sketch, within 0.8 %"
    case .moreWarnings: "and \(count("warnings")) more notes of this kind (predict has them all)"
    case .oneScheme:
      "of several decoding schemes only \(name("scheme")) is compared: \(count("lines")) of \(count("all")) lines"
    case .shortRecords:
      "\(count("short")) of \(count("records")) records are shorter than \(count("length")) tokens and not in the "
        + "agreement"
    case .otherRuns:
      "\(count("lines")) lines of generations are of another run, split or epoch than the capture's records, and are "
        + "not "
        + "compared"
    case .endedDraws:
      "draws of \(count("records")) records were ended when they had left the reference: only exact matches and common "
        + "prefixes are known of them; text similarity needs whole ones (capture --draws … --whole)"
    case .rougeDropsText:
      "the words of rouge_score (a–z and 0–9) leave out most of the text of \(count("records")) references: "
        + "text_rouge_* "
        + "say nothing about them; use --tokenizer unicode"
    case .unmatched: "\(count("ids")) ids of \(name("source")) are not in the capture"
    case .noHeldOut: "\(name("source")) has no held-out record: its scores cannot tell the two apart"
    case .sharedIDs:
      "\(count("ids")) ids are those of a record and of a held-out one: controls that are the records say nothing about training"
    case .repeatedLines: "lines of \(name("source")) that repeat the id of another: \(count("lines"))"
    case .coarseRates:
      "with \(count("held_out")) held-out records false positive rates are multiples of 1/\(count("held_out")): "
        + "rates asked for that are smaller mean none"
    case .noOtherEpoch:
      "no other run has a record at another epoch of the same run: learning and forgetting are not counted"
    case .notPaired: "\(count("records")) records have the id of an earlier one and are not paired"
    case .commonRecords:
      "\(name("a")) (\(count("records_a")) records) and \(name("b")) (\(count("records_b"))) are compared on the "
        + "\(count("paired")) that both have"
    case .otherReferences:
      "\(count("records")) records have the same id in \(name("a")) and \(name("b")) but references of other "
        + "lengths or tokens, and are left out: they are not the same records"
    case .shorterThanProbed:
      "\(count("records")) records are shorter than the length that is asked for and are left out"
    case .rowsByPlace: "the file of activations has no names: row k is taken for record k"
    case .noOrders:
      "there are no p-values: documents have so many different numbers of windows that their labels have hardly "
        + "another order"
    case .probeNotConverged: "a search for coefficients stopped before it converged: take the weights with care"
    case .missingPredictor: "\(name("predictor")) is not known of every record and is left out"
    case .termSimilarity:
      "there are no embeddings: similarity is that of TF-IDF vectors over token ids, of words and "
        + "not of meaning"
    case .constantHazard: "no regression of \(name("outcome")): the hazard is the same everywhere"
    case .fewClusters:
      "\(name("outcome")): standard errors from \(count("clusters")) records are unreliable; 30 or more are needed"
    case .noRegression: "no regression of \(name("outcome")): \(name("problem"))"
    case .highLeverage:
      "\(name("outcome")): record \(name("record")) has \(NumberText.percent(numbers["share"] ?? 0)) of the variation "
        + "of "
        + "\(name("predictor")): its coefficient rests mostly on that record"
    case .trainedControls:
      "\(count("controls")) controls have the prefix and the reference of a record: they are no text that the model "
        + "has "
        + "not seen, and what is said of controls does not hold"
    case .noReference:
      "\(count("records")) records or controls are not in the reference model's capture, and are left out"
    case .mixedContexts:
      "windows (\(count("windows"))) and long passes (\(count("passes"))) are taken together, though a window of a "
        + "long "
        + "pass has more context: report them apart to compare them"
    case .unknownCopies:
      "token ids of prefixes or references are not known: what is copied from the context is not left out"
    case .noWindows: "no window has \(count("length")) tokens: nothing is known at this length"
    case .unknownEnd:
      "the number of tokens of \(name("document")) is not known (document_tokens): shares are of the tokens up to the "
        + "end "
        + "of the last window"
    case .repeatedWindows:
      "\(count("windows")) windows begin where another one does: draws from each are counted, so if they are copies "
        + "the "
        + "expected shares are too large"
    case .noText: "no text of \(name("document")) is shown: \(name("problem"))"
    case .otherTokens:
      "\(name("document")) is not compared: \(name("a")) and \(name("b")) do not say where tokens are in the text "
        + "(token_offsets), and have different numbers of them"
    case .splitWork:
      "windows of \(name("document")) are in several summaries: its coverage is reported for each, totals count it "
        + "more than once, and limits take its parts as independent; summarize its captures together"
    case .noPrefixTokens:
      "\(count("bare")) of \(count("records")) records have no prefix_token_ids: their histories begin with the "
        + "reference"
    case .repetitions: "records with the same id are counted as often as they occur, as repetitions"
    case .noCorrelations: "no correlations: similarities or expected matches are the same for all records"
    case .noCauses:
      "data-driven memorization is not told from overfitting: that takes 5 memorized records and 20 others; change "
        + "--length and --threshold, or --greedy"
        + (numbers["quarter"].map { "; a quarter of the records reach \(NumberText.text($0, digits: 2))" } ?? "")
    case .zeroVectors: "\(count("vectors")) vectors hold only zeros: their cosine with all others is 0"
    case .copiedPrefixes: "\(count("prefixes")) prefixes are copies of others: they are left out of the dimensions"
    case .shortReferences:
      "\(count("short")) of \(count("records")) references are shorter than \(count("length")) tokens: what would "
        + "follow them is predicted from the others, and bounds are not about that"
    case .notRetrained:
      "removal is counted, not retrained: the remaining records are assumed to be repeated as before"
    case .unknownRecords: "\(count("lines")) lines are of records that are not in the capture"
    }
  }
}
