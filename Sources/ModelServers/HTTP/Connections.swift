internal import CHTTP
import Foundation
import Synchronization

/// Connections by libcurl, used again where servers keep them open. libcurl waits, so that each connection has a
/// thread.
final class Connections: Sendable {
  struct Answer: Sendable {
    let code: Int
    let status: Int
    let body: Data
    let message: String
    let retryAfter: String?
    let location: String
  }

  private let queue: RequestQueue
  private let authorities: String?

  /// Up to so many connections, opened when they are needed.
  ///
  /// - Parameter authorities: A file of certificates that are trusted in place of the system's.
  init(limit: Int, authorities: String? = nil) {
    queue = RequestQueue(limit: limit)
    self.authorities = authorities
  }

  deinit { queue.close() }

  /// Asks as soon as a connection is free.
  func perform(
    _ method: String, _ address: String, _ body: Data?, _ headers: [String], timeout: Double
  ) async throws -> Answer {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
        queue.add { [authorities] handle in
          guard let handle else {
            let problem =
              http_is_available() == 0
              ? "libcurl, which connections need, is not installed (Debian: libcurl4)"
              : "there is no memory for a connection"
            return continuation.resume(throwing: ServerError(.failing, address, problem))
          }
          continuation.resume(
            returning: Self.answer(handle, method, address, body, headers, timeout, flag, authorities))
        }
      }
    } onCancel: {
      flag.set()
    }
  }

  private static func answer(
    _ handle: UnsafeMutableRawPointer, _ method: String, _ address: String, _ body: Data?, _ headers: [String],
    _ timeout: Double,
    _ flag: CancellationFlag, _ authorities: String?
  ) -> Answer {
    var response = http_response()
    let fields = headers.map { strdup($0) }
    let trusted = authorities.flatMap { strdup($0) }
    defer {
      fields.forEach { free($0) }
      free(trusted)
    }
    func perform(_ bytes: UnsafeRawBufferPointer?) {
      method.withCString { method in
        address.withCString { address in
          fields.map { UnsafePointer($0) }.withUnsafeBufferPointer { fields in
            var request = http_request(
              method: method, url: address, body: bytes?.baseAddress?.assumingMemoryBound(to: CChar.self),
              body_length: bytes?.count ?? 0, headers: fields.baseAddress, header_count: fields.count, timeout: timeout,
              cancelled: UnsafePointer(flag.pointer), authorities: UnsafePointer(trusted))
            http_perform(handle, &request, &response)
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
    // Data owns the bytes from here.
    let received = response.body.map { Data(bytesNoCopy: $0, count: response.body_length, deallocator: .free) }
    response.body = nil
    return Answer(
      code: Int(response.code), status: response.status,
      body: received ?? Data(),
      message: text(response.message), retryAfter: retryAfter.isEmpty ? nil : retryAfter,
      location: text(response.location))
  }
}

/// A number that another thread sets, atomically, and libcurl looks at.
private final class CancellationFlag: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Int32>

  init() {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: 0)
  }

  deinit { pointer.deallocate() }

  func set() { http_cancel(pointer) }
}

/// Requests that wait for a thread with a handle of libcurl.
private final class RequestQueue: Sendable {
  typealias Request = @Sendable (UnsafeMutableRawPointer?) -> Void

  private struct State {
    var requests: [Request] = []
    var threads = 0
    var idle = 0
  }

  private let limit: Int
  private let state = Mutex(State())
  /// Counts the requests that wait, and the end of each thread.
  private let signal = DispatchSemaphore(value: 0)

  init(limit: Int) { self.limit = limit }

  func add(_ request: @escaping Request) {
    let takesThread = state.withLock { state in
      state.requests.append(request)
      guard state.idle < state.requests.count, state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    if takesThread { Thread.detachNewThread { [self] in work() } }
    signal.signal()
  }

  /// Ends the threads when no request is left.
  func close() {
    for _ in 0..<state.withLock(\.threads) { signal.signal() }
  }

  private func work() {
    let handle = http_open()
    while true {
      state.withLock { $0.idle += 1 }
      signal.wait()
      let request = state.withLock { state in
        state.idle -= 1
        return state.requests.isEmpty ? nil : state.requests.removeFirst()
      }
      guard let request else { break }
      request(handle)
    }
    if let handle { http_close(handle) }
  }
}
