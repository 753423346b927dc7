import Captures
import HeavyTails

/// What a file holds that an analysis of match lengths can start from: told once, when the file is opened.
public enum Input {
  /// Records, which are still to be read.
  case capture(InputFile)
  /// What ``DataSetSums`` wrote.
  case summary(DataSetSums)
  /// Lengths themselves, see `CountsReader`.
  case counts(CensoredCounts)

  /// Opens a file and tells what it holds.
  ///
  /// - Parameters:
  ///   - file: The file; `-` is standard input.
  ///   - options: How captures are read. With a format it is taken for a capture or a summary.
  ///   - takesCounts: Whether lines of plain numbers are counts; otherwise they are a capture, and a bad one.
  /// - Throws: `CaptureError` for a file that cannot be read.
  public init(file: String, options: CaptureOptions = CaptureOptions(), takesCounts: Bool = false) throws {
    let opened = try InputFile(path: file, sources: options.sources)
    if try DataSetSums.isSummary(opened) {
      try options.refuse(for: file, because: "is a summary")
      let sums = try DataSetSums.read(opened).merged()
      guard !sums.hasWholeReferences else {
        throw CaptureError(
          file: file,
          problem: "sums up samples of lm-evaluation-harness, one value a reference: only audits and merges take that")
      }
      self = .summary(sums)
    } else if takesCounts, options.format == nil, try CountsReader.isCounts(opened) {
      try options.refuse(for: file, because: "holds counts")
      self = .counts(try CountsReader.counts(opened))
    } else {
      self = .capture(opened)
    }
  }
}

extension CaptureOptions {
  /// Throws where captures are said to be read in some way, and a file is none.
  func refuse(for file: String, because reason: String) throws(CaptureError) {
    let given = [("format", format != nil), ("split", split != nil), ("arrayLengths", arrayLengths != nil)]
    guard let option = given.first(where: \.1)?.0 else { return }
    throw CaptureError(file: file, problem: "\(reason); this is for captures", option: option)
  }
}
