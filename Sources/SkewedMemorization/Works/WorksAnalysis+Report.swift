import Captures
import GSLNumerics
import Inference
import RealModule
import TokenProcess

extension WorksAnalysis {
  /// What was found as a report; the files are still to be named.
  func report(_ found: Found) throws -> WorksReport {
    let usual = found.lengths.filter(found.isUsual)
    // A pipe cannot be read again for a shorter length.
    let lengths = usual.isEmpty ? found.lengths : usual
    let texts = try DocumentTexts(folders: self.texts)
    var report = WorksReport(
      files: [], controlFiles: [], decoding: decoding, context: context, copiedTokens: copiedTokens,
      level: resampling.level, works: [], total: [], passages: [], warnings: [])
    var units: [Unit] = []
    for (document, isControl) in found.order {
      try Task.checkCancellation()
      guard var sums = found.sums[document] else { continue }
      sums.keep(lengths: lengths)
      let tokens = try texts.tokens(of: document)
      guard sums.settle(tokens: tokens?.count, boundaries: tokens?.boundaries) else {
        throw CaptureError(
          file: document,
          problem:
            "has other tokens in the folder of texts than in its windows: they are another tokenizer's, or the text "
            + "is another one")
      }
      var map = WorksReport.WorkMap()
      guard !sums.isContradictory else {
        throw CaptureError(
          file: document,
          problem: "has windows that say different things of it (document_tokens, token_offsets): they are of two "
            + "tokenizers or of two texts; give the captures of one model")
      }
      if let last = sums.boundaries.max(), last >= 0 {
        map.boundaries = sums.boundaries
        if let text = try texts.scalars(of: document) {
          guard last <= text.count else {
            throw CaptureError(
              file: document,
              problem: "has \(text.count) characters, but token_offsets go up to \(last): the text is another one")
          }
          // Windows may say what the text is, and where the last token ends.
          let isOther = zip(sums.scalars, text).contains { $0 != 0 && $0 != $1 }
          let end = sums.documentIsCut ? -1 : sums.boundaries[sums.tokens]
          guard !isOther, end < 0 || end == text.count else {
            throw CaptureError(
              file: document,
              problem: "has another text in the folder of texts than in its windows, or one of another length "
                + "(\(text.count) characters)")
          }
          map.scalars = text
        } else if !sums.scalars.isEmpty {
          // What windows hold of the text, which may end before the tokens do.
          map.scalars = sums.scalars + Array(repeating: 0, count: max(0, last - sums.scalars.count))
        }
      }
      let unit = Unit(document, isControl, sums, map, blocks: blockLength(sums, lengths))
      let isPlaced = map.boundaries.map { !$0.contains(-1) } ?? false
      report.works.append(
        measures.coverage(
          of: sums, document, isControl: isControl, boundaries: isPlaced ? map.boundaries : nil, block: unit.block,
          isMapped: true))
      report.maps.append(map)
      units.append(unit)
    }
    report.total = totals(report.works, units)
    report.passages = passages(units)
    report.warnings = warnings(units)
    return report
  }

  /// A work with what belongs to it.
  struct Unit {
    let document: String
    let isControl: Bool
    let sums: WorkSums
    let map: WorksReport.WorkMap
    let block: Int

    init(_ document: String, _ isControl: Bool, _ sums: WorkSums, _ map: WorksReport.WorkMap, blocks: Int) {
      (self.document, self.isControl, self.sums, self.map) = (document, isControl, sums, map)
      block = blocks
    }
  }

  /// Twice the tokens of a window with its context: further apart, windows have nothing in common. Longer where the
  /// work has a thousand blocks even so.
  private func blockLength(_ sums: WorkSums, _ lengths: [Int]) -> Int {
    let context = sums.passes > 0 ? self.context : sums.context?.upperBound ?? 50
    return max(2 * (context + (lengths.max() ?? 1)), sums.tokens / 1000)
  }

  private var measures: WorkMeasures {
    WorkMeasures(thresholds: thresholds, draws: draws, resampling: resampling)
  }

  /// All works that are no controls, with limits by blocks where they are too few to be resampled.
  private func totals(_ works: [WorkCoverage], _ units: [Unit]) -> [WorksTotal] {
    let controls = works.filter(\.isControl)
    let own = units.filter { !$0.isControl }
    var totals = works.filter { !$0.isControl }.totals(resampling)
    for index in totals.indices {
      totals[index].coverage = totals[index].coverage.enumerated().map { place, coverage in
        var coverage = coverage
        coverage.controls = controls.map { $0.lengths[index].coverage[place].lower }.max()
        if own.count < 10 {
          let range = measures.limits(
            of: own.map(\.sums.risks[index].own.lower), .log(coverage.threshold), block: own.map(\.block).max() ?? 1)
          coverage.limits = range.map { Interval($0) }
          coverage.resampled = range.map { _ in "blocks" }
        }
        return coverage
      }
    }
    return totals
  }

  private func passages(_ units: [Unit]) -> [WorksReport.Passage] {
    guard top > 0, let threshold = thresholds.min() else { return [] }
    var found: [WorksReport.Passage] = []
    for unit in units where !unit.isControl {
      guard let risk = unit.sums.risks.first?.own.lower else { continue }
      let spans = risk.spans(logThreshold: .log(threshold)).sorted { ($0.logRisk, $1.start) > ($1.logRisk, $0.start) }
      // What copies leave of a window is no passage.
      for span in spans.filter({ $0.count >= risk.length }).prefix(top) {
        let ends = unit.map.boundaries.map { [$0[span.start], $0[span.end]] }
        let characters = ends.flatMap { $0[0] >= 0 && $0[1] >= 0 ? $0 : nil }
        found.append(
          .init(
            document: unit.document, n: risk.length, threshold: threshold, start: span.start, end: span.end,
            characters: characters, logProbability: span.logRisk,
            text: characters.flatMap { unit.map.text($0[0], $0[1]) }))
      }
    }
    // Stable: works in their order, and passages of one in theirs.
    return found.enumerated().sorted { ($0.element.logProbability, $1.offset) > ($1.element.logProbability, $0.offset) }
      .prefix(top).map(\.element)
  }

  private func warnings(_ units: [Unit]) -> [Warning] {
    var warnings: [Warning] = []
    for unit in units {
      func warn(_ code: Warning.Code, _ counts: [String: Int] = [:]) {
        let warning = Warning(code, counts: counts)
        warnings.append(units.count > 1 ? warning.of(unit.document) : warning)
      }
      if !unit.sums.knowsCopies { warn(.unknownCopies) }
      if unit.sums.repeatedStarts > 0 { warn(.repeatedWindows, ["windows": unit.sums.repeatedStarts]) }
      if !texts.isEmpty, unit.map.scalars == nil {
        let reason =
          unit.sums.boundaries.contains { $0 >= 0 }
          ? "no file of the text has its name"
          : "where its tokens are in it is not known (token_offsets, or NAME.json with offsets)"
        warnings.append(Warning(.noText, names: ["document": unit.document, "problem": reason]))
      }
      for risk in unit.sums.risks where risk.all.lower.known == 0 {
        warn(.noWindows, ["length": risk.all.lower.length])
      }
    }
    let (windows, passes) = (units.map(\.sums.windows).reduce(0, +), units.map(\.sums.passes).reduce(0, +))
    if windows > 0, passes > 0 {
      warnings.append(Warning(.mixedContexts, counts: ["windows": windows, "passes": passes]))
    }
    let runs = Set(units.flatMap(\.sums.runs)).sorted()
    if runs.count > 1 {
      warnings.append(Warning(.pooled, names: ["field": "run", "values": runs.joined(separator: ", ")]))
    }
    let cut = units.filter(\.sums.documentIsCut).map(\.document)
    if !cut.isEmpty {
      let names = cut.prefix(5).joined(separator: ", ") + (cut.count > 5 ? ", …" : "")
      warnings.append(Warning(.unknownEnd, names: ["document": names]))
    }
    return warnings
  }
}

extension WorksReport.WorkMap {
  /// The text between two characters; nil where part of it is not known.
  func text(_ start: Int, _ end: Int) -> String? {
    guard let scalars, start >= 0, start <= end, end <= scalars.count else { return nil }
    let part = scalars[start..<end]
    guard !part.contains(0) else { return nil }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: part.compactMap { Unicode.Scalar($0) })
    return String(text)
  }
}
