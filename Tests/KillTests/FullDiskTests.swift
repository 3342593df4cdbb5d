import Foundation
import Model
import Testing

/// A data folder on a disk of a few MiB that only some processes see.
private final class SmallDisk {
  let installation: Installation
  private let holder: Process
  /// What the server says on standard error.
  var errors: String { installation.place("errors") }
  private var fill: String { installation.data + "/fill" }

  /// What makes a place where disks can be mounted, as this user may; nil where he may not.
  static let unshare: [String]? = [["-m"], ["-rm"]].first { flags in
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = flags + ["mount", "-t", "tmpfs", "none", "/mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  init() throws {
    installation = try Installation()
    let (data, ready) = (installation.data, Pipe())
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    #expect(FileManager.default.createFile(atPath: installation.place("errors"), contents: nil))
    let flags = try #require(Self.unshare)
    holder = Process()
    holder.executableURL = URL(filePath: "/usr/bin/unshare")
    holder.arguments =
      flags + [
        "sh", "-c", "mount -t tmpfs -o size=6m,mode=700 none '\(data)' && echo mounted && exec sleep 600",
      ]
    holder.standardOutput = ready
    try holder.run()
    // Nothing else comes: the pipe stays open as long as the disk is held.
    #expect(ready.fileHandleForReading.availableData == Data("mounted\n".utf8))
  }

  deinit {
    holder.terminate()
    holder.waitUntilExit()
  }

  /// The words before a program that shall see the disk.
  var entering: [String] {
    let user = Self.unshare == ["-rm"] ? ["-U", "--preserve-credentials"] : []
    return ["/usr/bin/nsenter", "-t", "\(holder.processIdentifier)"] + user + ["-m"]
  }

  func run(_ arguments: String...) throws -> Installation.Answer { try run(arguments) }

  func run(_ arguments: [String]) throws -> Installation.Answer {
    try installation.run(entering + [Installation.binary.path] + arguments)
  }

  /// The jobs that wait for their signal, or did.
  func waits() throws -> [String] {
    let jobs = try run("job", "ls", "--pipeline", "demo/waits", "-o", "id")
    #expect(jobs.status == 0)
    return jobs.output.split(separator: "\n").map(String.init)
  }

  func start() throws -> Installation.Server {
    try installation.startServer([:], through: entering, errors: errors)
  }

  func fillUp() throws {
    let answer = try installation.run(entering + ["/bin/sh", "-c", "cat /dev/zero > '\(fill)'"])
    #expect(answer.status != 0, "The disk is full now.")
  }

  func free() throws { #expect(try installation.run(entering + ["/bin/rm", fill]).status == 0) }

  /// A command under way.
  func begin(_ arguments: String...) throws -> (process: Process, output: Pipe) {
    let (process, output) = (Process(), Pipe())
    let whole = entering + [Installation.binary.path] + arguments
    process.executableURL = URL(filePath: whole[0])
    process.arguments = Array(whole.dropFirst())
    process.environment = installation.environment([:])
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, output)
  }

  func saidOnErrors() throws -> String { try String(contentsOfFile: errors, encoding: .utf8) }
}

extension Installation.Answer {
  fileprivate var id: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
}

@Suite(
  "A disk that is full", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: SmallDisk.unshare != nil, "needs a user who may mount a tmpfs in a namespace of his own"))
struct FullDiskTests {
  private static let file = """
    apiVersion: esteira/v1
    id: waits
    namespace: demo
    inputs: {k: {type: string}}
    steps:
      arrive: {wait: {signal: {name: go, key: "${{ inputs.k }}"}}}
      after: {needs: [arrive], uses: json.transform, with: {value: {k: "${{ inputs.k }}"}, expression: value}}
    """

  /// It writes by itself, over and over, with nobody asking.
  private static let busy = """
    apiVersion: esteira/v1
    id: busy
    namespace: demo
    steps:
      again:
        uses: json.transform
        with: {value: {n: "${{ iteration }}"}, expression: value}
        repeat: {max: 2000, until: "${{ false }}", delay: 100ms}
    """

  /// A disk with a server, a job that has been acknowledged, and one that keeps the store busy.
  private func prepared() throws -> (SmallDisk, Installation.Server, first: String) {
    let disk = try SmallDisk()
    try disk.installation.write("waits.yaml", Self.file)
    let server = try disk.start()
    try disk.installation.write("busy.yaml", Self.busy)
    for file in ["waits.yaml", "busy.yaml"] {
      let applied = try disk.run("pipeline", "apply", disk.installation.place(file))
      try #require(applied.status == 0, "\(applied.output)")
    }
    let busy = try disk.run("job", "start", "demo/busy", "-o", "id")
    try #require(busy.status == 0)
    let first = try disk.run("job", "start", "demo/waits", "--input", "k=first", "-o", "id")
    try #require(first.status == 0)
    return (disk, server, first.id)
  }

  private func end(_ job: String, key: String, on disk: SmallDisk) throws {
    #expect(try disk.run("signal", "send", "demo/go", "--key", key).status == 0)
    #expect(try disk.run("job", "watch", job, "-q").status == 0)
    #expect(try disk.run("job", "replay", job).status == 0)
  }

  @Test("lets the server refuse, keep what it acknowledged, and go on by itself when there is room")
  func goesOn() throws {
    let (disk, server, first) = try prepared()
    defer { server.stop() }
    try disk.fillUp()
    try disk.installation.waitForLines(1, in: disk.errors)
    #expect(try disk.saidOnErrors().contains("[store-full]"))

    let refused = try disk.run("job", "start", "demo/waits", "--input", "k=new", "-o", "json")
    #expect(refused.status == 7, "\(refused.output)")
    #expect(try disk.run("job", "get", first, "-o", "json").json?["status"] == "waiting")
    #expect(try disk.waits() == [first], "What is not stored is not shown.")

    try disk.free()
    try disk.installation.waitForLines(2, in: disk.errors)
    let ask = ["job", "start", "demo/waits", "--input", "k=kept", "--idempotency-key", "kept", "-o", "id"]
    let (second, again) = (try disk.run(ask), try disk.run(ask))
    #expect(second.status == 0 && again.id == second.id)
    try end(first, key: "first", on: disk)
    try end(second.id, key: "kept", on: disk)
    #expect(!server.hasDied())
    #expect(try disk.waits().count == 2)
  }

  @Test("and a server that is killed then: what was acknowledged is there when there is room")
  func killed() throws {
    let (disk, server, first) = try prepared()
    try disk.fillUp()
    let lost = try disk.begin("job", "start", "demo/waits", "--input", "k=lost", "-o", "id")
    try disk.installation.waitForLines(1, in: disk.errors)
    kill(server.process.processIdentifier, SIGKILL)
    server.waitForDeath()
    lost.process.waitUntilExit()
    #expect(lost.process.terminationStatus != 0, "It was never acknowledged.")
    try disk.free()
    let next = try disk.start()
    defer { next.stop() }
    #expect(try disk.waits() == [first])
    try end(first, key: "first", on: disk)
  }
}

/// A library before the system's, which lets calls fail once a file is there.
private struct FailingDisk {
  let library: String
  let flag: String

  static let compiler = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private static let source = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    static int fails(const char *call) {
      const char *wanted = getenv("FAILING_CALL"), *flag = getenv("FAILING_FLAG");
      return wanted && flag && !strcmp(wanted, call) && access(flag, F_OK) == 0;
    }
    static int sync_with(long number, int file) {
      if (fails("fsync")) { errno = EIO; return -1; }
      return (int)syscall(number, file);
    }
    int fsync(int file) { return sync_with(SYS_fsync, file); }
    int fdatasync(int file) { return sync_with(SYS_fdatasync, file); }
    ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
      if (fails("write")) { errno = EROFS; return -1; }
      return syscall(SYS_pwrite64, file, bytes, count, offset);
    }
    ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
      return pwrite64(file, bytes, count, offset);
    }
    """

  init(_ installation: Installation) throws {
    (library, flag) = (installation.place("failing.so"), installation.place("fails"))
    try installation.write("failing.c", Self.source)
    let compiler = try #require(Self.compiler)
    let built = try installation.run(
      [compiler, "-shared", "-fPIC", "-o", library, installation.place("failing.c")])
    #expect(built.status == 0)
  }

  func hooks(_ call: String) -> [String: String] {
    ["LD_PRELOAD": library, "FAILING_CALL": call, "FAILING_FLAG": flag]
  }
}

@Suite(
  "A disk that fails", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: FailingDisk.compiler != nil, "needs a C compiler"))
struct FailingDiskTests {
  @Test(
    "ends the server with a sentence, and nothing that was acknowledged is lost",
    arguments: ["fsync", "write"])
  func ends(_ call: String) throws {
    let installation = try Installation()
    let disk = try FailingDisk(installation)
    try installation.write(
      "one.yaml",
      """
      apiVersion: esteira/v1
      id: one
      namespace: demo
      steps: {work: {uses: json.transform, with: {value: {n: 1}, expression: value}}}
      """)
    let errors = installation.place("errors")
    #expect(FileManager.default.createFile(atPath: errors, contents: nil))
    let server = try installation.startServer(disk.hooks(call), errors: errors)
    try #require(try installation.run("pipeline", "apply", installation.place("one.yaml")).status == 0)
    let known = try installation.run(
      "job", "start", "demo/one", "--idempotency-key", "a", "--watch", "-o", "id")
    #expect(known.status == 0)

    #expect(FileManager.default.createFile(atPath: disk.flag, contents: nil))
    let unknown = try installation.run("job", "start", "demo/one", "--idempotency-key", "b", "-o", "id")
    #expect(unknown.status != 0, "Nothing is acknowledged.")
    server.waitForDeath()
    #expect(server.process.terminationStatus == 7)
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(said.contains("[store-broken]"), "\(said)")

    try FileManager.default.removeItem(atPath: disk.flag)
    let next = try installation.startServer([:])
    defer { next.stop() }
    for key in ["a", "b"] {
      let job = try installation.run("job", "start", "demo/one", "--idempotency-key", key, "-o", "id")
      if key == "a" { #expect(job.output == known.output) }
      #expect(try installation.run("job", "watch", job.id, "-q").status == 0)
    }
    #expect(try installation.sql("SELECT count(*) FROM job_executions") == ["2"])
  }
}
