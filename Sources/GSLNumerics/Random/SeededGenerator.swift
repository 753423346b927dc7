/// A seeded source of random bits with independent streams: xoshiro256** (Blackman and Vigna, ACM TOMS 47, 2021).
///
/// The state is filled by SplitMix64 from the seed and the stream number, so that replicate r of a simulation uses
/// `SeededGenerator(seed: seed, stream: r)` and gives the same values on any number of threads.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator for one stream of a seed.
  public init(seed: UInt64, stream: UInt64 = 0) {
    // The stream number is mixed before it is combined, so that (seed, stream) and (seed + 1, stream - 1) are
    // unrelated.
    var mixer = SplitMix64(state: seed)
    let mixedSeed = mixer.next()
    var streamMixer = SplitMix64(state: stream ^ 0x6A09_E667_F3BC_C909)
    var source = SplitMix64(state: mixedSeed ^ streamMixer.next())
    state = (source.next(), source.next(), source.next(), source.next())
  }

  package init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), used to fill the state of ``SeededGenerator``.
package struct SplitMix64 {
  package var state: UInt64

  package init(state: UInt64) {
    self.state = state
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
