import Foundation
import Model
import Testing

/// One life of a server, by those who speak to it while it lives. Every command may fail, because the server
/// may be gone; what one of them says that it did stands in the ledger.
struct Life {
  /// A command that does not end by then is ended, which is a fault.
  private static let limit: Int32 = 120

  let installation: Installation
  let server: Installation.Server
  let ledger: Ledger

  init(_ installation: Installation, _ fault: Fault?, _ ledger: Ledger) throws {
    (self.installation, self.ledger) = (installation, ledger)
    server = try installation.startServer(fault.map { try $0.environment(installation) } ?? [:])
  }

  func apply(_ file: String, as pipeline: String) throws {
    if try run("pipeline", "apply", installation.place(file)).status == 0 { ledger.applied(pipeline) }
  }

  /// The job of this key, new or there already; nil where nobody answered.
  func start(_ pipeline: String, key: String, inputs: String? = nil) throws -> String? {
    let inputs = inputs.map { ["--inputs", installation.place($0)] } ?? []
    let answer = try run(["job", "start", pipeline, "--idempotency-key", key, "-o", "id"] + inputs)
    guard answer.status == 0 else { return nil }
    let job = answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    ledger.started(key, job)
    return job
  }

  /// Follows a job until it ends, asks, or the server is gone; what came until then was acknowledged. At most
  /// for a time, where the job may wait for somebody.
  @discardableResult
  func follow(_ job: String, atMost time: String? = nil) throws -> (status: Int32, lines: [String]) {
    let limit = time.map { ["--timeout", $0] } ?? []
    let answer = try run(["job", "watch", job, "-o", "jsonl"] + limit)
    // The last line may have been cut.
    let whole = answer.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let lines = whole.map(String.init)
    ledger.saw(lines, of: job)
    return (answer.status, lines)
  }

  /// Answers the first open question; true once there is none.
  func answer(_ choice: String) throws -> Bool {
    let asks = try run("ask", "ls", "-o", "id")
    guard asks.status == 0 else { return false }
    guard let ask = asks.output.split(separator: "\n").first.map(String.init) else { return true }
    ledger.expect(ledger.answers[ask] == nil, "The question \(ask) was answered and is open again.")
    if try run("ask", "answer", ask, choice).status == 0 { ledger.answered(ask, choice) }
    return false
  }

  func run(_ arguments: String...) throws -> Installation.Answer { try run(arguments) }

  func run(_ arguments: [String]) throws -> Installation.Answer {
    let (process, pipe) = try installation.start(arguments)
    // Who follows a job would ask a dead server for seconds.
    let endsWithServer = arguments.starts(with: ["job", "watch"])
    let output = read(pipe, process.processIdentifier, endsWithServer)
    process.waitUntilExit()
    return Installation.Answer(status: process.terminationStatus, output: output)
  }

  private func read(_ pipe: Pipe, _ process: Int32, _ endsWithServer: Bool) -> String {
    let files = [pipe.fileHandleForReading.fileDescriptor, server.output.fileHandleForReading.fileDescriptor]
    var watched = files.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var output: [UInt8] = []
    while true {
      if poll(&watched, 2, Self.limit * 1_000) == 0 {
        ledger.complain("A command did not end within \(Self.limit) seconds.")
        kill(process, SIGKILL)
      }
      if watched[1].revents != 0, Self.take(files[1]) == nil {
        watched[1].fd = -1
        if endsWithServer { kill(process, SIGKILL) }
      }
      if watched[0].revents != 0 {
        guard let more = Self.take(files[0]) else { break }
        output += more
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// What there is to read; nil at the end.
  private static func take(_ file: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = Foundation.read(file, &bytes, bytes.count)
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  /// Returns when the file has so many different lines or the server is gone.
  func waitForLines(_ count: Int, in file: String) throws {
    let watch = inotify_init1(Int32(IN_CLOEXEC))
    defer { close(watch) }
    #expect(inotify_add_watch(watch, file, UInt32(IN_MODIFY)) >= 0)
    let files = [watch, server.output.fileHandleForReading.fileDescriptor]
    while try Set(String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")).count < count {
      var watched = files.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      if poll(&watched, 2, Self.limit * 1_000) == 0 {
        return ledger.complain("\(file) did not come within \(Self.limit) seconds.")
      }
      if watched[1].revents != 0, Self.take(files[1]) == nil { return }
      if watched[0].revents != 0 { _ = Self.take(files[0]) }
    }
  }
}
