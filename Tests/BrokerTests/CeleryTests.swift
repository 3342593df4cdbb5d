import Crypto
import Engine
import Foundation
import Model
import Testing

@testable import Connectors
@testable import Net

/// Workers of a small Celery application.
final class CeleryWorkers {
  let folder: TestFolder
  private var process: Child?
  private let environment: [String: String]

  /// CELERY_PYTHON: one with another release of Celery.
  static let python = ProcessInfo.processInfo.environment["CELERY_PYTHON"] ?? "/usr/bin/python3"
  static let isThere: Bool = {
    (try? Tool.run([python, "-c", "import celery, redis"]).status) == 0
  }()
  static let absence = Comment("Celery or a broker is not installed: scripts/setup.sh tests installs them.")

  static let application = """
    import os, time
    from celery import Celery
    app = Celery("app", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])
    app.conf.update(worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)
    journal = os.environ["JOURNAL"]

    def note(text):
        with open(journal, "a") as file:
            file.write(text + "\\n")

    @app.task(name="add")
    def add(x, y=0):
        note("add %s" % x)
        return {"sum": x + y}

    @app.task(name="fail")
    def fail():
        raise ValueError("no good", "é")

    @app.task(name="wait", bind=True)
    def wait(self, gate, name="w"):
        trace = (self.request.headers or {}).get("traceparent") or self.request.get("traceparent")
        note("begin %s %s" % (name, trace))
        while not os.path.exists(gate):
            time.sleep(0.05)
        note("end " + name)
        return name
    """

  init(broker: String, backend: String, queues: String = "celery", concurrency: Int = 2) throws {
    folder = try TestFolder()
    try Self.application.write(toFile: folder("app.py"), atomically: true, encoding: .utf8)
    try "".write(toFile: folder("journal"), atomically: false, encoding: .utf8)
    environment = [
      "BROKER": broker, "BACKEND": backend, "JOURNAL": folder("journal"), "PATH": "/usr/bin:/bin",
      "C_FORCE_ROOT": "1", "HOME": folder.path, "PYTHONPATH": folder.path, "LC_ALL": "C.UTF-8",
    ]
    try start(queues, concurrency)
  }

  deinit { stop() }

  /// Returns once the workers are ready.
  private func start(_ queues: String, _ concurrency: Int) throws {
    let child = try Child(
      [
        Self.python, "-m", "celery", "-A", "app", "worker", "-c", "\(concurrency)", "-Q", queues, "-l",
        "INFO",
        "--without-gossip", "--without-mingle", "-n", "w\(UUID().uuidString.prefix(6))@localhost",
      ], environment: environment, folder: folder.path)
    process = child
    let (said, isReady) = child.says(" ready.")
    guard isReady else { throw Tool.Failure(description: "celery: \(said)") }
  }

  /// Returns once they listen to what is asked of all of them: behind Redis that comes after they are ready.
  func listen(at server: RedisServer) throws {
    let limit = ContinuousClock.now + .seconds(Station.patience)
    while try Int(server.cli("PUBSUB", "NUMPAT").filter(\.isNumber)) == 0,
      try server.cli("PUBSUB", "CHANNELS", "*pidbox*").allSatisfy(\.isWhitespace)
    {
      try #require(ContinuousClock.now < limit, "No worker listens.")
    }
  }

  /// With the children that do the work.
  func stop() {
    process?.killAll()
    process = nil
  }

  /// Hears, and does nothing any more.
  func freeze() { process?.signal(SIGSTOP) }

  var gate: String { folder("gate") }
  func openGate() throws { try "".write(toFile: gate, atomically: true, encoding: .utf8) }
  func lines() throws -> [String] {
    try String(contentsOfFile: folder("journal"), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// Returns once the journal has such a line.
  func wait(_ isIt: (String) -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(Station.patience)
    while true {
      let lines = try lines()
      if lines.contains(where: isIt) { return }
      try #require(ContinuousClock.now < limit, "\(lines)")
    }
  }
}

/// The two ways of a Celery application.
enum CeleryWay: String, CaseIterable, Sendable {
  case redis, rabbit

  static var isPossible: Bool { CeleryWorkers.isThere && RedisServer.isThere && RabbitServer.isThere }
}

/// A broker with its workers, as one way has them.
struct CeleryBench {
  let redis: RedisServer?
  let workers: CeleryWorkers
  let address: JSON
  let queue: String

  init(_ way: CeleryWay, concurrency: Int = 2) throws {
    queue = "q-\(UUID().uuidString.prefix(6))"
    switch way {
    case .redis:
      let server = try RedisServer()
      redis = server
      workers = try CeleryWorkers(
        broker: server.url + "/1", backend: server.url + "/1", queues: queue, concurrency: concurrency)
      address = [
        "broker": .string(server.url + "/1"), "backend": .string(server.url + "/1"), "queue": .string(queue),
      ]
    case .rabbit:
      let url = try RabbitServer.shared.get().url
      redis = nil
      workers = try CeleryWorkers(
        broker: url + "//", backend: "rpc://", queues: queue, concurrency: concurrency)
      address = ["broker": .string(url), "backend": "rpc", "queue": .string(queue)]
    }
  }

  var connection: Connection {
    Connection(
      namespace: "demo", name: "celery", kind: "celery", address: address, allowedEgress: ["127.0.0.0/8"])
  }
}

@Suite(
  "A Celery task", .enabled(if: CeleryWay.isPossible, CeleryWorkers.absence), .serialized,
  .timeLimit(.minutes(5)))
struct CeleryTests {
  private func attempt(
    _ with: JSON, _ connection: Connection, key: String = UUID().uuidString, folder: TestFolder,
    endsWithNode: Bool = false
  ) -> Attempt {
    var services = AttemptServices(
      log: { _, _ in },
      storeArtifact: { (name, path, type) throws(Failure) in
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        return ArtifactHandle(
          sha256: SHA256.hex(bytes), name: name, size: Int64(bytes.count), mediaType: type)
      }, fetchArtifact: { (_, _) throws(Failure) in }, workFolder: folder.path, processFolder: folder.path,
      objectsFolder: folder.path,
      now: { Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) })
    services.endsWithNode = { endsWithNode }
    return Attempt(
      job: ID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001), jobKey: "k",
      pipeline: PipelineName(namespace: "demo", name: "p"), path: "s", number: 1, stepKey: key,
      effect: .reattachable, with: with, connection: connection, services: services)
  }

  private func run(_ with: JSON, _ connection: Connection, _ task: CeleryTask) async -> Result<JSON, Failure>
  {
    do {
      let folder = try TestFolder()
      do throws(Failure) {
        return .success(try await task.execute(attempt(with, connection, folder: folder)).value)
      } catch { return .failure(error) }
    } catch { return .failure(Failure(.internal, "\(error)")) }
  }

  @Test("gives its result, or its exception, and takes what the protocol has", arguments: CeleryWay.allCases)
  func results(way: CeleryWay) async throws {
    let (bench, task) = (try CeleryBench(way), CeleryTask(brokers: Brokers(node: UUID().uuidString)))
    let sum = try await run(["task": "add", "args": [2], "kwargs": ["y": 3]], bench.connection, task).get()
    #expect(sum["result"] == ["sum": 5])
    #expect(sum["sum"] == 5)
    #expect(sum["status"] == "SUCCESS")
    let failed = await run(["task": "fail"], bench.connection, task)
    guard case .failure(let failure) = failed else { return #expect(Bool(false)) }
    #expect((failure.errorClass, failure.code) == (.exit, "celery-failure"))
    #expect(failure.message == "The task fail raised ValueError: no good, é")
    let artifact = try await run(
      ["task": "add", "args": [1], "result": "artifact", "priority": 5], bench.connection, task
    ).get()
    #expect(artifact["file"]?["sha256"] != nil || artifact["file"]?["artifact"] != nil)
    let late = await run(
      ["task": "add", "args": [1], "delay": "1s", "expires": "1h"], bench.connection, task)
    #expect(try late.get()["result"] == ["sum": 1])
    let sent = try await run(["task": "add", "args": [77], "result": "ignore"], bench.connection, task).get()
    #expect(sent["status"] == "SENT")
    try bench.workers.wait { $0 == "add 77" }
  }

  @Test("runs two hundred at once without a thread for each", arguments: CeleryWay.allCases)
  func many(way: CeleryWay) async throws {
    let (bench, task) = (try CeleryBench(way), CeleryTask(brokers: Brokers(node: UUID().uuidString)))
    let connection = bench.connection
    _ = try await run(["task": "add", "args": [0]], connection, task).get()
    let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    let most = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          let result = try await run(["task": "add", "args": [.int(Int64(number))]], connection, task).get()
          #expect(result["result"] == ["sum": .int(Int64(number))])
          return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
        }
      }
      var most = 0
      for try await count in group { most = max(most, count) }
      return most
    }
    #expect(most <= before + 8, "\(before) threads before, \(most) meanwhile")
  }

  @Test(
    "is found again by the next node, and is not sent a second time", arguments: CeleryWay.allCases)
  func reattaches(way: CeleryWay) async throws {
    let bench = try CeleryBench(way)
    let (node, folder, key) = (UUID().uuidString, try TestFolder(), UUID().uuidString)
    let with: JSON = ["task": "wait", "args": [.string(bench.workers.gate)]]
    let first = attempt(with, bench.connection, key: key, folder: folder, endsWithNode: true)
    let dying = Task {
      do throws(Failure) { _ = try await CeleryTask(brokers: Brokers(node: node)).execute(first) } catch {}
    }
    try bench.workers.wait { $0.hasPrefix("begin w 00-") }
    dying.cancel()
    await dying.value
    let second = attempt(with, bench.connection, key: key, folder: folder)
    let task = CeleryTask(brokers: Brokers(node: node))
    let attached = Task { () -> Result<JSON?, Failure> in
      do throws(Failure) { return .success(try await task.outcome(ofLost: second)?.value) } catch {
        return .failure(error)
      }
    }
    try bench.workers.openGate()
    #expect(try await attached.value.get()?["result"] == "w")
    #expect(try bench.workers.lines().filter { $0.hasPrefix("begin") }.count == 1)
    // One that never left is unknown to the next node, which sends it.
    let unsent = attempt(with, bench.connection, folder: try TestFolder())
    #expect(try await task.outcome(ofLost: unsent) == nil)
  }

  @Test("is revoked when its step is cancelled", arguments: CeleryWay.allCases)
  func revokes(way: CeleryWay) async throws {
    let (bench, task) = (
      try CeleryBench(way, concurrency: 1), CeleryTask(brokers: Brokers(node: UUID().uuidString))
    )
    let folder = try TestFolder()
    let running = attempt(
      ["task": "wait", "args": [.string(bench.workers.gate)]], bench.connection, folder: folder)
    let cancelled = Task { () -> Failure? in
      do throws(Failure) { _ = try await task.execute(running) } catch { return error }
      return nil
    }
    try bench.workers.wait { $0.hasPrefix("begin") }
    cancelled.cancel()
    let failure = await cancelled.value
    #expect((failure?.errorClass, failure?.code) == (.cancelled, "requested"))
    // The one worker is free again: the gate was never opened.
    #expect(
      try await run(["task": "add", "args": [9]], bench.connection, task).get()["result"] == ["sum": 9])
    #expect(try !bench.workers.lines().contains("end w"))
  }
}

@Suite("A message of Celery", .timeLimit(.minutes(1)))
struct CeleryMessageTests {
  private static let captured = Station.root.appending(path: "../shared/data/celery")
  private static var isThere: Bool { FileManager.default.fileExists(atPath: captured.path) }

  private func message(_ with: JSON) throws -> CeleryMessage {
    let services = AttemptServices(
      log: { _, _ in }, storeArtifact: { (_, _, _) throws(Failure) in throw Failure(.internal, "") },
      fetchArtifact: { (_, _) throws(Failure) in }, workFolder: "/", processFolder: "/", objectsFolder: "/",
      now: { Timestamp(microseconds: 1_760_000_000_123_456) })
    let attempt = Attempt(
      job: ID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001), jobKey: "k",
      pipeline: PipelineName(namespace: "demo", name: "p"), path: "s", number: 1, stepKey: "k1",
      effect: .reattachable, with: with, services: services)
    return try CeleryMessage(attempt, queue: nil, replyTo: "r")
  }

  @Test(
    "has the members and the body of one that Celery sent", .enabled(if: isThere, "no captured messages here")
  )
  func shape() throws {
    let file = Self.captured.appending(path: "redis-eta_expires_priority-celery.json")
    let theirs = try #require(try JSON(parsing: [UInt8](Data(contentsOf: file))).array?.first)
    let raw = try JSON(parsing: Array(try #require(theirs["raw"]?.string).utf8))
    let ours = try message([
      "task": "capp.add", "args": [2], "kwargs": ["y": 3], "delay": "60s", "expires": "1h", "priority": 5,
    ])
    let mine = try JSON(parsing: ours.redis)
    #expect(ours.list == theirs["redis_list_key"]?.string)
    #expect(mine.object?.keys.sorted() == raw.object?.keys.sorted())
    #expect(
      mine["body"] == raw["body"]
        || Base64.decode(mine["body"]?.string ?? "").map { try? JSON(parsing: $0) }
          == Base64.decode(raw["body"]?.string ?? "").map { try? JSON(parsing: $0) }
    )
    #expect(mine["headers"]?.object?.keys.sorted() == raw["headers"]?.object?.keys.sorted())
    #expect(mine["properties"]?.object?.keys.sorted() == raw["properties"]?.object?.keys.sorted())
    #expect(mine["properties"]?["expiration"] == "3600000")
    #expect(mine["headers"]?["eta"] == "2025-10-09T08:54:20.123456+00:00")
    #expect(mine["headers"]?["timelimit"] == [.null, .null])
  }

  @Test(
    "goes to the list of its priority",
    arguments: [(0, "q"), (2, "q"), (3, "q\u{6}\u{16}3"), (9, "q\u{6}\u{16}9")])
  func priority(priority: Int64, list: String) throws {
    #expect(try message(["task": "t", "queue": "q", "priority": .int(priority)]).list == list)
  }

  @Test("a result that is none is said to be none")
  func results() throws {
    for text in ["", "{}", "[1]", "no"] {
      #expect(throws: Failure.self) { _ = try CeleryResult(Array(text.utf8)) }
    }
    for status in ["PENDING", "STARTED", "RETRY", "CUSTOM"] {
      guard case .pending = try CeleryResult(Array("{\"status\": \"\(status)\"}".utf8)) else {
        return #expect(Bool(false), "\(status)")
      }
    }
  }
}
