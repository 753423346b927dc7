internal import CHTTP
import Foundation
import Synchronization

/// JSON over HTTP with patience: what may be over soon is tried again, what will not is said at once.
public final class HTTPClient: Sendable {
  /// How patient a client is.
  public struct Patience: Sendable {
    /// Seconds for a request.
    public var timeout = 120.0
    /// How often a request is tried again.
    public var retries = 6
    /// Seconds before the first new try; doubled each time, up to a minute.
    public var wait = 0.5

    /// The usual patience.
    public init() {}
  }

  private let base: URL
  private let key: String?
  private let patience: Patience
  private let connections = Connections()
  private let hasAnswered = Mutex(false)

  /// A client of a server.
  ///
  /// - Parameters:
  ///   - address: `http://host:port` or `https://…`; a path is put before those of the protocol, and a last `/v1` is taken for theirs.
  ///   - key: Sent as bearer token; it appears nowhere else.
  ///   - patience: How long answers are waited for.
  /// - Throws: `ServerError` for an address of another kind.
  public init(address: String, key: String?, patience: Patience = Patience()) throws(ServerError) {
    var text = address
    while text.hasSuffix("/") { text.removeLast() }
    if text.hasSuffix("/v1") { text.removeLast(3) }
    guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil
    else {
      throw ServerError(.unreachable, address, "is no http or https address")
    }
    guard url.user == nil, url.password == nil, url.query == nil else {
      throw ServerError(
        .unreachable, "\(scheme)://\(url.host ?? "")",
        "names and keys do not belong in an address: give the key in an environment variable")
    }
    let trimmed = key.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    guard trimmed?.unicodeScalars.allSatisfy({ $0.isASCII && $0.properties.generalCategory != .control }) ?? true else {
      throw ServerError(.unauthorized, text, "a key is of printable ASCII characters")
    }
    base = url
    self.key = trimmed
    self.patience = patience
  }

  /// A decoder of answers, whose keys are in snake case.
  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  /// Posts JSON, keys in snake case, and reads an answer.
  ///
  /// - Parameter accept: Makes a value of the answer; what it throws as ``ServerError`` is a bad answer, and asked for again.
  /// - Throws: `ServerError`; `CancellationError`.
  func post<Value>(
    _ path: String, _ body: some Encodable, accept: (Data) throws -> Value
  ) async throws -> Value {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try await send("POST", path, try encoder.encode(body), accept)
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
      guard attempt <= patience.retries, failure.mayPass(hasAnswered: hasAnswered.withLock { $0 }) else {
        throw failure.error(address, attempts: attempt)
      }
      let doubled = patience.wait * Double(1 << min(attempt - 1, 10))
      try await Task.sleep(for: .seconds(min(300, failure.retryAfter ?? min(60, doubled))))
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
    let answer = try await connections.perform(method, address, body, headers, timeout: patience.timeout)
    switch answer.code {
    case 0: break
    case HTTP_REFUSED: throw Failure(problem: "the connection is refused", isConnection: true)
    case HTTP_NO_HOST: throw Failure(problem: "there is no such host", isConnection: true)
    case HTTP_TIMED_OUT: throw Failure(problem: "there is no answer within \(patience.timeout) s")
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

/// Connections by libcurl, used again where servers keep them open.
private final class Connections: Sendable {
  struct Answer: Sendable {
    let code: Int
    let status: Int
    let body: Data
    let message: String
    let retryAfter: String?
    let location: String
  }

  /// A handle of libcurl, used by one thread at a time.
  private struct Handle: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

  private let idle = Mutex<[Handle]>([])

  deinit {
    for handle in idle.withLock({ $0 }) { http_close(handle.pointer) }
  }

  /// Asks in a thread of its own, as libcurl waits.
  func perform(
    _ method: String, _ address: String, _ body: Data?, _ headers: [String], timeout: Double
  ) async throws -> Answer {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
        Thread.detachNewThread { [self] in
          guard let handle = idle.withLock({ $0.popLast() }) ?? http_open().map({ Handle(pointer: $0) }) else {
            return continuation.resume(throwing: ServerError(.failing, address, "there is no memory for a connection"))
          }
          let answer = Self.answer(handle, method, address, body, headers, timeout, flag)
          idle.withLock { $0.append(handle) }
          continuation.resume(returning: answer)
        }
      }
    } onCancel: {
      flag.set()
    }
  }

  private static func answer(
    _ handle: Handle, _ method: String, _ address: String, _ body: Data?, _ headers: [String], _ timeout: Double,
    _ flag: CancellationFlag
  ) -> Answer {
    var response = http_response()
    let fields = headers.map { strdup($0) }
    defer { fields.forEach { free($0) } }
    func perform(_ bytes: UnsafeRawBufferPointer?) {
      method.withCString { method in
        address.withCString { address in
          fields.map { UnsafePointer($0) }.withUnsafeBufferPointer { fields in
            var request = http_request(
              method: method, url: address, body: bytes?.baseAddress?.assumingMemoryBound(to: CChar.self),
              body_length: bytes?.count ?? 0, headers: fields.baseAddress, header_count: fields.count, timeout: timeout,
              cancelled: UnsafePointer(flag.pointer))
            http_perform(handle.pointer, &request, &response)
          }
        }
      }
    }
    if let body { body.withUnsafeBytes(perform) } else { perform(nil) }
    defer { http_release(&response) }
    func text<Tuple>(_ characters: Tuple) -> String {
      withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    let retryAfter = text(response.retry_after)
    return Answer(
      code: Int(response.code), status: response.status,
      body: response.body.map { Data(bytes: $0, count: response.body_length) } ?? Data(),
      message: text(response.message), retryAfter: retryAfter.isEmpty ? nil : retryAfter,
      location: text(response.location))
  }
}

/// A number that another thread sets and libcurl looks at.
private final class CancellationFlag: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Int32>

  init() {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: 0)
  }

  deinit { pointer.deallocate() }

  func set() { pointer.pointee = 1 }
}
