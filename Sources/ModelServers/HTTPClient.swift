import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// JSON over HTTP with patience: what may be over soon is tried again, what will not is said at once.
public final class HTTPClient: Sendable {
  /// How patient a client is.
  public struct Patience: Sendable {
    /// Seconds without an answer.
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
  private let session: URLSession
  private let hasAnswered = Mutex(false)

  /// A client of a server.
  ///
  /// - Parameters:
  ///   - address: `http://host:port` or `https://…`; a path is put before those of the protocol, and a last `/v1` is taken for theirs.
  ///   - key: Sent as bearer token; it appears nowhere else.
  ///   - connections: At most so many at a time.
  /// - Throws: `ServerError` for an address of another kind.
  public init(address: String, key: String?, patience: Patience = Patience(), connections: Int = 8) throws(ServerError)
  {
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
    base = url
    self.key = key
    self.patience = patience
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = patience.timeout
    configuration.httpMaximumConnectionsPerHost = connections
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    session = URLSession(configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
  }

  deinit { session.invalidateAndCancel() }

  /// Posts JSON and reads JSON.
  ///
  /// - Parameter accept: Makes a value of the answer; what it throws as ``ServerError`` is a bad answer, and asked for again.
  /// - Throws: `ServerError`; `CancellationError`.
  func post<Value>(
    _ path: String, _ body: some Encodable, accept: (Data) throws -> Value
  ) async throws -> Value {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
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
    let url = base.appendingPathComponent(path)
    var request = URLRequest(url: url)
    request.httpMethod = method
    request.httpBody = body
    request.timeoutInterval = patience.timeout
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    var attempt = 0
    while true {
      attempt += 1
      let failure: Failure
      do {
        return try accept(try await answer(to: request, url.absoluteString))
      } catch let error as Failure {
        failure = error
      } catch let error as ServerError where error.kind == .malformed {
        // An answer that was cut, or of another length than promised, may be whole the next time.
        failure = Failure(problem: error.problem, isOfPassage: true)
      }
      guard attempt <= patience.retries, failure.mayPass(hasAnswered: hasAnswered.withLock { $0 }) else {
        throw failure.error(url.absoluteString, attempts: attempt)
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

  private func answer(to request: URLRequest, _ address: String) async throws -> Data {
    let data: Data
    let response: URLResponse
    do {
      (data, response) = try await session.data(for: request)
    } catch let error as URLError {
      try Task.checkCancellation()
      switch error.code {
      case .cannotConnectToHost: throw Failure(problem: "the connection is refused", isConnection: true)
      case .cannotFindHost, .dnsLookupFailed: throw Failure(problem: "there is no such host", isConnection: true)
      case .timedOut: throw Failure(problem: "there is no answer within \(Int(patience.timeout.rounded(.up))) s")
      case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
        .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected:
        throw ServerError(.unreachable, address, "there is no secure connection (TLS): \(error.localizedDescription)")
      default: throw Failure(problem: "the connection broke off (\(error.localizedDescription))")
      }
    }
    hasAnswered.withLock { $0 = true }
    guard let http = response as? HTTPURLResponse else { throw Failure(problem: "the answer is not HTTP") }
    switch http.statusCode {
    case 200..<300: return data
    case 300..<400:
      throw ServerError(
        .notFound, address,
        "sends elsewhere (\(http.value(forHTTPHeaderField: "Location") ?? "status \(http.statusCode)"))")
    case 401, 403: throw ServerError(.unauthorized, address, "wants a key, or another one (status \(http.statusCode))")
    case 404: throw ServerError(.notFound, address, "is not known there (status 404)\(Self.message(data))")
    case 408, 425, 429, 500...:
      throw Failure(
        problem: "status \(http.statusCode)\(Self.message(data))",
        retryAfter: Self.seconds(http.value(forHTTPHeaderField: "Retry-After")))
    default: throw ServerError(.rejected, address, "status \(http.statusCode)\(Self.message(data))")
    }
  }

  /// What the server says of an error, in one line.
  private static func message(_ data: Data) -> String {
    struct Message: Decodable {
      struct Inner: Decodable { let message: String? }
      let error: Inner?
      let message: String?
    }
    let parsed = try? JSONDecoder().decode(Message.self, from: data)
    guard let text = parsed?.error?.message ?? parsed?.message else { return "" }
    return ": " + text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200)
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

/// A key must not follow to wherever a server points.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }
}
