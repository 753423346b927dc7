import Foundation
import GSLNumerics
import TestSupport
import Testing
import TokenProcess

@testable import Captures

/// The parser of native lines against Foundation, which reads the same JSON.
@Suite struct RecordParserTests {
  private func fast(_ line: String) -> Record? { fast(Array(line.utf8)) }

  private func fast(_ line: [UInt8]) -> Record? {
    var parser = RecordParser()
    return (line + [UInt8](repeating: 0, count: LineChunk.padding)).withUnsafeBufferPointer {
      try? parser.record(UnsafeBufferPointer(rebasing: $0[..<line.count]))
    }
  }

  /// The record that Foundation reads, as the test's own words have it; nil for what it does not.
  private func slow(_ line: [UInt8]) -> Record? {
    try? JSONDecoder().decode(FoundationRecord.self, from: Data(line)).record
  }

  /// Decimal texts of every shape: the Double that strtod reads, to the last bit.
  @Test func numbers() throws {
    var generator = SystemRandomNumberGenerator()
    var texts = [
      "0", "-0", "0.0", "-0.0", "1", "-1", "1e0", "1E5", "1e+5", "1.5e-7", "123456789012345678", "0.1",
      "0.30000000000000004",
      "9007199254740993", "9007199254740992.5", "9007199254740993e0", "1.7976931348623157e17", "5e-55", "1e55",
      "8.5e-22",
      "0.000000000000000000001234567890123456789", "4503599627370497.5", "1e22", "1e23", "-2.2250738585072014e-20",
    ]
    for _ in 0..<20_000 {
      let value = Double(bitPattern: UInt64.random(in: .min ... .max, using: &generator))
      let small = Double.random(in: -50...0, using: &generator)
      if value.isFinite, (1e-30...1e30).contains(value.magnitude) { texts.append("\(value)") }
      texts.append("\(small)")
      texts.append(String(format: "%.6f", small))
      texts.append("\(small * 1e-9)")
      // Nineteen digits, and halfway points between neighbors.
      texts.append("-0.\(UInt64.random(in: 1_000_000_000_000_000_000...9_999_999_999_999_999_999, using: &generator))")
      texts.append(
        "\(UInt64.random(in: 1 << 53...1 << 60, using: &generator))e\(Int.random(in: -40...30, using: &generator))")
      texts.append("\(2 * UInt64.random(in: 1 << 52..<1 << 53, using: &generator) + 1)")
    }
    for text in texts {
      let record = try #require(fast(#"{"id":"a","token_logprobs":[\#(text)]}"#), "\(text)")
      let value = record.tokenLogProbabilities[0]
      let expected = strtod(text, nil)
      #expect(value.bitPattern == expected.bitPattern, "\(text): \(value) for \(expected)")
    }
  }

  private func fault(_ line: String) -> JSONFault? { fault(Array(line.utf8)) }

  private func fault(_ line: [UInt8]) -> JSONFault? {
    var parser = RecordParser()
    return (line + [UInt8](repeating: 0, count: LineChunk.padding)).withUnsafeBufferPointer { bytes in
      do throws(JSONFault) {
        _ = try parser.record(UnsafeBufferPointer(rebasing: bytes[..<line.count]))
        return nil
      } catch {
        return error
      }
    }
  }

  /// Numbers of any length and size, and what Python writes for those that JSON has not.
  @Test(arguments: [
    ("-Infinity", -Double.infinity), ("\"-Infinity\"", -.infinity), ("Infinity", .infinity),
    ("-18446744073709551616", -18_446_744_073_709_551_616), ("-36893488147419103232.5e-19", -3.68934881474191032325),
    ("-340282346638528859811704183484516925440.0", -3.4028234663852886e38), ("-1e-400", -0.0),
    ("-12345678901234567890123", -1.2345678901234567890123e22), ("-0.000000000000000000000000000001", -1e-30),
  ]) func unusualNumbers(text: String, value: Double) throws {
    let record = try #require(fast(#"{"id":"a","token_logprobs":[\#(text)]}"#))
    #expect(record.tokenLogProbabilities[0] == value)
  }

  @Test func notANumberIsRead() throws {
    #expect(try #require(fast(#"{"id":"a","token_logprobs":[NaN]}"#)).tokenLogProbabilities[0].isNaN)
  }

  @Test func whatIsWrongIsSaidWithItsPlace() {
    for value in ["01", "1.", ".5", "+1", "1e", "1e+", "--1", "1.2.3", "1 2", "", "tru", "Inf", "-"] {
      #expect(fault(#"{"id":"a","token_logprobs":[-1,\#(value)]}"#) != nil, "\(value)")
    }
    let cases: [(String, String, String)] = [
      (#"{"id":"a","token_logprobs":[-1,1e400]}"#, "token_logprobs[1]", "out of the range"),
      (#"{"id":"a","token_logprobs":[-1,"x"]}"#, "token_logprobs[1]", "is not a number"),
      (
        #"{"id":"a","token_logprobs":[null,-1]}"#, "token_logprobs[0]",
        "is null: the first token of a text has no log-probability"
      ),
      (
        #"{"token_ids":[1],"token_logprobs":[-1]}"#, "document",
        "is missing: a long pass (token_ids) needs it"
      ),
      (
        #"{"id":"a","token_logprobs":[-1],"near":[{"e":1,"n":1,"log_lower":-2}]}"#, "near[0]",
        "lacks e, n, log_lower or log_upper"
      ),
      (
        #"{"id":"a","token_logprobs":[-1],"near":[{"distance":"x"}]}"#, "near[0].distance",
        "is x, and is to be hamming or levenshtein"
      ),
      (#"{"id":"a","token_logprobs":[-1,null]}"#, "token_logprobs[1]", "is null"),
      (#"{"id":"a","token_logprobs":[-1,[1]]}"#, "token_logprobs[1]", "is not a number"),
      (#"{"id":"a","token_logprobs":[-1],"ranks":[0.5]}"#, "ranks[0]", "is not an integer"),
      (#"{"id":"a","token_logprobs":[-1],"ranks":[1e30]}"#, "ranks[0]", "is not an integer"),
      (#"{"id":"a","token_logprobs":[-1],"ranks":3}"#, "ranks", "is not a list"),
      (#"{"id":"a","token_logprobs":[-1],"top_logprobs":[[[1,-1],[2]]]}"#, "top_logprobs[0][1]", "is not a pair"),
      (#"{"id":"a","token_logprobs":[-1],"generations":[[1],["x"]]}"#, "generations[1][0]", "is not an integer"),
      (#"{"id":7.5,"token_logprobs":[-1]}"#, "id", "is neither a text"),
      (#"{"id":"a"}"#, "token_logprobs", "is missing"),
      (#"{"id":null,"token_logprobs":[-1]}"#, "id", "is null"), (#"{"token_logprobs":[-1]}"#, "id", "is missing"),
      (#"{"id":"a","id":"b","token_logprobs":[-1]}"#, "id", "is there twice"), ("{}", "id", "is missing"),
      (#"{"id":"\ud800","token_logprobs":[-1]}"#, "id", "surrogate"),
      (#"{"id":"\u12","token_logprobs":[-1]}"#, "id", "an escape"),
      ("{\"id\":\"a\tb\",\"token_logprobs\":[-1]}", "id", "control character"),
      ("", "", "not valid JSON"), ("{", "", "not valid JSON"), ("[]", "", "not a JSON object"),
      ("null", "", "not a JSON object"), (#"{"id":"a","token_logprobs":[-1]"#, "", "not valid JSON"),
      (#"{"id":"a","token_logprobs":[-1]}}"#, "", "not valid JSON"),
      (#"{"id":"a","token_logprobs":[-1],}"#, "", "not valid JSON"),
      (#"{"id":"a" "token_logprobs":[-1]}"#, "", "not valid JSON"),
      (#"{"id":"a","token_logprobs":[-1],"x":[[[[[1}"#, "", "not valid JSON"),
      (#"{"id":"a","token_logprobs":[-1],"x":tru}"#, "", "not valid JSON"),
    ]
    for (line, path, problem) in cases {
      let found = fault(line)
      #expect(found?.path == path && found?.problem.contains(problem) == true, "\(line): \(String(describing: found))")
    }
    let invalid: [UInt8] = [0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0xFF, 0x22, 0x7D]
    #expect(fault(invalid)?.path == "id" && fault(invalid)?.problem == "is not UTF-8")
    // A key is the same however it is written, and integers may be written as numbers.
    #expect(fast(#"{"i\u0064":"a","token_logprobs":[-1]}"#)?.id == "a")
    #expect(fast(#"{"id":"a","token_logprobs":[-1],"ranks":[1e2]}"#)?.ranks == [100])
  }

  @Test func texts() throws {
    let line =
      #" { "id" : "a\"\\\/\b\f\n\r\tä\u00e4\ud83d\ude00é" , "token_logprobs" : [ -1 , -0.5 ] , "unknown":{"a":[true,false,null,{"b":"\""}]},"prefix":null,"reference":"北京" , "vocabulary_size":7,"repetitions":2.5,"generations":[[1,2],[]],"top_logprobs":[[[1,-0.5],[2,-1]],[]]}  "#
    let record = try #require(fast(line))
    #expect(record == slow(Array(line.utf8)))
    #expect(record.id == "a\"\\/\u{8}\u{C}\n\r\tää😀é" && record.reference == "北京" && record.prefix == nil)
    #expect(record.generations == [[1, 2], []] && record.vocabularySize == 7 && record.repetitions == 2.5)
  }

  @Test func realCaptures() throws {
    for name in ["jargon-train-epoch06.jsonl", "jargon-train-epoch00.jsonl"] {
      let lines = try Data(contentsOf: URL(fileURLWithPath: Repository.capture(name))).split(separator: 0x0A)
      for line in lines {
        let record = fast(Array(line))
        #expect(record != nil && record == slow(Array(line)))
      }
    }
  }

  /// A record whose alternatives are skipped.
  private func skipping(_ lists: String, _ rest: String = #","epoch":3}"#) -> Record? {
    var parser = RecordParser(skipsAlternatives: true)
    let bytes = Array((#"{"id":"a","token_logprobs":[-1],"top_logprobs":"# + lists + rest).utf8)
    // Brackets behind the line are none of it.
    return (bytes + Array("\n]]]]]]]]".utf8)).withUnsafeBufferPointer {
      try? parser.record(UnsafeBufferPointer(rebasing: $0[..<bytes.count]))
    }
  }

  /// Lists that are skipped are the lists that are read: the same record but for them, and what is no list is an error.
  @Test func skippedAlternatives() async throws {
    let file = Repository.capture("jargon-train-epoch06.jsonl")
    var options = CaptureOptions()
    options.skipsAlternatives = true
    let whole = try await CaptureReader(files: [file]).records()
    let skipped = try await CaptureReader(files: [file], options: options).records()
    #expect(whole.allSatisfy { $0.topLogProbabilities != nil })
    #expect(
      skipped
        == whole.map { record in
          var record = record
          record.topLogProbabilities = nil
          return record
        })
    for lists in [
      "[]", "[[]]", "[[[7,-0.5],[2,-1.75]]]", "[ [ [ 12345678 , -1.5e-7 ] ] ]", "null", #"[[[7,"-Infinity"]]]"#,
    ] {
      #expect(skipping(lists)?.epoch == 3, "\(lists)")
    }
    for lists in ["[", "[[[7,-0.5]]", "[[]]]", "7"] {
      #expect(skipping(lists) == nil, "\(lists)")
    }
    #expect(skipping("[[[7,-1]]", "") == nil)
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      try #"{"id":"a","token_logprobs":[-1],"top_logprobs":[[[7,-1],[8,"-Infinity"]]]}"#.write(
        toFile: path, atomically: true, encoding: .utf8)
      let read = try await CaptureReader(files: [path], options: options).records()
      #expect(read.map(\.topLogProbabilities) == [nil])
    }
  }

  /// Lists of every length and depth, whole and damaged, end where counting their brackets one by one says.
  @Test func endOfSkippedLists() {
    var generator = SeededGenerator(seed: 20_261_121)
    func lists(_ depth: Int) -> String {
      guard depth > 0, Int.random(in: 0..<4, using: &generator) > 0 else {
        return String("-12.345678901234567890".prefix(Int.random(in: 1...21, using: &generator)))
      }
      let elements = (0..<Int.random(in: 0...6, using: &generator)).map { _ in lists(depth - 1) }
      return "[" + elements.joined(separator: ",") + "]"
    }
    func isWhole(_ text: String) -> Bool {
      var depth = 0
      for (index, byte) in text.utf8.enumerated() {
        if byte == 0x22 || index > 0 && depth <= 0 { return false }
        depth += byte == 0x5B ? 1 : byte == 0x5D ? -1 : 0
      }
      return depth == 0
    }
    var refused = 0
    for _ in 0..<5000 {
      var text = "[" + (0..<3).map { _ in lists(4) }.joined(separator: ",") + "]"
      if Bool.random(using: &generator) {
        let place = text.index(text.startIndex, offsetBy: Int.random(in: 1..<text.count, using: &generator))
        text.insert(["[", "]", "\"", " "].randomElement(using: &generator)!, at: place)
      }
      let record = skipping(text)
      #expect((record?.epoch == 3) == isWhole(text), "\(text)")
      if record == nil { refused += 1 }
    }
    #expect((1500..<2500).contains(refused))
  }

  /// Seeded mutations of real lines: never a crash, and never a record that Foundation reads otherwise.
  @Test func mutations() throws {
    let path = Repository.capture("jargon-train-epoch06.jsonl")
    let full = try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A)
    // Short lines, so that a mutation is likely to hit something that matters.
    var seeds: [[UInt8]] = [
      Array(#"{"id":"a\u00e4","token_logprobs":[-0.5,-12.25e-1,-0],"ranks":[0,1,12],"prefix":"x\n","epoch":3.5}"#.utf8),
      Array(#"{"id":"b","token_logprobs":[-1],"top_logprobs":[[[7,-0.5],[2,-1.75]]],"x":{"y":[1,null,"z"]}}"#.utf8),
    ]
    seeds.append(Array(full[0].prefix(400)) + Array("]}".utf8))
    var generator = SeededMutations(state: 1)
    let alphabet = Array(#"{}[]:,"\0123456789.eE+-untrfals \u"#.utf8) + [0, 9, 10, 0x7F, 0x80, 0xC3, 0xFF]
    for _ in 0..<fuzzedInputs(usually: 20_000, slowly: 200_000) {
      var line = seeds[Int(generator.next() % UInt64(seeds.count))]
      for _ in 0..<(1 + generator.next() % 3) {
        let place = Int(generator.next() % UInt64(line.count))
        let byte = alphabet[Int(generator.next() % UInt64(alphabet.count))]
        switch generator.next() % 4 {
        case 0: line[place] = byte
        case 1: line.insert(byte, at: place)
        case 2: line.remove(at: place)
        default: line.insert(contentsOf: line[place..<min(line.count, place + 9)], at: place)
        }
      }
      guard let record = fast(line) else { continue }
      // Foundation does not read 0e5, which is JSON.
      let text = String(decoding: line, as: UTF8.self)
      #expect(record == slow(line) || text.contains(/[^0-9.]0[eE]/), "\(text)")
    }
  }
}

/// A small generator, so that mutations are the same in every run.
private struct SeededMutations {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}

/// A record by Foundation: the oracle of the parser.
private struct FoundationRecord: Decodable {
  let record: Record

  private struct Pair: Decodable {
    let alternative: Record.Alternative

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      let token = try container.decode(Int.self)
      alternative = Record.Alternative(tokenID: token, logProbability: try container.decode(Double.self))
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ field: RecordField) { stringValue = field.rawValue }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ field: RecordField) throws -> Value? {
      try container.decodeIfPresent(Value.self, forKey: Key(field))
    }
    var record = Record(
      unchecked: try container.decode(String.self, forKey: Key(.id)),
      tokenLogProbabilities: try container.decode([Double].self, forKey: Key(.tokenLogProbabilities)))
    record.referenceTokenIDs = try value(.referenceTokenIDs)
    record.greedyTokenIDs = try value(.greedyTokenIDs)
    record.ranks = try value(.ranks)
    let pairs: [[Pair]]? = try value(.topLogProbabilities)
    record.topLogProbabilities = pairs?.map { $0.map(\.alternative) }
    record.logProbabilityMeans = try value(.logProbabilityMeans)
    record.logProbabilityDeviations = try value(.logProbabilityDeviations)
    record.prefix = try value(.prefix)
    record.reference = try value(.reference)
    record.prefixTokenIDs = try value(.prefixTokenIDs)
    record.generations = try value(.generations)
    record.source = try value(.source)
    record.run = try value(.run)
    record.split = try value(.split)
    record.epoch = try value(.epoch)
    record.trainLoss = try value(.trainLoss)
    record.repetitions = try value(.repetitions)
    record.vocabularySize = try value(.vocabularySize)
    record.embeddingPrefix = try value(.embeddingPrefix)
    record.embeddingFull = try value(.embeddingFull)
    self.record = record
  }
}
