import Crypto
import Engine
import Foundation
import Glibc
import Model
import Synchronization
import Testing

@testable import Connectors

@Suite("A child process", .timeLimit(.minutes(1)))
struct ProcessTests {
  let shell = Shell(children: BuiltProgram.children)

  /// A script that tells its process id by a file, ignores SIGTERM if asked to, and stays.
  static func staying(_ file: String, stubborn: Bool = false, elsewhere: Bool = false) -> String {
    let trap = stubborn ? "trap '' TERM\n" : ""
    let start = elsewhere ? "setsid " : ""
    return """
      \(trap)\(start)sleep 300 &
      echo $! > \(file).new; mv \(file).new \(file)
      wait
      """
  }

  /// Waits until a file is there, by watching its folder.
  static func content(of path: String) async -> String {
    await OwnThread.run {
      while true {
        if let bytes = SmallFile.read(path, limit: 1_000) { return String(decoding: bytes, as: UTF8.self) }
        poll(nil, 0, 5)
      }
    }
  }

  static func isAlive(_ text: String) -> Bool {
    guard let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { return false }
    return ProcessTable.entry(of: pid) != nil
  }

  @Test(
    "is gone with all that it started when its attempt is cancelled",
    arguments: [(false, false), (true, false), (false, true)])
  func cancel(stubborn: Bool, elsewhere: Bool) async throws {
    let bench = try Bench()
    let file = bench.root + "/pid"
    let attempt = bench.attempt(
      ["run": .string(Self.staying(file, stubborn: stubborn, elsewhere: elsewhere))],
      grace: .milliseconds(stubborn ? 200 : 20_000))
    let shell = shell
    let running = Task { await failure { () async throws(Failure) in try await shell.execute(attempt) } }
    let pid = await Self.content(of: file)
    #expect(Self.isAlive(pid))
    let start = ContinuousClock.now
    running.cancel()
    let found = await running.value
    #expect(found?.errorClass == .cancelled && found?.code == "confirmed")
    #expect(!Self.isAlive(pid))
    #expect(start.duration(to: .now) < .seconds(10))
  }

  @Test("is asked to end with every process of it, also where these follow each other quickly")
  func succession() async throws {
    let bench = try Bench()
    let file = bench.root + "/pid"
    // Each process starts the next and ends: whoever signals those on a list finds them gone.
    let chain = """
      import itertools, os
      for number in itertools.count():
        if number == 100: open("\(file)", "x").close()
        if os.fork(): os._exit(0)
      """
    let run = "python3 -c '\(chain)' & sleep 300"
    let attempt = bench.attempt(["run": .string(run)], grace: .seconds(20))
    let shell = shell
    let running = Task { await failure { () async throws(Failure) in try await shell.execute(attempt) } }
    _ = await Self.content(of: file)
    let start = ContinuousClock.now
    running.cancel()
    #expect(await running.value?.code == "confirmed")
    #expect(start.duration(to: .now) < .seconds(10), "it was killed at the end of its grace")
  }

  @Test("does not wait for what it left running, and leaves nothing behind")
  func leftovers() async throws {
    let bench = try Bench()
    let file = bench.root + "/pid"
    let run = "setsid sleep 300 & echo $! > \(file); echo done"
    let value = try await shell.execute(bench.attempt(["run": .string(run)])).value
    #expect(value["stdout"] == "done")
    #expect(!Self.isAlive(await Self.content(of: file)))
  }

  @Test("is told from one that the system ended by a signal")
  func signal() async throws {
    let bench = try Bench()
    let found = await failure { () async throws(Failure) in
      try await shell.execute(bench.attempt(["run": "kill -SEGV $$"]))
    }
    #expect(found?.errorClass == .exit)
    #expect(found?.code == "killed-by-signal")
  }

  @Test("is ended when its node is killed, and nothing starts beside it: never two at once")
  func nodeKilled() async throws {
    let bench = try Bench()
    let (file, record) = (bench.root + "/pid", bench.root + "/processes/attempt-1")
    try FileManager.default.createDirectory(atPath: record, withIntermediateDirectories: true)
    let node = try PretendNode(
      record: record, script: Self.staying(file, stubborn: true), grace: 300, folder: bench.root)
    let pid = await Self.content(of: file)
    #expect(Self.isAlive(pid))
    node.kill()
    // The old child ignores SIGTERM and lives for its grace: the next attempt has to wait for its end.
    let run =
      "if kill -0 \(pid.trimmingCharacters(in: .newlines)) 2>/dev/null; then echo two; else echo one; fi"
    let previous = PreviousAttempt(number: 1, cause: "owner_restarted")
    let lost = bench.attempt(["run": .string(run)], effect: .keyed)
    #expect(try await shell.outcome(ofLost: lost) == nil)
    #expect(!Self.isAlive(pid))
    let next = try await shell.execute(
      bench.attempt(["run": .string(run)], number: 2, effect: .keyed, previous: previous))
    #expect(next.value["stdout"] == "one")
    #expect(!Self.isAlive(pid))
  }

  @Test("is ended also where its supervisor is killed, and its end is then unknown")
  func supervisorKilled() async throws {
    let bench = try Bench()
    let file = bench.root + "/pid"
    let shell = shell
    let attempt = bench.attempt(["run": .string(Self.staying(file))])
    let running = Task { await failure { () async throws(Failure) in try await shell.execute(attempt) } }
    let pid = await Self.content(of: file)
    let record = PreviousChildren(of: attempt).recordFolder(attempt: 1)
    _ = await Self.content(of: record + "/started")
    kill(try #require(StartedRecord.read(from: record)).supervisor, SIGKILL)
    #expect(await running.value?.errorClass == .lost)
    #expect(!Self.isAlive(pid))
  }

  @Test("that had ended when its node died is not run again: its end is taken from its record")
  func knownEnd() async throws {
    let bench = try Bench()
    let file = bench.root + "/runs"
    let run: JSON = ["run": .string("echo x >> \(file); echo '{\"n\": 7}' > $ESTEIRA_OUTPUT")]
    let first = try await shell.execute(bench.attempt(run))
    #expect(try await shell.outcome(ofLost: bench.attempt(run)) == first)
    #expect(try await shell.outcome(ofLost: bench.attempt(run, number: 2)) == nil)
    #expect(await Self.content(of: file) == "x\n")
    let failing = bench.attempt(["run": "exit 75"], number: 3)
    let known = await failure { () async throws(Failure) in try await shell.execute(failing) }
    let found = await failure { () async throws(Failure) in
      try await shell.outcome(ofLost: bench.attempt(["run": "exit 75"], number: 3))
    }
    #expect(found == known && found?.errorClass == .transient)
  }

  @Test("has no descriptor of its supervisor but the lock")
  func descriptors() async throws {
    let bench = try Bench()
    let run = "for name in /proc/$$/fd/*; do echo ${name##*/}=$(readlink $name || true); done"
    let value = try await shell.execute(bench.attempt(["run": .string(run)])).value
    let lines = try #require(value["stdout"]?.string)
    #expect(lines.contains("200=") && lines.contains("/lock") && !lines.contains("socket:"), "\(lines)")
  }

  @Test("has an end that counts only whole, and that goes when it is needed no more")
  func outcome() async throws {
    let bench = try Bench()
    let attempt = bench.attempt(["run": "echo private"])
    _ = try await shell.execute(attempt)
    let folder = PreviousChildren(of: attempt).recordFolder(attempt: 1)
    let path = folder + "/outcome"
    let bytes = try #require(SmallFile.read(path, limit: 100_000))
    let modes = try [path, folder].map {
      try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
    }
    #expect(modes == [0o600, 0o700])
    #expect(ScriptOutcome.read(from: folder) != nil)
    for damaged in [Array(bytes.dropLast()), bytes.map { $0 == UInt8(ascii: "v") ? 0 : $0 }, []] {
      #expect(AtomicFile.write(damaged, to: path, durable: false))
      #expect(ScriptOutcome.read(from: folder) == nil)
    }
    ChildProcesses.removeOutcome(below: bench.root + "/processes", attempt: 1)
    #expect(Folders.kind(of: path) == nil)
    #expect(SupervisorReport.read(from: folder)?.end == .exited(0))
  }

  @Test("still starts when the process that forks supervisors was killed; those it forked live on")
  func forkerKilled() async throws {
    let bench = try Bench()
    let children = ChildProcesses(supervisor: BuiltProgram.path, limit: 4)
    let own = Shell(children: children)
    let file = bench.root + "/pid"
    let run = "echo $$ > \(file).new; mv \(file).new \(file); read x < \(file).go; echo on"
    let attempt = bench.attempt(["run": .string(run)])
    #expect(mkfifo(file + ".go", 0o600) == 0)
    let running = Task { try await own.execute(attempt).value }
    _ = await Self.content(of: file)
    let record = PreviousChildren(of: attempt).recordFolder(attempt: 1)
    _ = await Self.content(of: record + "/started")
    let supervisor = try #require(StartedRecord.read(from: record)).supervisor
    let forker = try #require(ProcessTable.entry(of: supervisor)).parent
    #expect(forker != getpid())
    kill(forker, SIGKILL)
    let next = try await own.execute(try Bench().attempt(["run": "echo next"])).value
    #expect(next["stdout"] == "next")
    await OwnThread.run {
      FileHandle(forWritingAtPath: file + ".go")?.write(Data("x\n".utf8))
    }
    #expect(try await running.value["stdout"] == "on")
  }

  @Test("waits for its place, and gives it up when cancelled")
  func slots() async throws {
    let slots = ChildSlots(limit: 1)
    #expect(await slots.take())
    let waiting = Task { await slots.take() }
    waiting.cancel()
    #expect(await waiting.value == false)
    let next = Task { await slots.take() }
    slots.release()
    #expect(await next.value)
  }

  @Test("is told its orders in bytes that read back as they were written, and by no others")
  func orders() {
    var order = SupervisorOrder(
      folder: "/f", workFolder: "/w", grace: 5, program: "/bin/x", arguments: ["x", "", "two\nlines", "é"])
    #expect(SupervisorOrder(bytes: order.bytes) == order)
    order.extras = 2
    order.limits = [.init(resource: 4, value: 0), .init(resource: 9, value: .max)]
    order.environment = ["A=", "B=1=2"]
    #expect(SupervisorOrder(bytes: order.bytes) == order)
    for length in 0..<order.bytes.count {
      #expect(SupervisorOrder(bytes: Array(order.bytes.prefix(length))) == nil)
    }
    #expect(SupervisorOrder(bytes: order.bytes + [0]) == nil)
  }
}

/// A process that stands for a node: it holds the socket to a supervisor and can be killed by SIGKILL.
struct PretendNode {
  private let process = Process()

  /// Python holds the socket here, because the tests' own process cannot be killed.
  init(record: String, script: String, grace: Int, folder: String) throws {
    let file = folder + "/script"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    var order = SupervisorOrder(
      folder: record, workFolder: "/", grace: Int64(grace), program: "/bin/bash", arguments: ["bash", file])
    order.environment = ["PATH=" + ScriptCommand.searchPath]
    let code = """
      import os, socket, subprocess, sys, time
      ours, theirs = socket.socketpair()
      def place():
        os.dup2(theirs.fileno(), 3); os.set_inheritable(3, True)
      subprocess.Popen([sys.argv[1], "supervise"], preexec_fn=place, pass_fds=[3])
      theirs.close()
      life, supervisors = socket.socketpair()
      socket.send_fds(ours, [bytes(4)], [0, 1, 2, supervisors.fileno()])
      supervisors.close()
      assert ours.recv(4) == bytes(4)
      order = bytes.fromhex(sys.argv[2])
      life.sendall(len(order).to_bytes(8, "little") + order)
      time.sleep(300)
      """
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-c", code, BuiltProgram.path, Hex.encode(order.bytes)]
    try process.run()
  }

  func kill() {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
