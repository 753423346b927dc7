import Captures
import Foundation

/// The lines of input in their order: those of a file of JSON lines, or of whole texts, each made a line with its name.
struct PassageLines {
  private enum Kind {
    case lines(CaptureLines)
    case texts(files: [String], field: String)
  }

  private var kind: Kind
  /// The number of the last line, from 1.
  private(set) var lineNumber = 0

  /// The names of files that are texts.
  private static let endings = [".txt", ".md", ".text"]

  /// Opens input: a file of lines, a text, or a folder of texts.
  ///
  /// - Throws: `CaptureError` for what cannot be read, a folder without texts, or texts where nobody said how to cut
  ///   them.
  init(_ input: String, _ options: PassageOptions) throws(CaptureError) {
    var isFolder: ObjCBool = false
    let exists = input != "-" && FileManager.default.fileExists(atPath: input, isDirectory: &isFolder)
    let isText = Self.endings.contains { input.lowercased().hasSuffix($0) }
    guard exists, isFolder.boolValue || isText else {
      kind = .lines(CaptureLines(try InputFile(path: input, sources: [StoreSource()])))
      return
    }
    var files = [input]
    if isFolder.boolValue {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: input)) ?? []
      files = names.filter { name in Self.endings.contains { name.lowercased().hasSuffix($0) } }.sorted()
        .map { "\(input)/\($0)" }
      guard !files.isEmpty else {
        throw CaptureError(file: input, problem: "has no texts: files whose names end in .txt or .md")
      }
    }
    guard options.cutsTexts else {
      throw CaptureError(
        file: input, problem: "is a text to be cut into windows: say how long they are", option: "split")
    }
    var names = Set<String>()
    for file in files where !names.insert(Self.name(of: file)).inserted {
      throw CaptureError(file: file, problem: "has the name of another text, but for the ending")
    }
    kind = .texts(files: files, field: options.textField)
  }

  private static func name(of file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return endings.first { name.lowercased().hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
  }

  /// The next line; nil after the last.
  ///
  /// - Throws: `CaptureError` for what cannot be read.
  mutating func next() throws(CaptureError) -> Data? {
    switch kind {
    case .lines(let lines):
      let line = try lines.next()
      lineNumber = lines.lineNumber
      return line
    case .texts(let files, let field):
      guard lineNumber < files.count else { return nil }
      let file = files[lineNumber]
      lineNumber += 1
      guard let data = FileManager.default.contents(atPath: file) else {
        throw CaptureError(file: file, problem: "cannot be read")
      }
      guard let text = String(validating: data, as: UTF8.self) else {
        throw CaptureError(file: file, problem: "is not UTF-8")
      }
      var line = JSONObjectWriter(capacity: data.count + 256)
      line.add("document", Self.name(of: file))
      line.add("id", Self.name(of: file))
      line.add(field, text)
      return Data(line.finished())
    }
  }
}
