import Foundation
import TestSupport
import Testing

@testable import Captures

/// Seeded damage to files that every reader reads: something is read, or an error names the file; never a crash. `make
/// fuzz` makes 10^6 of each.
@Suite struct FuzzTests {
  /// A file, and what reads it.
  enum Seed: String, CaseIterable {
    case vllm = "vllm.json"
    case realVLLM = "vllm-0.32.0.json"
    case openAI = "openai.jsonl"
    case llamaCPP = "llama-cpp.json"
    case harness = "lm-eval.jsonl"
    case array = "a.npy"
    case halves = "half.npy"
    case tensors = "t.safetensors"
    case gzip = "small.jsonl.gz"
    case zstd = "small.jsonl.zst"
    case stored = "stored.npz"
    case deflated = "deflated.npz"
    case counts = "counts"
    case generations = "generations"

    func data() throws -> Data {
      switch self {
      case .counts: return Data("# lengths\n0 481\n3\n7,2\n12+ 7\n".utf8)
      case .generations:
        return Data(
          #"{"id":"a","temperature":0.8,"top_k":20,"generations":[[4,1],[4]],"texts":["x","y"],"draws":2}"#.utf8)
      default:
        let folder = try #require(Bundle.module.resourcePath)
        return try Data(contentsOf: URL(fileURLWithPath: folder + "/References/formats/" + rawValue))
      }
    }

    func read(_ path: String) async throws {
      var options = CaptureOptions()
      options.split = .prefixTokens(1)
      switch self {
      case .counts:
        _ = try CountsReader.counts(path: path)
        return
      case .generations:
        _ = try GenerationsReader.read(path: path)
        return
      case .vllm, .realVLLM, .openAI, .llamaCPP: options.format = .server
      case .harness:
        options.format = .harness
        options.takesWholeReferences = true
      case .array, .halves: options.format = .npy
      case .tensors: options.format = .safetensors
      case .gzip, .zstd: options.format = .native
      case .stored, .deflated: options.format = .npz
      }
      _ = try await CaptureReader(files: [path], options: options).records()
    }
  }

  @Test(arguments: Seed.allCases) func damage(seed: Seed) async throws {
    let whole = try seed.data()
    var state = whole.reduce(7) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    func next() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    // What stands in texts and headers, and what does not.
    let alphabet = Array(#"{}[]:,"\0123456789.eE+-untrfals <>|()'"#.utf8) + [0, 1, 9, 10, 0x7F, 0x80, 0xC3, 0xFF]
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("damaged").path
      for _ in 0..<fuzzedInputs(usually: 60, slowly: 2000) {
        var data = whole
        for _ in 0..<(1 + next() % 4) where !data.isEmpty {
          let place = next() % data.count
          let byte = next() % 2 == 0 ? UInt8(next() & 0xFF) : alphabet[next() % alphabet.count]
          switch next() % 5 {
          case 0: data[place] = byte
          case 1: data.removeLast(next() % max(1, data.count / 2))
          case 2: data.insert(byte, at: place)
          case 3: data.remove(at: place)
          default: data.insert(contentsOf: data[place..<min(data.count, place + 1 + next() % 40)], at: place)
          }
        }
        try data.write(to: URL(fileURLWithPath: file))
        do {
          try await seed.read(file)
        } catch let error as CaptureError {
          #expect(error.file == file)
        }
      }
    }
  }
}
