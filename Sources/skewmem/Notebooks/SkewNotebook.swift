import Foundation
import HeavyTails
import SkewedMemorization

/// From token probabilities to skew: the exact law of the match length, its families, the erratum.
struct SkewNotebook {
  private let capture: NotebookSources.Capture

  init(_ sources: NotebookSources) { capture = sources.subject }

  func written(_ run: @escaping NotebookSet.Runner) async throws -> Notebook {
    var author = NotebookAuthor(
      "From token probabilities to skew",
      """
      **Claim.** The length N of a verbatim match follows exactly from the probabilities of the reference tokens, \
      P(N ≥ n) = p₁ p₂ … pₙ, without \
      sampling and without assuming independence; over the records of a data set it is skewed to the right, and laws \
      with heavy tails describe it \
      (*Skewed Memorization in Large Language Models*, arXiv 2502.01187).

      **Evidence.** The capture `\(capture.path)`: the log-probability of every reference token from one forward \
      pass. The cells run `skewmem`, which must be \
      on the PATH, in this notebook's folder.

      **What of the paper is where.** This notebook has its link from token probabilities to the law of N, the power \
      law of mixed records and the law under p_j = p0 + αj. The second has its point that averages hide the skew. The \
      third has its experiments: training time, other data mixed in, and similarity (Remark 2.7). The fifth sets \
      established metrics beside the tail. `skewmem limits` computes what a perfect memory of the training text \
      repeats (Theorem 2.6). Its models are fine-tunes of Llama-3.1-8B on domain-specific and open-domain data. Those \
      are not in this repository, so its figures are not drawn again: its statements are tested on smaller models and \
      texts, and a number of tokens at some epoch need not agree.
      """, run: run)
    let audit = try await author.skewmem(
      ["audit", capture.path], only: ["Summary", "How far matches go"], as: AuditReport.self)
    if capture.isNative { addLawByHand(audit, to: &author) }
    let skewness = audit.matchLength.skewness
    author.text(
      """
      **Verdict.** E[N] is \(NumberText.text(audit.matchLength.expected)) tokens, and the longest match when every \
      record is drawn once is expected to be \
      \(NumberText.text(audit.maximum.expected)): \
      \(NumberText.text(audit.maximum.expected / max(audit.matchLength.expected, .leastNormalMagnitude), digits: 2)) \
      times as long. The skewness of N is \
      \(skewness.map { "\(NumberText.text($0)) (0 for a symmetric law): \($0 > 0 ? "skewed to the right, as claimed." : "not skewed to the right; the claim does not hold here.")" } ?? "undefined, as N does not vary.")

      ## Which family
      """)
    _ = try await author.skewmem(["audit", capture.path], only: ["Which family fits"], as: AuditReport.self)
    if audit.greedy?.records == audit.records, capture.ids.count >= 20 {
      let fit = try await author.skewmem(
        ["fit", capture.path, "--greedy", "--bootstrap", "500"], only: ["Summary", "Fits", "Goodness of fit"],
        as: FitReport.self)
      author.text(verdict(audit, fit))
    } else {
      author.text("**Verdict.** \(familyVerdict(audit))")
    }
    addMixture(to: &author)
    try addErratum(to: &author)
    return author.notebook("01-token-probabilities-to-skew.ipynb")
  }

  /// The law once more in plain Python, up to the length of the shortest reference, where it is a mean over all
  /// records.
  private func addLawByHand(_ audit: AuditReport, to author: inout NotebookAuthor) {
    author.text("The same P(N ≥ n) in plain Python, straight from the file, as far as all records reach:")
    let lengths = (0..<62).map { 1 << $0 }.prefix { $0 <= capture.shortest }
    author.python(
      """
      import gzip
      import math

      path = \(NotebookAuthor.quoted(capture.path))
      with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
          records = [json.loads(line)["token_logprobs"] for line in lines if line.strip()]
      n = 1
      while n <= min(map(len, records)):
          probability = math.fsum(math.exp(math.fsum(record[:n])) for record in records) / len(records)
          print(f"{n:6d}  {probability:.6e}")
          n *= 2
      """,
      prints: lengths.map { String(format: "%6d  %.6e", $0, audit.survival[$0 - 1].probability ?? .nan) })
  }

  private func familyVerdict(_ audit: AuditReport) -> String {
    guard let best = audit.fits.first else { return "No family fits." }
    let plain = audit.fits.first { $0.family == "geometric" }
    let distance =
      plain.flatMap {
        $0.family == best.family ? nil : ", \(NumberText.text($0.aic - best.aic)) below the geometric law"
      } ?? ""
    let rivals = audit.fits.dropFirst().filter { $0.aic < best.aic + 2 && tail(of: $0) != tail(of: best) }
    return "By AIC the exact law is nearest to \(best.family)\(distance); its tail is \(tail(of: best))."
      + (rivals.first.map { " \($0.family), within 2 of it, has another: \(tail(of: $0))." } ?? "")
  }

  /// How a family's tail falls.
  private func tail(of fit: FamilyFit) -> String {
    func value(_ name: String) -> Double? { fit.parameters[name] }
    if fit.family.contains("cured-"), value("cured") ?? 0 > 0 { return "a share that never ends" }
    let base = fit.family.replacingOccurrences(of: "zero-inflated-", with: "").replacingOccurrences(
      of: "cured-", with: "")
    switch base {
    case "beta-geometric": return "a power law, n^(−\(NumberText.text(value("b"))))"
    case "zeta": return "a power law"
    case "discrete-lognormal": return "lognormal, heavier than any exponential"
    case "discrete-generalized-pareto":
      let xi = value("xi") ?? 0
      return xi > 0 ? "a power law, n^(−\(NumberText.text(1 / xi)))" : "no heavier than an exponential"
    case "discrete-weibull":
      return value("beta") ?? 1 < 1
        ? "a stretched exponential, heavier than any exponential" : "no heavier than an exponential"
    case "linear-hazard":
      return value("alpha") ?? 0 > 0
        ? "a part that never ends, once p0 + αn has reached 1" : "lighter than an exponential"
    default: return "exponential, not heavy"
    }
  }

  private func verdict(_ audit: AuditReport, _ fit: FitReport) -> String {
    var text = "**Verdict.** \(familyVerdict(audit))"
    if let best = fit.best {
      text += " Greedy matches are best described as \(best)"
      if let goodness = fit.goodnessOfFit {
        text +=
          ", and the bootstrap \(goodness.pValue < 0.05 ? "rejects even that" : "does not reject it") (p "
          + "\(NumberText.text(goodness.pValue)))"
      }
      text += "."
      if let geometric = fit.fits.first(where: { $0.family == "geometric" }), geometric.family != best {
        text +=
          " The geometric law, which independent and equally hard tokens would give, is "
          + "\(NumberText.text(geometric.aic - (fit.fits.first?.aic ?? 0))) worse in AIC."
      }
    }
    return text
  }

  /// Light-tailed records that differ make a power law.
  private func addMixture(to author: inout NotebookAuthor) {
    let (a, b) = (2.0, 1.5)
    guard let law = try? BetaGeometric(a: a, b: b) else { return }
    author.text(
      """
      ## Where a heavy tail can come from

      **Claim.** Records that are each light-tailed, P(N ≥ n) = pⁿ, but differ in p make a power law: with p from \
      Beta(a, b), P(N ≥ n) = B(a + n, b) / B(a, b), \
      which falls as n^(−b).

      **Evidence.** The exact survival, and its slope on logarithmic axes between n and 2n:
      """)
    author.python(
      """
      import math

      a, b = \(a), \(b)


      def survival(n):
          return math.exp(math.lgamma(a + n) - math.lgamma(a + b + n) - math.lgamma(a) + math.lgamma(a + b))


      for n in (10, 100, 1000, 10000):
          slope = math.log(survival(2 * n) / survival(n)) / math.log(2)
          print(f"{n:6d}  {survival(n):.6e}  {slope:.4f}")
      """,
      prints: [10, 100, 1000, 10000].map { n in
        String(
          format: "%6d  %.6e  %.4f", n, exp(law.logSurvival(n)),
          (law.logSurvival(2 * n) - law.logSurvival(n)) / log(2))
      })
    author.text(
      """
      **Verdict.** The slope tends to −b = \(-b): true. But the same law of N arises where all records are alike and \
      lock on as they go, with \
      p_j = (a + j − 1) / (a + b + j − 1): match lengths cannot tell the two apart, token probabilities can \
      (`skewmem audit`, "Where the spread comes from", in the \
      next notebook).
      """)
  }

  private func addErratum(to author: inout NotebookAuthor) throws {
    let (p0, alpha, n) = (0.3, 0.02, 20)
    let law = try LinearHazard(p0: p0, alpha: alpha)
    let product = (1...n).reduce(1.0) { $0 * (p0 + alpha * Double($1)) }
    let exchanged = exp(Double(n) * log(p0) + lgamma(Double(n) + 1 + alpha / p0) - lgamma(1 + alpha / p0))
    author.text(
      """
      ## Erratum: the product of linear token probabilities

      **Claim.** For p_j = p0 + αj the paper's derivation is circulated as P(N ≥ n) = p0ⁿ Γ(n + 1 + α/p0) / Γ(1 + α/p0).

      **Evidence.** The product itself, the form with α and p0 in each other's place, and the circulated one, for p0 \
      = \(p0), α = \(alpha), n = \(n):
      """)
    author.python(
      """
      p0, alpha, n = \(p0), \(alpha), \(n)
      product = math.prod(p0 + alpha * j for j in range(1, n + 1))
      corrected = math.exp(n * math.log(alpha) + math.lgamma(n + 1 + p0 / alpha) - math.lgamma(1 + p0 / alpha))
      circulated = math.exp(n * math.log(p0) + math.lgamma(n + 1 + alpha / p0) - math.lgamma(1 + alpha / p0))
      print(f"product     {product:.10e}")
      print(f"corrected   {corrected:.10e}")
      print(f"circulated  {circulated:.10e}")
      """,
      prints: [
        String(format: "product     %.10e", product), String(format: "corrected   %.10e", exp(law.logSurvival(n))),
        String(format: "circulated  %.10e", exchanged),
      ])
    author.text(
      """
      **Verdict.** α and p0 are exchanged in the circulated form, which gives \(NumberText.text(exchanged)), no \
      probability. αⁿ Γ(n + 1 + p0/α) / Γ(1 + p0/α) is the product, \
      and what the family `linear-hazard` computes.
      """)
  }
}
