import SkewedMemorization

extension FitReport: ReadableReport, DocumentReport {
  var document: ReportDocument {
    var document = ReportDocument()
    document.title("Families fitted to \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "\(NumberText.text(observations, digits: 6)) observations, \(NumberText.text(censored)) of them censored."
        + (best.map { " The smallest AIC has \($0)." } ?? ""))
    document.list(warnings.map { "Note: \($0)." })
    document.heading("Fits")
    let lowest = fits.first?.aic ?? 0
    document.table(
      .init(
        ["family", "n_min", "tail", "ΔAIC", "weight", "KS", "ln L", "parameters (± standard error)", "boundary"],
        left: [0, 7, 8],
        rows: fits.map { fit in
          [
            fit.family, NumberText.count(fit.nMin), NumberText.text(fit.tailObservations, digits: 4),
            NumberText.text(fit.aic - lowest), NumberText.text(NumberText.share(fit.weight)), NumberText.text(fit.ks),
            NumberText.text(fit.logLikelihood, digits: 7), parameterText(fit.parameters, fit.standardErrors),
            fit.boundary ?? (fit.converged ? "" : "not converged"),
          ]
        }))
    if !comparisons.isEmpty {
      document.heading("Comparisons")
      document.paragraph(
        "Vuong: positive favours the first. Likelihood ratio: a small p-value favours the second, larger family.")
      document.table(
        .init(
          ["first", "second", "test", "statistic", "p"], left: [0, 1, 2],
          rows: comparisons.map {
            [$0.first, $0.second, $0.test, NumberText.text($0.statistic), NumberText.text($0.pValue)]
          }))
    }
    if let test = goodnessOfFit {
      document.heading("Goodness of fit")
      document.paragraph(
        "Of \(NumberText.count(test.replicates)) data sets simulated from \(test.family) and fitted again, a share of "
          + "\(NumberText.text(test.pValue)) (Monte Carlo limits \(NumberText.text(test.interval[0])) – "
          + "\(NumberText.text(test.interval[1]))) is at least as far from its fit as these data are (KS \(NumberText.text(test.statistic))): "
          + (test.pValue < 0.05 ? "the family is not the law of these lengths." : "nothing speaks against the family."))
    }
    return document
  }
}
