import Reports

extension FitReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Families fitted to \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "\(NumberText.weight(observations)) observation\(observations == 1 ? "" : "s"), \(NumberText.weight(censored)) "
        + "of them \(intervalCensored > 0 ? "right-censored" : "censored")"
        + (intervalCensored > 0 ? ", \(NumberText.weight(intervalCensored)) interval-censored" : "")
        + (withEntry > 0 ? ", \(NumberText.weight(withEntry)) with an entry length" : "") + "."
        + (best.map { " \($0) has the smallest AIC." } ?? ""))
    document.figure(survivalFigure)
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("Fits")
    let lowest = fits.first?.aic ?? 0
    document.table(
      .init(
        ["family", "n_min", "tail", "ΔAIC", "weight", "KS", "ln L", "parameters (± standard error)", "boundary"],
        left: [0, 7, 8],
        rows: fits.map { fit in
          [
            fit.family, NumberText.count(fit.nMin), NumberText.weight(fit.tailObservations),
            NumberText.text(best == nil ? nil : fit.aic - lowest), NumberText.text(NumberText.share(fit.weight)),
            NumberText.text(fit.ks),
            NumberText.text(fit.logLikelihood, digits: 7), parameterText(fit),
            fit.boundary ?? (fit.converged ? "" : "not converged"),
          ]
        }))
    document.figure(quantileFigure)
    if !comparisons.isEmpty {
      let hasCorrected = comparisons.contains { $0.correctedStatistic != nil }
      document.heading("Comparisons")
      document.paragraph(
        [
          comparisons.contains { $0.test == "vuong" } ? "Vuong: positive favors the first." : nil,
          comparisons.contains { $0.test != "vuong" }
            ? "Likelihood ratio: a small p-value favors the second, larger family." : nil,
        ].compactMap(\.self).joined(separator: " ")
          + (hasCorrected
            ? " Corrected: Vuong's statistic with AIC's correction for the numbers of parameters." : ""))
      document.table(
        .init(
          ["first", "second", "test", "statistic", "p"] + (hasCorrected ? ["corrected", "corrected p"] : []),
          left: [0, 1, 2],
          rows: comparisons.map {
            let corrected = [$0.correctedStatistic, $0.correctedPValue].map { $0.map { NumberText.text($0) } ?? "" }
            return [$0.first, $0.second, $0.test, NumberText.text($0.statistic), NumberText.text($0.pValue)]
              + (hasCorrected ? corrected : [])
          }))
      for comparison in comparisons {
        // Fits are in the order of AIC, so that the first of a pair has the smaller one.
        guard let corrected = comparison.correctedStatistic, corrected > 0, comparison.statistic < 0 else { continue }
        document.paragraph(
          "\(comparison.first) has the smaller AIC because it has fewer parameters; the likelihood is higher under "
            + "\(comparison.second).")
      }
    }
    addSurvival(to: &document)
    addGoodness(to: &document)
    addExtremes(to: &document)
    return document
  }

  private func addSurvival(to document: inout ReportDocument) {
    guard let fit = fits.first, let intervalMethod, !fit.survival.isEmpty else { return }
    document.heading("P(N >= n) by \(fit.family)")
    let method =
      switch intervalMethod {
      case "profile": "the profile likelihood"
      case "bootstrap": "fitting resampled data again"
      default: "the delta method"
      }
    document.paragraph("95 % intervals of parameters and of P(N >= n) are by \(method).")
    if let interval = fit.nMinInterval {
      document.paragraph("The choice of n_min varies from \(interval[0]) to \(interval[1]) between resampled data.")
    }
    document.table(
      .init(
        ["n", "P(N >= n)", "lower", "upper"],
        rows: fit.survival.map {
          [
            NumberText.count($0.n), NumberText.probability(log: $0.logSurvival),
            $0.lower == nil ? "—" : NumberText.probability(log: $0.lower),
            $0.upper == nil ? "—" : NumberText.probability(log: $0.upper),
          ]
        }))
  }

  private func addGoodness(to document: inout ReportDocument) {
    let each = fits.compactMap { fit in fit.goodnessOfFit.map { (fit.family, $0) } }
    if each.count > 1 {
      document.heading("Bootstrap tests of all families")
      document.paragraph("A small p says that the family is not the law of these lengths.")
      document.table(
        .init(
          ["family", "KS", "p", "Anderson–Darling", "p", "chi-squared", "p"], left: [0],
          rows: each.map { name, test in
            [name, NumberText.text(test.statistic), NumberText.text(test.pValue)]
              + [test.andersonDarling, test.chiSquared].flatMap {
                [NumberText.text($0.statistic), NumberText.text($0.pValue)]
              }
          }))
    }
    guard let test = goodnessOfFit else { return }
    document.heading("Goodness of fit")
    document.paragraph(
      "Of \(NumberText.count(test.replicates)) data sets simulated from \(test.family) and fitted again"
        + (test.resampling == "semiparametric" ? ", n_min included" : "")
        + ", the share that is at least as far from its fit as these data are (KS \(NumberText.text(test.statistic))) "
        + "lies between "
        + "\(NumberText.text(test.interval.lower)) and \(NumberText.text(test.interval.upper)); p is "
        + "\(NumberText.text(test.pValue)): "
        + (test.pValue < 0.05 ? "the family is not the law of these lengths." : "nothing speaks against the family.")
        + (test.stoppedEarly ? " The test stopped when that was clear." : ""))
    document.list(
      [("Anderson–Darling", test.andersonDarling), ("Chi-squared", test.chiSquared)].map { name, other in
        "\(name) \(NumberText.text(other.statistic)): p \(NumberText.text(other.pValue))"
      })
  }

  private func addExtremes(to document: inout ReportDocument) {
    guard let extremes else { return }
    document.heading("The longest matches")
    if let threshold = extremes.threshold {
      document.paragraph(
        "From the generalized Pareto tail of lengths of \(threshold) and more: the longest match to expect in sets "
          + "like this one."
      )
      document.table(
        .init(
          ["size of the set", "longest match", "95 % interval"],
          rows: extremes.returnLevels.map {
            ["\(NumberText.text($0.times, digits: 1)) ×", NumberText.text($0.length), intervalText($0.interval)]
          }))
    } else {
      document.paragraph("Too few lengths end above any threshold.")
    }
    if !extremes.peaksOverThreshold.isEmpty {
      document.paragraph("Where the law holds, xi and sigma - xi u are the same above every threshold u.")
      document.table(
        .init(
          ["u", "reach it", "sigma", "xi", "95 % interval", "sigma - xi u (± standard error)", "boundary"], left: [6],
          rows: extremes.peaksOverThreshold.map {
            [
              NumberText.count($0.threshold), NumberText.weight($0.exceedances), NumberText.text($0.sigma),
              NumberText.text($0.xi), intervalText($0.xiInterval),
              NumberText.text($0.stableScale)
                + ($0.stableScaleError.map { " ± \(NumberText.text($0, digits: 2))" } ?? ""),
              $0.boundary ?? "",
            ]
          }))
    }
    if !extremes.tailIndex.isEmpty {
      document.paragraph("The extreme-value index xi by the classical estimators, made for values without ties:")
      document.table(
        .init(
          ["method", "k", "above", "xi", "95 % interval"], left: [0],
          rows: extremes.tailIndex.map {
            [
              $0.method, NumberText.count($0.k), NumberText.count($0.threshold), NumberText.text($0.xi),
              intervalText($0.interval),
            ]
          }))
    }
    if !extremes.meanExcess.isEmpty {
      document.paragraph("Mean excess over u; a line that rises with u is a power law, a flat one an exponential tail.")
      document.table(
        .init(
          ["u", "exceed it", "mean excess", "95 % interval"],
          rows: extremes.meanExcess.map {
            [
              NumberText.count($0.threshold), NumberText.weight($0.exceedances),
              NumberText.text($0.mean) + ($0.restricted ? " (cut)" : ""), intervalText($0.interval),
            ]
          }))
      document.figure(meanExcessFigure(extremes))
    }
  }
}
