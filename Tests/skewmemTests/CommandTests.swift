import Foundation
import TestSupport
import Testing

/// The command line as a user meets it: the built executable, its output and its exit codes.
@Suite struct CommandTests {
  private typealias Result = CommandResult

  private func run(_ arguments: String..., input: String = "") throws -> Result {
    try CommandLineTool.run(arguments, input: input)
  }

  private func run(_ arguments: [String], input: String = "") throws -> Result {
    try CommandLineTool.run(arguments, input: input)
  }

  private func withFile(_ text: String, _ body: (String) throws -> Void) async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      try body(path)
    }
  }

  private let capture = Repository.capture("jargon-train-epoch06.jsonl")

  /// Mistyped names of commands and families are told with what may have been meant.
  @Test(arguments: [
    (["audti", "x"], "no command is called \"audti\": did you mean audit?"),
    (["frobnicate"], "no command is called \"frobnicate\""),
    (["fit", "Tests/skewmemTests/Inputs/intervals.counts", "--families", "zeat"], "did you mean zeta?"),
    (["fit", "Tests/skewmemTests/Inputs/intervals.counts", "--families", "cured-zeat"], "did you mean cured-zeta?"),
  ])
  func mistypedNames(arguments: [String], message: String) throws {
    let result = try CommandLineTool.run(arguments, in: Repository.root)
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(arguments != ["frobnicate"] || !result.errors.contains("did you mean"))
  }

  @Test func auditInEveryFormat() throws {
    let text = try run("audit", capture)
    #expect(text.status == 0 && text.errors.isEmpty && text.output.hasPrefix("Memorization audit"))
    let markdown = try run("audit", capture, "--format", "markdown")
    #expect(markdown.output.hasPrefix("# Memorization audit"))
    let json = try run("audit", capture, "--format", "json", "--top", "3")
    #expect(try json.json?["records"] as? Int == 120)
    #expect(try (json.json?["records_at_risk"] as? [Any])?.count == 3)
    #expect(try run("audit", capture, "--format", "json", "--top", "3", "--threads", "1").output == json.output)
  }

  @Test func auditReadsStandardInput() throws {
    let result = try run("audit", "-", "--format", "json", input: #"{"id":"a","token_logprobs":[-1,-2]}"#)
    #expect(result.status == 0)
    #expect(try result.json?["tokens"] as? Int == 2)
  }

  @Test func auditWritesWholeFiles() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("report.md").path
      let result = try run("audit", capture, "--format", "markdown", "--output", path)
      #expect(result.status == 0 && result.output.isEmpty)
      #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("# Memorization audit"))
      #expect(try run("audit", capture, "--output", "/nowhere/x").status == 73)
    }
  }

  /// The capture itself is never overwritten by its report.
  @Test func outputIsNotAnInput() async throws {
    try await withFile(#"{"id":"a","token_logprobs":[-1]}"#) { path in
      let result = try run("audit", path, "--output", path)
      #expect(result.status == 64)
      #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("{"))
    }
  }

  /// Bad captures: one line on standard error that names the place, exit 65, no result.
  @Test func badCaptures() async throws {
    let whole = try String(contentsOfFile: capture, encoding: .utf8)
    let cut = String(whole.prefix(5000))
    let cases = [
      (cut, "x.jsonl:1: is not valid JSON"), ("", "no records"), ("\n\n", "no records"),
      ("\u{0}\u{1}\u{2}", "is not valid JSON"), ("name,value\na,1\n", "columns id and token_logprobs"),
    ]
    for (text, message) in cases {
      try await withFile(text) { path in
        let result = try run("audit", path)
        #expect(result.status == 65 && result.output.isEmpty)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.errorLines.count <= 2 && result.errorLines.allSatisfy { $0.hasPrefix("skewmem: ") })
      }
    }
    for path in ["/usr", "/nowhere/x.jsonl"] {
      let result = try run("audit", path)
      #expect(result.status == 65 && result.errorLines.count == 1)
    }
  }

  /// A capture cut in the middle of a line: everything before it is there with --skip-invalid, nothing without.
  @Test func skipInvalid() async throws {
    let lines = try String(contentsOfFile: Repository.capture("jargon-train-epoch00.jsonl"), encoding: .utf8)
      .split(separator: "\n")
    try await withFile(lines.prefix(9).joined(separator: "\n") + "\n" + lines[9].prefix(200)) { path in
      let strict = try run("audit", path, "--format", "json")
      #expect(strict.status == 65 && strict.output.isEmpty && strict.errors.contains("x.jsonl:10: "))
      let lax = try run("audit", path, "--format", "json", "--skip-invalid")
      #expect(lax.status == 0 && lax.errors.contains("x.jsonl:10: "))
      #expect(try lax.json?["records"] as? Int == 9)
      #expect(try lax.json?["skipped"] as? Int == 1)
      let quiet = try run("audit", path, "--skip-invalid", "--quiet")
      #expect(quiet.status == 0 && quiet.errors.isEmpty)
    }
    try await withFile("x\ny\n") { path in
      let result = try run("audit", path, "--skip-invalid")
      #expect(result.status == 65)
    }
  }

  /// Unequal lengths, one record, certain tokens and impossible ones are data, not errors.
  @Test(arguments: [
    #"{"id":"a","token_logprobs":[-1]}"#,
    #"{"id":"a","token_logprobs":[0,0,0]}"# + "\n" + #"{"id":"b","token_logprobs":[0]}"#,
    #"{"id":"a","token_logprobs":[-Infinity,-1]}"#,
    #"{"id":"a","token_logprobs":[-900,-1100,-1]}"# + "\n" + #"{"id":"b","token_logprobs":[-2]}"#,
  ])
  func unusualCaptures(text: String) async throws {
    try await withFile(text) { path in
      for format in ["text", "json", "markdown"] {
        let result = try run("audit", path, "--format", format)
        #expect(result.status == 0 && result.errors.isEmpty && !result.output.isEmpty, "\(result.errors)")
      }
    }
  }

  @Test func usageErrors() throws {
    for arguments in [
      ["audit"], ["audit", "x", "--format", "yaml"], ["plan", "--records", "10"],
      ["plan", "--records", "10", "--risky", "11"],
      ["plan", "--records", "0", "--risky", "1"], ["nonsense"],
      ["simulate", "--family", "no-such", "--records", "1", "--length", "1"],
      ["simulate", "--family", "geometric", "--records", "1", "--length", "1"],
      ["simulate", "--family", "geometric", "--parameter", "p=2", "--records", "1", "--length", "1"],
      ["simulate", "--family", "geometric", "--parameter", "p", "--records", "1", "--length", "1"],
      [
        "simulate", "--family", "geometric", "--parameter", "p=.5", "--parameter", "p=.6", "--records", "1", "--length",
        "1",
      ],
      ["simulate", "--family", "geometric", "--parameter", "p=.5", "--records", "0", "--length", "1"],
      [
        "simulate", "--family", "discrete-weibull", "--parameter", "q=.5", "--parameter", "beta=1", "--mechanism",
        "records", "--records", "1", "--length", "1",
      ],
    ] {
      let process = Process()
      process.executableURL = CommandLineTool.executable
      process.arguments = arguments
      let errors = Pipe()
      process.standardOutput = Pipe()
      process.standardError = errors
      try process.run()
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 64, "\(arguments)")
      #expect(text.hasPrefix("Error: "), "\(arguments): \(text)")
    }
    #expect(try run("audit", capture, "--length", "4,x").status == 64)
    // What can be judged only once the command runs is said with the command's own help.
    let late = try run("audit", capture, "--level", "1.5")
    #expect(late.status == 64 && late.errors.contains("skewmem audit --help"), "\(late.errors)")
    let percent = try run("metrics", capture, "--level", "95")
    #expect(percent.status == 64 && percent.errors.contains("0.95 for 95"), "\(percent.errors)")
    #expect(try run("audit", "--help").output.contains("Example: skewmem audit"))
    let unknown = try run("help", "audt")
    #expect(unknown.status == 64 && unknown.errors.contains("audit"), "\(unknown.errors)")
    #expect(try run("help", "audit").status == 0)
  }

  /// Without --format the name of the file says how it is written; what cannot be written is said before the work.
  @Test func formatsByName() async throws {
    try await Repository.withScratchFolder { folder in
      for (name, beginning) in [
        ("x.json", "{"), ("x.html", "<!DOCTYPE html>"), ("x.md", "# "), ("x.csv", "id,"), ("x.txt", "Memorization"),
      ] {
        let file = folder.appendingPathComponent(name)
        #expect(try run("audit", capture, "--output", file.path).status == 0)
        #expect(try String(contentsOf: file, encoding: .utf8).hasPrefix(beginning), "\(name)")
      }
      let json = folder.appendingPathComponent("y.html").path
      #expect(try run("audit", capture, "--output", json, "--format", "json").status == 0)
      #expect(try String(contentsOfFile: json, encoding: .utf8).hasPrefix("{"))
      // The capture is not there either, which would be found first if it were read first.
      let nowhere = try run("audit", "/nowhere.jsonl", "--output", folder.path + "/no/x.html")
      #expect(nowhere.status == 73 && nowhere.errors.contains("there is no folder"), "\(nowhere.errors)")
    }
  }

  /// Counts, greedy matches and exact laws, in every format; wrong requests are usage errors.
  @Test func predict() throws {
    for options in [
      ["--length", "20"], ["--length", "48", "--given", "16", "--draws", "10"],
      ["--length", "8", "--temperature", "0.8", "--top-k", "20", "--top-p", "0.9", "--min-p", "0.01"],
      ["--length", "8,16", "--draws", "1,1e3", "--probability", "0.1,0.5", "--temperature", "0.7"],
    ] {
      for format in ["text", "markdown", "json"] {
        #expect(try run(["predict", capture, "-f", format] + options).status == 0, "\(options)")
      }
    }
    let report = try run("predict", capture, "--length", "20", "--format", "json").json
    #expect((report?["records"] as? [Any])?.count == 120)
    for bad in [
      ["--length", "0"], ["--length", "5", "--top-p", "2"], ["--length", "5", "--draws", "0"], ["--length", "5,,6"],
      [],
    ] {
      #expect(try run(["predict", capture] + bad).status == 64, "\(bad)")
    }
    #expect(try run("predict", "/nowhere/x", "--length", "5").status == 65)
  }

  @Test func metrics() throws {
    let generations = Repository.capture("jargon-samples-epoch06.jsonl")
    let earlier = Repository.capture("jargon-train-epoch04.jsonl")
    for format in ["text", "markdown", "json"] {
      let result = try run(
        "metrics", capture, "--generations", generations, "--held-out",
        Repository.capture("jargon-heldout-epoch06.jsonl"), "--runs", earlier, "--format", format)
      #expect(result.status == 0, "\(result)")
    }
    let json = try run("metrics", capture, "--generations", generations, "--length", "8", "--format", "json").json
    #expect(json?["schema"] as? String == "skewmem.metrics/1")
    #expect((json?["settings"] as? [String: Any])?["length"] as? Int == 8)
    for key in ["records", "agreement", "discrimination", "unavailable"] { #expect(json?[key] is [Any], "\(key)") }
    let first = (json?["agreement"] as? [[String: Any]])?.first
    #expect(first?.keys.contains("missed_top_1_percent") == true && first?["spearman"] is Double)
    for bad in [["--min-k", "0"], ["--length", "0"], ["--draws", "0.5"], ["--ngram", "9"]] {
      #expect(try run(["metrics", capture] + bad).status == 64, "\(bad)")
    }
    #expect(try run("metrics", capture, "--held-out", "/nowhere").status == 65)
    #expect(try run("metrics", capture, "--generations", capture).status == 65)
  }

  @Test func summarizeAndMerge() async throws {
    try await Repository.withScratchFolder { folder in
      func file(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let lines = try String(contentsOfFile: capture, encoding: .utf8).split(separator: "\n")
      try lines[..<70].joined(separator: "\n").write(toFile: file("a.jsonl"), atomically: true, encoding: .utf8)
      try lines[70...].joined(separator: "\n").write(toFile: file("b.jsonl"), atomically: true, encoding: .utf8)
      for part in ["a", "b"] {
        #expect(try run("summarize", file("\(part).jsonl"), "--output", file("\(part).summary")).status == 0)
      }
      #expect(try run("merge", file("a.summary"), file("b.summary"), "--output", file("all.summary")).status == 0)
      let merged = try run("fit", file("all.summary"), "--format", "json").json
      let whole = try run("fit", capture, "--format", "json").json
      let fits = try [merged, whole].map { try #require($0?["fits"] as? [[String: Any]]) }
      #expect(fits[0].map { $0["family"] as? String } == fits[1].map { $0["family"] as? String })
      let audit = try run("audit", file("all.summary"), "--format", "json").json
      #expect(audit?["records"] as? Int == 120)
      // Nothing is written over what is read, and what is no summary is named.
      #expect(try run("merge", file("a.summary"), "--output", file("a.summary")).status == 64)
      #expect(try run("merge", capture).status == 65)
      try FileManager.default.copyItem(atPath: file("a.summary"), toPath: file("copy.summary"))
      let twice = try run("merge", file("a.summary"), file("copy.summary"))
      #expect(twice.status == 65 && twice.errors.contains("count twice"), "\(twice.errors)")
      #expect(try run("audit", file("all.summary"), "--length", "5").status == 64)
      for arguments in [["audit", "--prefix-tokens", "3"], ["fit", "--input-format", "native"], ["convert"]] {
        #expect(try run([arguments[0], file("all.summary")] + arguments.dropFirst()).status == 65, "\(arguments)")
      }
      try "nonsense\n".write(toFile: file("bad.jsonl"), atomically: true, encoding: .utf8)
      #expect(try run("summarize", file("bad.jsonl"), "--output", file("bad.summary")).status == 65)
      #expect(!FileManager.default.fileExists(atPath: file("bad.summary")))
    }
  }

  @Test func convert() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      let response =
        #"{"choices":[{"prompt_logprobs":[null,{"3":{"logprob":-0.5,"rank":1}},{"4":{"logprob":-1.5,"rank":2}}]}]}"#
      try response.write(toFile: path, atomically: true, encoding: .utf8)
      let result = try run("convert", path, "--prefix-tokens", "1")
      #expect(result.status == 0)
      #expect(try result.json?["token_logprobs"] as? [Double] == [-0.5, -1.5])
      #expect(try run("convert", path).status == 65 && run("convert", path, "--prefix-tokens", "0").status == 64)
      #expect(try run("convert", path, "--prefix-tokens", "1", "--suffix-tokens", "1").status == 64)
      #expect(try run("convert", "/nowhere").status == 65)
      // Other commands read what convert reads, from standard input too, and a summary from there.
      let expected = try run("audit", "-", "--format", "json", input: result.output).json?["mean_loss"] as? Double
      #expect(expected == 1)
      for arguments in [["audit", path], ["audit", "-"], ["audit", "-", "--input-format", "server"]] {
        let audit = try run(arguments + ["--prefix-tokens", "1", "--format", "json"], input: response)
        #expect(try audit.json?["mean_loss"] as? Double == 1)
      }
      // A pipe is read once: what was looked at is gone.
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      for command in [["audit", "--format", "json"], ["convert"]] {
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/bin/sh")
        writer.arguments = ["-c", "cat '\(path)' > '\(pipe)'"]
        try writer.run()
        let result = try run([command[0], pipe, "--prefix-tokens", "1"] + command.dropFirst())
        writer.waitUntilExit()
        #expect(try result.status == 0 && result.json != nil, "\(command): \(result.errors)")
      }
      let fit = try run("fit", "-", "--prefix-tokens", "1", "--families", "geometric", input: response)
      #expect(fit.status == 0)
      let summary = try run("summarize", "-", "--prefix-tokens", "1", input: response).output
      #expect(try run("audit", "-", "--format", "json", input: summary).json?["mean_loss"] as? Double == 1)
      #expect(try run("fit", "-", "--families", "geometric", input: summary).status == 0)
      #expect(try run("predict", path, "--prefix-tokens", "1", "--length", "2").status == 0)
    }
  }

  @Test func drivers() async throws {
    let earlier = Repository.capture("jargon-train-epoch04.jsonl")
    let repeats = Repository.capture("repeats-train-epoch02.jsonl.gz")
    let embeddings = [
      "--prefix-embeddings", Repository.capture("jargon-prefix.npy"), "--full-embeddings",
      Repository.capture("jargon-full.npy"),
    ]
    let commands: [[String]] = [
      ["compare", earlier, capture, "--replicates", "199"], ["limits", capture, "--context", "4"],
      ["similarity", capture, "--permutations", "199"] + embeddings, ["drivers", repeats, "--positions", "6"],
      ["mitigate", capture, "--length", "20", "--budget", "0.5", "--top-k", "10", "--checkpoint", earlier],
    ]
    for command in commands {
      for format in ["text", "markdown", "json"] {
        let result = try run(command + ["-f", format])
        #expect(result.status == 0 && !result.output.isEmpty, "\(command[0]) \(result.errors)")
        if format == "json" {
          #expect(try result.json?["schema"] as? String == "skewmem.\(command[0])/1")
          #expect(try run(command + ["-f", "json", "--threads", "1"]).output == result.output)
        }
      }
      #expect(try run(command + ["--output", command[1]]).status == 64)
    }
    #expect(try run("compare", capture).status == 64 && run("compare", capture, capture).status == 65)
    #expect(try run("compare", capture, earlier, "--level", "2").status == 64)
    #expect(try run("similarity", capture, "--prefix-embeddings", capture).status == 64)
    #expect(try run("similarity", capture, "--prefix-embeddings", capture, "--full-embeddings", capture).status == 65)
    #expect(try run("drivers", capture, "--predictors", "weather").status == 64)
    #expect(try run("mitigate", capture, "--length", "20", "--budget", "-1").status == 64)
    #expect(try run("limits", "-", input: #"{"id":"a","token_logprobs":[-1]}"#).status == 65)
    // A further field of the lines is a predictor.
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      let lines = (0..<60).map { index in
        let ranks = (0..<4).map { $0 == index % 4 && index % 3 > 0 ? 1 : 0 }
        return
          #"{"id":"\#(index)","token_logprobs":[-1.5,-1,-1.2,-\#(index % 7 + 1).5],"ranks":\#(ranks),"heat":\#(index % 5)}"#
      }
      try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
      let result = try run("drivers", path, "--field", "heat", "-f", "json")
      let models = try #require(try result.json?["models"] as? [[String: Any]])
      let names = (models.first?["predictors"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
      #expect(names == ["heat", "log_position"], "\(result.errors)")
      #expect(try run("drivers", path, "--field", "cold").status == 64)
    }
  }

  @Test func validate() throws {
    let generations = Repository.capture("jargon-samples-epoch06.jsonl")
    for format in ["text", "markdown", "json"] {
      let result = try run("validate", capture, "--generations", generations, "--simulations", "199", "-f", format)
      #expect(result.status == 0)
    }
    let json = try run("validate", capture, "--generations", generations, "--format", "json").json
    #expect((json?["groups"] as? [[String: Any]])?.allSatisfy { ($0["p_value"] as? Double ?? 0) > 0.01 } == true)
    #expect(try run("validate", capture, "--generations", capture).status == 65)
    #expect(try run("validate", capture).status == 64)
  }

  @Test func fit() async throws {
    try await withFile("0 40\n1 25\n2 14\n3 9\n4 6\n5 2\n6+ 4\n") { path in
      for format in ["text", "markdown"] {
        let result = try run("fit", path, "--families", "geometric,beta-geometric", "--format", format)
        #expect(result.status == 0 && result.output.contains("geometric"))
      }
      let result = try run(
        "fit", path, "--families", "geometric", "--bootstrap", "19", "--seed", "3", "--format", "json")
      let fits = try #require(try result.json?["fits"] as? [[String: Any]])
      // p = T / (T + D) with T = 25 + 28 + 27 + 24 + 10 + 24 tokens and D = 96 ends.
      expectClose(try #require((fits[0]["parameters"] as? [String: Double])?["p"]), 138.0 / 234, relative: 1e-10)
      #expect(try (result.json?["goodness_of_fit"] as? [String: Any])?["replicates"] as? Int == 19)
      for bad in [
        ["--n-min", "x"], ["--n-max", "-1"], ["--families", "normal"], ["--greedy"], ["--bootstrap", "-1"],
      ] {
        let wrong = try bad.count == 2 ? run("fit", path, bad[0], bad[1]) : run("fit", path, bad[0])
        #expect(wrong.status == 64, "\(bad)")
      }
    }
    let options = ["--greedy", "--intervals", "--extremes", "--compare", "--bootstrap", "9", "--stop-early"]
    for format in ["text", "markdown", "json"] {
      #expect(
        try run(["fit", capture, "--families", "geometric,geometric-mixture", "-f", format] + options).status == 0)
    }
    for bad in [
      ["--extremes"], ["--intervals", "--interval-method", "profile"], ["--interval-method", "delta"], ["--stop-early"],
    ] {
      #expect(try run(["fit", capture] + bad).status == 64, "\(bad)")
    }
    let greedy = try run("fit", capture, "--greedy", "--families", "discrete-weibull", "--format", "json")
    #expect(try greedy.json?["observations"] as? Int == 120 && greedy.json?["censored"] as? Int == 1)
    #expect(try run("fit", capture, "--families", "geometric").status == 0)
    #expect(try run("fit", capture, "--bootstrap", "10").status == 64)
    let piped = try run("fit", "-", "--families", "geometric", input: "0\n1\n2\n")
    #expect(piped.status == 0)
    #expect(try run("fit", "/nowhere/x").status == 65)
  }

  @Test func plan() throws {
    let result = try run("plan", "--records", "1000", "--risky", "10", "--miss", "0.05", "--format", "json")
    let size = try #require(try result.json?["sample_size"] as? Int)
    let back = try run("plan", "--records", "1000", "--sample", "\(size)", "--format", "json")
    #expect(try back.json?["detectable"] as? Int == 10)
    #expect(try run("plan", "--records", "1000", "--risky", "10").output.contains("misses all of 10 risky"))
  }

  /// simulate, then audit: the capture is read, and the family's parameters are found.
  @Test func simulateAndAudit() async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("simulated.jsonl").path
      let arguments = ["--parameter", "a=2", "--parameter", "b=1.5", "--records", "3000", "--length", "64"]
      let result = try run(
        "simulate", "--family", "beta-geometric", arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
        arguments[5], arguments[6], arguments[7], "--seed", "1", "--output", path, "--format", "json")
      #expect(result.status == 0)
      #expect(try result.json?["mechanism"] as? String == "heterogeneity")
      let audit = try run("audit", path, "--format", "json", "--replicates", "100")
      let fits = try #require(try audit.json?["fits"] as? [[String: Any]])
      let fit = try #require(fits.first { $0["family"] as? String == "beta-geometric" })
      let parameters = try #require(fit["parameters"] as? [String: Double])
      let errors = try #require(fit["standard_errors"] as? [String: Double])
      for (name, truth) in [("a", 2.0), ("b", 1.5)] {
        #expect((try #require(parameters[name]) - truth).magnitude < 3 * (try #require(errors[name])))
      }
    }
    // To standard output it is the capture itself, the same for the same seed.
    let one = try run(
      "simulate", "--family", "geometric", "--parameter", "p=0.5", "--records", "2", "--length", "3", "--seed", "4")
    #expect(one.output.split(separator: "\n").count == 2 && one.status == 0)
    #expect(
      try run(
        "simulate", "--family", "geometric", "--parameter", "p=0.5", "--records", "2", "--length", "3", "--seed", "4"
      ).output
        == one.output)
  }

  /// Tables come as lines from a Python with the package; what stands in for it here is told their name.
  @Test func tables() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let table = folder.appendingPathComponent("a.parquet").path
    try Data("PAR1, and then some".utf8).write(to: URL(fileURLWithPath: table))
    let python = folder.appendingPathComponent("python").path
    func stand(in script: String) throws -> [String: String] {
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: python))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
      return ["SKEWMEM_PYTHON": python]
    }
    let line = #"{"id":"a","token_logprobs":[-1]}"#
    let read = try CommandLineTool.run(
      ["convert", table, "--columns", "id=name"],
      environment: try stand(in: "echo \"$*\" >&2; echo '\(line)'"))
    #expect(read.status == 0 && read.output == line + "\n", "\(read)")
    let failed = try CommandLineTool.run(
      ["audit", table], environment: try stand(in: "echo '\(line)'; echo \"$*\" >&2; exit 1"))
    #expect(failed.status == 65 && failed.errors.contains("-m skewmem.tables -- \(table)"), "\(failed)")
    let missing = try CommandLineTool.run(["audit", table], environment: ["SKEWMEM_PYTHON": "/no/such/python"])
    #expect(missing.status == 65 && missing.errors.contains("reads with pyarrow: install both"))
    #expect(try CommandLineTool.run(["audit", table, "--columns", "id"]).status == 64)
  }
}
