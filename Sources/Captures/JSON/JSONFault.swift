import TokenProcess

/// What is wrong with a JSON text, and where in it.
package struct JSONFault: Error, Equatable {
  /// The way to it, e.g. `token_logprobs[3]`; empty for the text as a whole.
  package private(set) var path: String
  /// What is wrong.
  package let problem: String

  /// Something wrong with a value.
  init(_ problem: String) {
    path = ""
    self.problem = problem
  }

  /// No JSON.
  static let syntax = JSONFault("is not valid JSON; a capture has one object a line")

  /// The same fault, seen from the object that has the value under a name.
  func inside(_ name: String) -> JSONFault {
    // What is no JSON has no places.
    guard self != .syntax else { return self }
    var fault = self
    fault.path = path.isEmpty || path.hasPrefix("[") ? name + path : "\(name).\(path)"
    return fault
  }

  /// The same fault, seen from the list that has the value at an index.
  func inside(_ index: Int) -> JSONFault {
    guard self != .syntax else { return self }
    var fault = self
    fault.path = path.isEmpty || path.hasPrefix("[") ? "[\(index)]\(path)" : "[\(index)].\(path)"
    return fault
  }
}

/// What is wrong with a record or its JSON is said of the file and the line that it is in.
package func naming<Value>(
  _ file: String, line: Int, _ body: () throws -> Value
) throws(CaptureError) -> Value {
  do {
    return try body()
  } catch let fault as JSONFault {
    throw CaptureError(file: file, line: line, field: fault.path.isEmpty ? nil : fault.path, problem: fault.problem)
  } catch let error as RecordError {
    throw CaptureError(file: file, line: line, field: error.field, problem: error.problem, option: error.option)
  } catch let error as CaptureError {
    throw error
  } catch {
    throw CaptureError(file: file, line: line, problem: "\(error)")
  }
}
