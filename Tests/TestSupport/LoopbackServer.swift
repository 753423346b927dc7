import Foundation
import Synchronization

/// A small HTTP server on the loopback interface, which can also misbehave.
public final class LoopbackServer: Sendable {
  /// What came in.
  public struct Request: Sendable {
    /// GET or POST.
    public let method: String
    /// The path.
    public let path: String
    /// Header fields, names in lower case.
    public let headers: [String: String]
    /// The body.
    public let body: Data

    /// The body as a JSON object.
    public var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }
  }

  /// What goes out.
  public enum Behaviour: Sendable {
    /// An answer.
    case answer(status: Int, headers: [String: String], Data)
    /// The connection is closed without a word.
    case drop
    /// An answer of which only so many bytes are sent before the connection is closed.
    case cut(Data, after: Int)
    /// Nothing for so many seconds, and then the connection is closed.
    case silence(seconds: Double)
    /// An answer after so many seconds.
    case late(seconds: Double, Data)

    /// A JSON answer.
    public static func json(_ value: Any, status: Int = 200) -> Behaviour {
      let data = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
      return .answer(status: status, headers: [:], data)
    }
  }

  /// The port.
  public let port: UInt16
  private let listener: Int32
  private let isStopped = Mutex(false)
  private let handler: @Sendable (Request) -> Behaviour

  /// The address.
  public var address: String { "http://127.0.0.1:\(port)" }

  /// Listens on a free port.
  public init(_ handler: @escaping @Sendable (Request) -> Behaviour) throws {
    self.handler = handler
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let listener = socket(AF_INET, stream, 0)
    self.listener = listener
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, size) == 0 && listen(listener, 128) == 0 && getsockname(listener, pointer, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in accept() }
  }

  /// Listens no more.
  public func stop() {
    isStopped.withLock { isStopped in
      // The accepting thread closes it: the number of a closed descriptor may be another server's before that thread
      // has noticed.
      if !isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
      isStopped = true
    }
  }

  private func accept() {
    while true {
      let connection = Foundation.accept(listener, nil, nil)
      if connection < 0 {
        close(listener)
        return
      }
      Thread.detachNewThread { [self] in serve(connection) }
    }
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    var received = Data()
    while let request = Self.request(connection, &received) {
      switch handler(request) {
      case .answer(let status, let headers, let body):
        guard Self.send(connection, Self.head(status, headers, body.count) + body) else { return }
        if request.headers["connection"] == "close" { return }
      case .drop: return
      case .cut(let body, let count):
        _ = Self.send(connection, Self.head(200, [:], body.count) + body.prefix(count))
        return
      case .silence(let seconds):
        Thread.sleep(forTimeInterval: seconds)
        return
      case .late(let seconds, let body):
        Thread.sleep(forTimeInterval: seconds)
        guard Self.send(connection, Self.head(200, [:], body.count) + body) else { return }
        if request.headers["connection"] == "close" { return }
      }
    }
  }

  private static func head(_ status: Int, _ headers: [String: String], _ length: Int) -> Data {
    var text = "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(length)\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    return Data((text + "\r\n").utf8)
  }

  private static func send(_ connection: Int32, _ data: Data) -> Bool {
    data.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Foundation.send(
          connection, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// The next request of a connection; nil at its end.
  private static func request(_ connection: Int32, _ received: inout Data) -> Request? {
    func more() -> Bool {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return false }
      received.append(contentsOf: buffer[..<count])
      return true
    }
    let end = Data("\r\n\r\n".utf8)
    while received.range(of: end) == nil { guard more() else { return nil } }
    guard let head = received.range(of: end) else { return nil }
    let lines = String(decoding: received[received.startIndex..<head.lowerBound], as: UTF8.self).components(
      separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    received = Data(received[head.upperBound...])
    while received.count < length { guard more() else { return nil } }
    let body = Data(received.prefix(length))
    received = Data(received.dropFirst(length))
    return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
  }
}
