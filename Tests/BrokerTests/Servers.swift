import Foundation
import Testing

/// Ports that no other program of this machine is given by chance: the ephemeral ones begin behind them.
enum Port {
  static func free() -> UInt16 {
    for _ in 0..<200 {
      let port = UInt16.random(in: 20_000..<32_768)
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let isFree = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if isFree { return port }
    }
    return 0
  }
}

/// A folder that is removed at the end.
final class TestFolder: Sendable {
  let path = NSTemporaryDirectory() + "esteira-broker-\(UUID().uuidString.prefix(8))"

  init() throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// Runs a program to its end.
enum Tool {
  struct Failure: Error, CustomStringConvertible { var description: String }

  static func path(_ name: String) -> String? {
    ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib/rabbitmq/bin"].map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  @discardableResult
  static func run(
    _ words: [String], environment: [String: String]? = nil, folder: String? = nil
  ) throws -> (status: Int32, output: String) {
    let child = try Child(words, environment: environment, folder: folder)
    let output = child.text()
    return (child.wait(), output)
  }

  static func must(_ words: [String]) throws -> String {
    let (status, output) = try run(words)
    guard status == 0 else { throw Failure(description: "\(words.joined(separator: " ")): \(output)") }
    return output
  }
}

/// A Redis of this test, which can be killed and started again with what it had written.
final class RedisServer {
  let port = Port.free()
  let tlsPort = Port.free()
  let folder: TestFolder
  private var process: Child?
  private let more: [String]

  static let program = Tool.path("redis-server")
  static var isThere: Bool { program != nil }
  static let absence = Comment("redis-server is not installed: scripts/setup.sh tests installs it.")

  var url: String { "redis://127.0.0.1:\(port)" }

  /// `more`: further words of the command line. With a folder of certificates it speaks TLS too.
  init(_ more: [String] = []) throws {
    self.more = more
    folder = try TestFolder()
    try start()
  }

  deinit { kill() }

  /// Returns once it is ready.
  func start() throws {
    let child = try Child(
      [Self.program ?? "", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path]
        + ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", ""] + more)
    process = child
    let (said, isReady) = child.says("eady to accept connections")
    guard isReady else { throw Tool.Failure(description: "redis-server: \(said)") }
  }

  /// As a power cut.
  func kill() {
    process?.killAll()
    process = nil
  }

  /// What `redis-cli` answers.
  @discardableResult
  func cli(_ words: String...) throws -> String {
    try Tool.must(["/usr/bin/redis-cli", "-p", "\(port)"] + words).trimmingCharacters(in: .newlines)
  }

  /// Many commands at once, one a line.
  func pipe(_ commands: [String]) throws {
    let file = folder("commands-\(UUID().uuidString.prefix(6))")
    try commands.joined(separator: "\n").appending("\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    _ = try Tool.must(["/bin/sh", "-c", "/usr/bin/redis-cli -p \(port) < \(file)"])
  }
}

/// Two authorities' certificates for `localhost` and 127.0.0.1.
struct Certificates {
  let folder: TestFolder
  var certificate: String { folder("cert.pem") }
  var key: String { folder("key.pem") }

  init() throws {
    folder = try TestFolder()
    _ = try Tool.must([
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=broker", "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ])
    // RabbitMQ runs as a user of its own.
    _ = try Tool.must(["/bin/chmod", "644", key])
  }
}
