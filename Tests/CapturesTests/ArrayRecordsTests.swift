import Foundation
import TestSupport
import Testing
import TokenProcess

@testable import Captures

/// Arrays of NumPy and safetensors.
@Suite struct ArrayRecordsTests {
  /// What a `.npy` file begins with.
  private func npyHeader(_ type: String, shape: String) -> Data {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }\n"
    return Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.utf8.count), 0]) + Data(header.utf8)
  }

  @Test func arrays() async throws {
    #expect(try await FormatFile.records("a.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2, -3, -4]])
    #expect(
      try await FormatFile.records("a.npy", lengths: "len.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2]])
    #expect(
      try await FormatFile.records("flat.npy", lengths: "off.npy").map(\.tokenLogProbabilities) == [
        [-1, -2], [-3, -4, -5],
      ])
    #expect(try await FormatFile.records("half.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.5]])
    let tensors = try await FormatFile.records("t.safetensors")
    #expect(tensors.map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2, -3, -4]])
    #expect(tensors.map(\.ranks) == [[0, 1], [2, 0, 0]])
    #expect(
      await FormatFile.error { _ = try await FormatFile.records("flat.npy") }?.problem.contains("one-dimensional")
        == true)
    #expect(
      await FormatFile.error { _ = try await FormatFile.records("a.npy", lengths: "off.npy") }?.problem.contains(
        "lengths") == true)
    // Lengths are no offsets.
    #expect(
      await FormatFile.error { _ = try await FormatFile.records("flat.npy", lengths: "len.npy") }?.field == "offsets")
    #expect(await FormatFile.error { _ = try await FormatFile.records("/nowhere.npy") }?.file == "/nowhere.npy")
  }

  /// NumPy's archives, stored and deflated, alone and with other arrays, and compressed whole.
  @Test func archives() async throws {
    let rows: [[Double]] = [[-0.5, -1.25], [-2, -3, -4]]
    for name in ["stored.npz", "deflated.npz"] {
      let records = try await FormatFile.records(name)
      #expect(records.map(\.tokenLogProbabilities) == rows && records.map(\.ranks) == [[0, 1], [2, 0, 0]])
    }
    #expect(try await FormatFile.records("single.npz").map(\.tokenLogProbabilities) == rows)
    #expect(try await FormatFile.records("flat.npz").map(\.tokenLogProbabilities) == [[-1, -2], [-3, -4, -5]])
    #expect(try await FormatFile.records("a.npy.gz").map(\.tokenLogProbabilities) == rows)
    #expect(try await FormatFile.records("many64.npz").count == 3)
    let stranger = await FormatFile.error { _ = try await FormatFile.records("other.npz") }
    #expect(stranger?.field == "token_logprobs" && stranger?.problem.contains("lengths") == true)
    var damaged = try Data(contentsOf: URL(fileURLWithPath: FormatFile.path("stored.npz")))
    damaged[140] ^= 1
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("damaged.npz").path
      try damaged.write(to: URL(fileURLWithPath: file))
      #expect(await FormatFile.error { _ = try await FormatFile.records(file) }?.problem == "the archive is damaged")
    }
  }

  /// Bad rows are errors of their own: the others can be read, and records of several files have different names.
  @Test func rowsAndFiles() async throws {
    try await Repository.withScratchFolder { folder in
      let array = folder.appendingPathComponent("bad.npy").path
      var data = npyHeader("<f8", shape: "3, 2")
      for value in [-1, -2, 1, -1, -3, Double.nan] { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
      try data.write(to: URL(fileURLWithPath: array))
      var lines: [CaptureLine] = []
      try await CaptureReader(files: [array, array]).forEachLine { lines.append($0) }
      let ids = lines.compactMap { try? $0.get() }.map(\.id)
      #expect(ids == ["\(array):row-0", "\(array):row-2", "\(array):row-0", "\(array):row-2"])
      guard case .failure(let error) = lines[1] else {
        Issue.record("a positive log-probability was taken")
        return
      }
      #expect(error.field == "token_logprobs[0]" && error.row == 1)
    }
  }

  /// NaN is padding at the end of a row and nowhere else.
  @Test func holes() async throws {
    try await Repository.withScratchFolder { folder in
      let array = folder.appendingPathComponent("a.npy").path
      var data = npyHeader("<f8", shape: "2, 3")
      for value in [-1, .nan, .nan, -1, .nan, -3] {
        withUnsafeBytes(of: value as Double) { data.append(contentsOf: $0) }
      }
      try data.write(to: URL(fileURLWithPath: array))
      var lines: [CaptureLine] = []
      try await CaptureReader(files: [array]).forEachLine { lines.append($0) }
      #expect(try lines[0].get().tokenLogProbabilities == [-1])
      #expect(throws: CaptureError.self) { try lines[1].get() }
      guard case .failure(let error) = lines[1] else { return }
      #expect(error.field == "token_logprobs[1]" && error.row == 1)
    }
  }

  /// Halves of floats: signs, subnormals, the largest, infinities and NaN.
  @Test func halves() throws {
    let bits: [UInt16] = [0x0000, 0x8000, 0x3C00, 0xBE00, 0x0001, 0x7BFF, 0xFC00, 0x7E00]
    var data = npyHeader("<f2", shape: "8,")
    for value in bits { data.append(contentsOf: [UInt8(value & 0xFF), UInt8(value >> 8)]) }
    let values = try NumericArray(npy: data, file: "x").all
    #expect(values[..<7] == [0, -0.0, 1, -1.5, 0x1p-24, 65_504, -.infinity] && values[7].isNaN)
  }
}
