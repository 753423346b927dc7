internal import CHTTP
import Captures
import Foundation
import Synchronization

/// JSON over HTTP with retryPolicy: what may be over soon is tried again, what will not is said at once.
public final class HTTPClient: Sendable {
  /// How patient a client is.
  public struct RetryPolicy: Sendable {
    /// Seconds for a request.
    public var timeout = 120.0
    /// How often a request is tried again.
    public var retries = 6
    /// Seconds before the first new try; doubled each time, up to a minute.
    public var wait = 0.5

    /// The usual retryPolicy.
    public init() {}
  }

  /// A pause before a request is tried again.
  public struct Wait: Sendable {
    /// What went wrong.
    public let problem: String
    /// How long the pause is.
    public let seconds: Double
    /// How often the request has been tried.
    public let attempts: Int
  }

  private let base: URL
  private let key: String?
  private let retryPolicy: RetryPolicy
  private let onWait: @Sendable (Wait) -> Void
  private let connections: Connections
  /// How many requests there are at a time.
  let concurrency: Int
  private let hasAnswered = Mutex(false)
  private let model = Mutex<String?>(nil)

  /// A client of a server.
  ///
  /// - Parameters:
  ///   - address: `http://host:port` or `https://…`; a path is put before those of the protocol, and a last `/v1` is
  ///     taken for theirs.
  ///   - key: Sent as bearer token; it appears nowhere else.
  ///   - retryPolicy: How long answers are waited for.
  ///   - concurrency: How many requests there are at a time.
  ///   - authorities: A file of certificates (PEM) that are trusted in place of the system's.
  ///   - onWait: Told of every pause, by any of the requests.
  /// - Throws: `ServerError` for an address of another kind.
  public init(
    address: String, key: String?, retryPolicy: RetryPolicy = RetryPolicy(), concurrency: Int = 8,
    authorities: String? = nil, onWait: @escaping @Sendable (Wait) -> Void = { _ in }
  ) throws(ServerError) {
    var text = address
    while text.hasSuffix("/") { text.removeLast() }
    if text.hasSuffix("/v1") { text.removeLast(3) }
    guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil,
      url.port.map((1...65_535).contains) ?? true
    else {
      throw ServerError(.noAddress, address, "is no address of a server, such as http://127.0.0.1:8000")
    }
    guard url.user == nil, url.password == nil, url.query == nil else {
      throw ServerError(
        .noAddress, "\(scheme)://\(url.host ?? "")",
        "names and keys do not belong in an address: give the key in an environment variable")
    }
    let trimmed = key.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    guard trimmed?.unicodeScalars.allSatisfy({ $0.isASCII && $0.properties.generalCategory != .control }) ?? true else {
      throw ServerError(.unauthorized, text, "a key is of printable ASCII characters")
    }
    base = url
    self.key = trimmed
    self.retryPolicy = retryPolicy
    self.onWait = onWait
    self.concurrency = max(1, concurrency)
    connections = Connections(limit: self.concurrency, authorities: authorities)
  }

  /// A decoder of answers, whose keys are in snake case.
  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  /// Posts JSON and reads an answer.
  ///
  /// - Parameter accept: Makes a value of the answer; what it throws as ``ServerError`` is a bad answer, and asked for
  ///   again.
  /// - Throws: `ServerError`; `CancellationError`.
  func post<Value>(
    _ path: String, _ body: JSONObjectWriter, accept: (Data) throws -> Value
  ) async throws -> Value {
    try await send("POST", path, Data(body.finished())) { data in
      try self.checkModel(data, path)
      return try accept(data)
    }
  }

  /// The model's name in the answers so far; nil where they have none.
  var answeringModel: String? { model.withLock { $0 } }

  /// Throws where an answer names another model than those before.
  private func checkModel(_ data: Data, _ path: String) throws(ServerError) {
    guard let name = Self.modelName(data) else { return }
    let known = model.withLock { known in
      if known == nil { known = name }
      return known ?? name
    }
    guard name == known else {
      throw ServerError(
        .otherModel, path, "the answers are now of the model \(name), and were of \(known): what it says is not kept")
    }
  }

  /// The text of the field `model`, wherever it stands; a token of that name has a number.
  private static func modelName(_ data: Data) -> String? {
    var start = data.startIndex
    while let found = data.range(of: Data("\"model\"".utf8), in: start..<data.endIndex) {
      start = found.upperBound
      if found.lowerBound > data.startIndex, data[found.lowerBound - 1] == UInt8(ascii: "\\") { continue }
      let rest = data[start...].drop { $0 == 0x20 }
      guard rest.first == UInt8(ascii: ":") else { continue }
      let value = rest.dropFirst().drop { $0 == 0x20 }
      guard value.first == UInt8(ascii: "\""),
        let end = value.dropFirst().firstIndex(of: UInt8(ascii: "\""))
      else { continue }
      return String(decoding: value[(value.startIndex + 1)..<end], as: UTF8.self)
    }
    return nil
  }

  /// The answer to a question that a server of another kind does not know; nil then.
  func probe(_ path: String) async throws -> Data? {
    do {
      return try await send("GET", path, nil) { $0 }
    } catch let error as ServerError where error.kind == .notFound || error.kind == .rejected {
      return nil
    }
  }

  private func send<Value>(
    _ method: String, _ path: String, _ body: Data?, _ accept: (Data) throws -> Value
  ) async throws -> Value {
    let address = base.appendingPathComponent(path).absoluteString
    var attempt = 0
    while true {
      attempt += 1
      let failure: Failure
      do {
        return try accept(try await answer(method, address, body))
      } catch let error as Failure {
        failure = error
      } catch let error as ServerError where error.kind == .malformed {
        // An answer that was cut, or of another length than promised, may be whole the next time.
        failure = Failure(problem: error.problem, isOfPassage: true)
      }
      guard attempt <= retryPolicy.retries, failure.mayPass(hasAnswered: hasAnswered.withLock { $0 }) else {
        throw failure.error(address, attempts: attempt)
      }
      let doubled = retryPolicy.wait * Double(1 << min(attempt - 1, 10))
      // A server that says "at once" and fails again is not asked sooner for it.
      let seconds = min(300, max(failure.retryAfter ?? 0, min(60, doubled)))
      onWait(Wait(problem: failure.problem, seconds: seconds, attempts: attempt))
      try await Task.sleep(for: .seconds(seconds))
    }
  }

  /// What may be over soon.
  private struct Failure: Error {
    let problem: String
    var retryAfter: Double?
    var isConnection = false
    var isOfPassage = false

    /// A server that has never answered is not there; one that has may be restarting.
    func mayPass(hasAnswered: Bool) -> Bool { !isConnection || hasAnswered }

    func error(_ address: String, attempts: Int) -> ServerError {
      let tries = attempts > 1 ? " (asked \(attempts) times)" : ""
      return ServerError(isConnection ? .unreachable : isOfPassage ? .malformed : .failing, address, problem + tries)
    }
  }

  private func answer(_ method: String, _ address: String, _ body: Data?) async throws -> Data {
    var headers = ["Content-Type: application/json"]
    if let key { headers.append("Authorization: Bearer \(key)") }
    let answer = try await connections.perform(method, address, body, headers, timeout: retryPolicy.timeout)
    switch answer.code {
    case 0: break
    case HTTP_REFUSED:
      throw Failure(problem: "the connection is refused: is a server running there?", isConnection: true)
    case HTTP_NO_HOST: throw Failure(problem: "there is no such host", isConnection: true)
    case HTTP_TIMED_OUT: throw Failure(problem: "there is no answer within \(retryPolicy.timeout) s")
    case HTTP_NO_TLS:
      throw ServerError(.unreachable, address, "there is no secure connection (TLS): \(answer.message)")
    case HTTP_CANCELLED: throw CancellationError()
    case HTTP_TOO_LONG: throw ServerError(.rejected, address, "the answer is longer than 64 MiB")
    default: throw Failure(problem: "the connection broke off (\(answer.message))")
    }
    hasAnswered.withLock { $0 = true }
    let (status, data) = (answer.status, answer.body)
    switch status {
    case 200..<300: return data
    case 300..<400:
      throw ServerError(
        .notFound, address,
        "sends elsewhere (\(answer.location.isEmpty ? "status \(status)" : answer.location))")
    case 401, 403: throw ServerError(.unauthorized, address, "wants a key, or another one (status \(status))")
    case 404: throw ServerError(.notFound, address, "is not known there (status 404)\(message(data))")
    case 408, 425, 429, 500...:
      throw Failure(
        problem: "status \(status)\(message(data))",
        retryAfter: Self.seconds(answer.retryAfter))
    default: throw ServerError(.rejected, address, "status \(status)\(message(data))")
    }
  }

  /// What the server says of an error, in one line.
  private func message(_ data: Data) -> String {
    struct Message: Decodable {
      struct Inner: Decodable { let message: String? }
      let error: Inner?
      let message: String?
    }
    let parsed = try? JSONDecoder().decode(Message.self, from: data)
    guard let text = parsed?.error?.message ?? parsed?.message else { return "" }
    // Some servers say which key was wrong.
    let safe = key.map { text.replacingOccurrences(of: $0, with: "[key]") } ?? text
    return ": " + safe.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200)
  }

  /// Seconds, or the time until a date.
  private static func seconds(_ retryAfter: String?) -> Double? {
    guard let retryAfter else { return nil }
    if let seconds = Double(retryAfter) { return seconds >= 0 ? seconds : nil }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return formatter.date(from: retryAfter).map { max(0, $0.timeIntervalSinceNow) }
  }
}
