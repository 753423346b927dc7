import RealModule

/// BLEU of one sentence (Papineni et al., 2002) with the conventions of sacrebleu 2.6.0: order 4, effective order,
/// exponential smoothing, 0 without any match, brevity penalty exp(1 - r/c).
public enum Bleu {
  /// The score, 0 to 100, of texts tokenized as sacrebleu's `13a`: `BLEU(effective_order=True).sentence_score`.
  ///
  /// - Complexity: O(length).
  public static func sentence(_ candidate: String, _ reference: String) -> Double {
    sentence(words13a(candidate), words13a(reference))
  }

  /// The score, 0 to 100, of tokens as they are.
  ///
  /// - Complexity: O(tokens).
  public static func sentence<Token: Hashable>(_ candidate: [Token], _ reference: [Token]) -> Double {
    let orders = 1...4
    let correct = orders.map { order in
      let expected = nGramCounts(reference, order: order)
      return nGramCounts(candidate, order: order).reduce(0) { $0 + min($1.value, expected[$1.key] ?? 0) }
    }
    guard correct.contains(where: { $0 > 0 }) else { return 0 }
    var smoothing = 1.0
    var logSum = 0.0
    var effectiveOrder = 0
    for (order, correct) in zip(orders, correct) {
      let total = candidate.count - order + 1
      guard total > 0 else { break }
      effectiveOrder = order
      if correct == 0 { smoothing *= 2 }
      logSum += .log((correct == 0 ? 100 / smoothing : 100 * Double(correct)) / Double(total))
    }
    let ratio = Double(reference.count) / Double(candidate.count)
    return (ratio > 1 ? .exp(1 - ratio) : 1) * .exp(logSum / Double(effectiveOrder))
  }

  /// A text's tokens by the rules of NIST's mteval-v13a: symbols other than `.`, `,`, `-` and `'` stand alone, periods
  /// and commas too unless between digits, a dash after a digit.
  ///
  /// Words are lists of Unicode scalars: a Swift String with é would equal one with e and a combining accent, which are
  /// two words to sacrebleu.
  public static func words13a(_ text: String) -> [[Unicode.Scalar]] {
    var scalars = Array(text.unicodeScalars)
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    scalars = replacing(scalars, "<skipped>", "")
    scalars = replacing(scalars, "-\n", "")
    scalars = replacing(scalars, "\n", " ")
    for (entity, symbol) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      scalars = replacing(scalars, entity, symbol)
    }
    scalars = [" "] + scalars + [" "]
    scalars = scalars.flatMap { standsAlone($0) ? [" ", $0, " "] : [$0] }
    scalars = spacingPairs(scalars) {
      !isDigit($0) && isPoint($1)
    } as: {
      [$0, " ", $1, " "]
    }
    scalars = spacingPairs(scalars) {
      isPoint($0) && !isDigit($1)
    } as: {
      [" ", $0, " ", $1]
    }
    scalars = spacingPairs(scalars) {
      isDigit($0) && $1 == "-"
    } as: {
      [$0, " ", $1, " "]
    }
    return scalars.split(whereSeparator: isSpace).map(Array.init)
  }

  /// Replaces pairs of neighbors, from the left and without overlap.
  private static func spacingPairs(
    _ scalars: [Unicode.Scalar], _ matches: (Unicode.Scalar, Unicode.Scalar) -> Bool,
    as replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var index = 0
    while index < scalars.count {
      if index + 1 < scalars.count, matches(scalars[index], scalars[index + 1]) {
        result += replacement(scalars[index], scalars[index + 1])
        index += 2
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return result
  }

  private static func replacing(_ scalars: [Unicode.Scalar], _ old: String, _ new: String) -> [Unicode.Scalar] {
    let old = Array(old.unicodeScalars)
    guard scalars.contains(old[0]) else { return scalars }
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < scalars.count {
      if scalars[index] == old[0], scalars[index...].starts(with: old) {
        result += new.unicodeScalars
        index += old.count
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return result
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
  private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

  /// ASCII's printable symbols and the space, but `'`, `,`, `-` and `.`.
  private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " "..."&", "("..."+", "/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  /// What Python's `str.split` and `str.rstrip` take for white space: Unicode's, and the four information separators.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(scalar)
  }
}
