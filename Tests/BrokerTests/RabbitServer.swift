import Foundation
import Synchronization
import Testing

/// What outlives its test and goes with the process.
private let leftovers = Mutex<[Int32]>([])

/// A RabbitMQ of these tests, which can be killed and started again with what it had written.
final class RabbitServer: Sendable {
  let port = Port.free()
  let tlsPort = Port.free()
  private let distribution = Port.free()
  private let epmd = Port.free()
  let folder: TestFolder
  let certificates: Certificates
  private let process = Mutex<Child?>(nil)
  /// Erlang would start one that outlives everybody.
  private let names: Child

  static let program = Tool.path("rabbitmq-server")
  /// It runs as a user of its own.
  static var isThere: Bool { program != nil && geteuid() == 0 }
  static let absence = Comment("rabbitmq-server is not installed, or this is not root.")
  /// One for all tests that do not kill it: it takes seconds to start.
  static let shared = Result { try RabbitServer() }

  var url: String { "amqp://127.0.0.1:\(port)" }

  init() throws {
    (folder, certificates) = (try TestFolder(), try Certificates())
    names = try Child(["/usr/bin/epmd", "-port", "\(epmd)", "-address", "127.0.0.1"])
    Self.goes(names.pid)
    let asks = ["/usr/bin/epmd", "-port", "\(epmd)", "-names"]
    while try Tool.run(asks).status != 0, !names.hasEnded {}
    for place in ["mnesia", "log", "home"] {
      try FileManager.default.createDirectory(atPath: folder(place), withIntermediateDirectories: true)
    }
    try """
    listeners.tcp.1 = 127.0.0.1:\(port)
    listeners.ssl.1 = 127.0.0.1:\(tlsPort)
    ssl_options.cacertfile = \(certificates.certificate)
    ssl_options.certfile = \(certificates.certificate)
    ssl_options.keyfile = \(certificates.key)
    ssl_options.verify = verify_none
    distribution.listener.interface = 127.0.0.1
    log.console = false

    """.write(toFile: folder("rabbitmq.conf"), atomically: true, encoding: .utf8)
    try "[].\n".write(toFile: folder("plugins"), atomically: true, encoding: .utf8)
    _ = try Tool.must(["/bin/chown", "-R", "rabbitmq", folder.path])
    try start()
  }

  deinit {
    kill()
    names.killAll()
    let pid = names.pid
    leftovers.withLock { $0.removeAll { $0 == pid } }
  }

  /// What its programs are given.
  private var variables: [String] {
    let variables = [
      "HOME": folder("home"), "RABBITMQ_NODENAME": "esteira_\(port)@localhost",
      "RABBITMQ_DIST_PORT": "\(distribution)", "ERL_EPMD_PORT": "\(epmd)", "ERL_EPMD_ADDRESS": "127.0.0.1",
      "RABBITMQ_MNESIA_BASE": folder("mnesia"), "RABBITMQ_LOG_BASE": folder("log"),
      "RABBITMQ_CONFIG_FILE": folder("rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE": folder("plugins"),
      "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_PID_FILE": folder("home/pid"), "LC_ALL": "C.UTF-8",
      "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    ]
    return variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  private func words(_ program: String, _ arguments: String...) -> [String] {
    ["/usr/sbin/runuser", "-u", "rabbitmq", "--", "/usr/bin/env", "-i"] + variables
      + ["/usr/lib/rabbitmq/bin/\(program)"] + arguments
  }

  /// Returns once it is ready.
  func start() throws {
    let child = try Child(words("rabbitmq-server"), folder: folder.path)
    process.withLock { $0 = child }
    let (said, isReady) = child.says("completed with")
    guard isReady else { throw Tool.Failure(description: "rabbitmq-server: \(said)") }
    Self.goes(pid)
  }

  /// It goes with this process.
  private static func goes(_ pid: Int32) {
    _ = atEnd
    leftovers.withLock { $0.append(pid) }
  }

  private static let atEnd: Void = {
    atexit { for pid in leftovers.withLock({ $0 }) { Foundation.kill(pid, SIGKILL) } }
  }()

  /// Which quorum queues there are RabbitMQ 3.10 itself writes to the disk only minutes later (the tables of
  /// names of its library Ra). One that is killed before that starts with queues that nobody leads, and that
  /// take and give nothing. Whoever kills it calls this once the queues are made.
  func settle() throws {
    let done = try Tool.run(
      words("rabbitmqctl", "eval", "[ok = dets:sync(T) || T <- dets:all()], ok."), folder: folder.path)
    guard done.status == 0 else { throw Tool.Failure(description: "rabbitmqctl: \(done.output)") }
  }

  /// Of the server itself, not of what started it.
  var pid: Int32 {
    let text = (try? String(contentsOfFile: folder("home/pid"), encoding: .utf8)) ?? ""
    return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  func signal(_ number: Int32) { if pid > 0 { Foundation.kill(pid, number) } }

  /// As a power cut.
  func kill() {
    guard let child = process.withLock({ $0 }) else { return }
    let pid = pid
    signal(SIGKILL)
    // The script that started it would wait for more.
    child.killAll()
    leftovers.withLock { $0.removeAll { $0 == pid } }
    process.withLock { $0 = nil }
  }
}
