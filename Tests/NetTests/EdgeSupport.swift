import CSystem
import Foundation

@testable import Net

/// A program of the machine, run to its end.
struct Command {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  var status: Int32
  var output: [UInt8]
  var text: String { String(decoding: output, as: UTF8.self) }

  /// Runs on a thread of its own. What the program says on its error output comes behind its output.
  ///
  /// Not by `Process`: where thousands of sockets are open, as here, Foundation of Swift 6.3 reads behind the
  /// end of its list of them (`findMaximumOpenFromProcSelfFD` copies whole `dirent`s), and may end by a
  /// signal.
  static func run(_ arguments: [String], input: String = "") async throws -> Command {
    try await onThread {
      let (source, output, null) = (Pipe(), Pipe(), FileHandle.nullDevice)
      let pid = try spawn(
        ["env"] + arguments, source.fileHandleForReading.fileDescriptor,
        output.fileHandleForWriting.fileDescriptor, null.fileDescriptor)
      try source.fileHandleForReading.close()
      try output.fileHandleForWriting.close()
      try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try source.fileHandleForWriting.close()
      let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      return Command(status: status & 0x7f == 0 ? (status >> 8) & 0xff : status, output: Array(bytes))
    }
  }

  /// With this process's environment, and without its other descriptors.
  private static func spawn(
    _ arguments: [String], _ input: Int32, _ output: Int32, _ null: Int32
  ) throws -> pid_t {
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let code = esteira_spawn("/usr/bin/env", words, environ, input, output, output, null, -1, &pid)
    guard code == 0 else { throw Failure(description: "\(arguments): \(String(cString: strerror(code)))") }
    return pid
  }

  /// As `run`; throws unless it ends well.
  static func must(_ arguments: [String], input: String = "") async throws -> String {
    let command = try await run(arguments, input: input)
    guard command.status == 0 else {
      throw Failure(description: "\(arguments): \(command.status): \(command.text)")
    }
    return command.text
  }
}

/// Certificates of its own, made by the `openssl` command.
struct TestCertificates {
  let folder: TemporaryFolder
  var certificate: String { folder("cert.pem") }
  var key: String { folder("key.pem") }

  init(name: String = "first") async throws {
    folder = try TemporaryFolder()
    try await make(name)
  }

  /// Writes both files anew, for `localhost` and 127.0.0.1, with the name in the subject.
  func make(_ name: String) async throws {
    _ = try await Command.must([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout", key, "-out", certificate,
    ])
  }
}

/// The client's side of a WebSocket, by hand, so that it can do what it must not. Used by one thread.
final class WebSocketClient {
  struct Frame: Equatable {
    var isFinal = true
    var opcode: UInt8
    var payload: [UInt8]

    static func text(_ text: String) -> Frame { Frame(opcode: 1, payload: Array(text.utf8)) }
    static func close(_ code: UInt16) -> Frame {
      Frame(opcode: 8, payload: [UInt8(code >> 8), UInt8(code & 255)])
    }

    /// Of a close; nil for other frames and for a close without.
    var code: UInt16? {
      guard opcode == 8, payload.count >= 2 else { return nil }
      return UInt16(payload[0]) << 8 | UInt16(payload[1])
    }
  }

  static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  let socket: RawSocket
  private var buffer: [UInt8] = []
  private(set) var head = ""

  init(_ socket: RawSocket, _ headers: String = "") throws {
    self.socket = socket
    try socket.send(Self.request(headers))
    let end = Array("\r\n\r\n".utf8)
    while head.isEmpty {
      try more()
      guard let range = buffer.firstRange(of: end) else { continue }
      head = String(decoding: buffer[..<range.upperBound], as: UTF8.self)
      buffer.removeFirst(range.upperBound)
    }
  }

  static func request(_ headers: String = "") -> String {
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
      + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n\(headers)\r\n"
  }

  private func more() throws {
    let bytes = try socket.read()
    if bytes.isEmpty { throw RawSocket.Failure(description: "ended") }
    buffer += bytes
  }

  static func bytes(
    _ opcode: UInt8, _ payload: [UInt8], fin: Bool = true, rsv: UInt8 = 0, masked: Bool = true
  ) -> [UInt8] {
    var bytes: [UInt8] = [(fin ? 128 : 0) | rsv << 4 | opcode]
    let mark: UInt8 = masked ? 128 : 0
    switch payload.count {
    case ..<126: bytes.append(mark | UInt8(payload.count))
    case ..<65_536: bytes += [mark | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    default:
      bytes.append(mark | 127)
      bytes += stride(from: 56, through: 0, by: -8).map { UInt8((payload.count >> $0) & 255) }
    }
    let mask: [UInt8] = [1, 2, 3, 4]
    if masked { bytes += mask }
    return bytes + payload.indices.map { masked ? payload[$0] ^ mask[$0 & 3] : payload[$0] }
  }

  func send(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true) throws {
    try socket.send(Self.bytes(opcode, payload, fin: fin))
  }

  func send(_ text: String) throws { try send(1, Array(text.utf8)) }

  /// Fails at the end of the connection.
  func read() throws -> Frame {
    while true {
      if let frame = parse() { return frame }
      try more()
    }
  }

  /// Whether the connection ends, with nothing before.
  func isEnded() throws -> Bool { try buffer.isEmpty && socket.read().isEmpty }

  private func parse() -> Frame? {
    guard buffer.count >= 2 else { return nil }
    var (length, start) = (Int(buffer[1] & 127), 2)
    let extra = length == 126 ? 2 : (length == 127 ? 8 : 0)
    guard buffer.count >= 2 + extra else { return nil }
    if extra > 0 { length = buffer[2..<(2 + extra)].reduce(0) { $0 << 8 | Int($1) } }
    start += extra
    guard buffer.count >= start + length else { return nil }
    let frame = Frame(
      isFinal: buffer[0] & 128 != 0, opcode: buffer[0] & 127, payload: Array(buffer[start..<(start + length)])
    )
    buffer.removeFirst(start + length)
    return frame
  }
}

/// A WebSocket that says what it hears, in a subprotocol or in none.
func echoSocket(_ request: HTTPRequest) -> HTTPResponse {
  HTTPResponse(
    status: 200,
    body: .webSocket(
      HTTPWebSocket(subprotocols: ["echo.v2", "echo.v1"]) { connection in
        while let message = await connection.receive() {
          guard (try? await connection.send(message)) != nil else { return }
        }
      }))
}
