/// Where a comparison with a reference is after some tokens: enough to bound the distance of everything that may
/// follow.
struct DistanceState: Sendable, Equatable {
  /// Tokens so far.
  private(set) var count = 0
  /// Hamming: one number, the mismatches. Levenshtein: the distance of the tokens so far from the first k reference
  /// tokens, for k from count - e to count + e; what is above e is e + 1.
  private var row: [UInt8]

  /// Before the first token.
  init(_ comparison: Comparison) {
    switch comparison.distance {
    case .hamming: row = [0]
    case .levenshtein:
      let e = comparison.limit
      row = (-e...e).map { $0 < 0 || $0 > comparison.reference.count ? UInt8(e + 1) : UInt8($0) }
    }
  }

  /// The comparison of one reference with continuations, up to a distance that still counts.
  struct Comparison: Sendable {
    let reference: [Int]
    let distance: TokenDistance
    /// e.
    let limit: Int

    /// The state after one more token; `token` nil for one that is not in the reference.
    func next(_ state: DistanceState, _ token: Int?) -> DistanceState {
      var next = state
      next.count += 1
      switch distance {
      case .hamming:
        if token != reference[state.count], next.row[0] <= limit { next.row[0] += 1 }
      case .levenshtein:
        let e = limit
        for offset in 0...(2 * e) {
          // d(count + 1, k) from d(count, k - 1), d(count, k) and d(count + 1, k - 1).
          let k = next.count - e + offset
          guard k >= 0, k <= reference.count else {
            next.row[offset] = UInt8(e + 1)
            continue
          }
          var least = offset + 1 <= 2 * e ? Int(state.row[offset + 1]) + 1 : e + 1
          if k > 0 {
            least = min(least, Int(state.row[offset]) + (token == reference[k - 1] ? 0 : 1))
            if offset > 0 { least = min(least, Int(next.row[offset - 1]) + 1) }
          }
          next.row[offset] = UInt8(min(least, e + 1))
        }
      }
      return next
    }

    /// The least distance that something may have that begins so.
    func least(_ state: DistanceState) -> Int {
      switch distance {
      case .hamming: return Int(state.row[0])
      case .levenshtein:
        // What follows repeats the rest of the reference; too many or too few of its tokens are left.
        return places(state).map { Int(state.row[$0]) + abs($0 - limit) }.min() ?? limit + 1
      }
    }

    /// The largest distance that anything may have that begins so.
    func most(_ state: DistanceState) -> Int {
      let left = reference.count - state.count
      switch distance {
      case .hamming: return Int(state.row[0]) + left
      case .levenshtein:
        // What follows is replaced, place by place.
        return places(state).map { Int(state.row[$0]) + max(left, left - ($0 - limit)) }.min() ?? limit + 1
      }
    }

    /// The likeliest way on: the reference from where the least distance leaves off, as far as it goes.
    func completion(of state: DistanceState) -> ArraySlice<Int> {
      let left = reference.count - state.count
      switch distance {
      case .hamming: return reference[state.count...]
      case .levenshtein:
        let best = places(state).min {
          (Int(state.row[$0]) + abs($0 - limit), abs($0 - limit)) < (
            Int(state.row[$1]) + abs($1 - limit), abs($1 - limit)
          )
        }
        guard let best else { return [] }
        let place = state.count - limit + best
        return reference[place..<min(reference.count, place + left)]
      }
    }

    /// Reference tokens that may be matched next; any other token is as good as none of the reference.
    func matchable(_ state: DistanceState) -> [Int] {
      switch distance {
      case .hamming: return [reference[state.count]]
      case .levenshtein:
        let first = max(0, state.count - limit)
        return Array(Set(reference[first..<min(reference.count, state.count + limit + 1)])).sorted()
      }
    }

    /// The offsets of the row that are places in the reference and at most e away.
    private func places(_ state: DistanceState) -> [Int] {
      (0...(2 * limit)).filter { offset in
        let place = state.count - limit + offset
        return place >= 0 && place <= reference.count && Int(state.row[offset]) <= limit
      }
    }
  }
}
