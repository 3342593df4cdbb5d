import Foundation
import Model
import Testing

/// What is asked of a server while it is stopped waits in its socket.
@Suite("What is said to a server while it is stopped", .timeLimit(.minutes(5)))
struct PausedRequestTests {
  private static let pipelines = [
    "hello": """
    apiVersion: esteira/v1
    id: hello
    namespace: demo
    triggers: {inbox: {queue: {connection: c, queue: q}}}
    steps:
      one: {uses: json.transform, with: {value: 1, expression: value + 1}}

    """,
    "review": """
    apiVersion: esteira/v1
    id: review
    namespace: demo
    steps:
      review: {ask: {title: Publish?, choices: {publish: {approves: true}}}}

    """,
  ]

  /// A server with a job that waits for an answer.
  private struct Begun {
    let installation: Installation
    let life: Life
    let job: String
    let ask: String
    let shown: String

    init() throws {
      installation = try Installation()
      life = try Life(installation, nil, Ledger())
      for (name, text) in PausedRequestTests.pipelines {
        try installation.write("\(name).yaml", text)
        try life.apply("\(name).yaml", as: "demo/\(name)")
      }
      try installation.write("message.json", "{\"number\": 1}\n")
      job = try #require(try life.start("demo/review", key: "review"))
      while try life.run("job", "get", job, "-o", "json").json?["status"] != "waiting" {}
      ask = try life.run("ask", "ls", "-o", "id").output.trimmingCharacters(in: .whitespacesAndNewlines)
      shown = try life.run("ask", "get", ask, "-o", "json").json?["shown_sha256"]?.string ?? ""
    }

    /// Two starts, two messages and two answers, each the same as the other.
    func pairs() throws -> [[SocketRequest]] {
      let start: JSON = ["idempotency_key": "start"]
      let message: JSON = ["message": ["number": 1], "idempotency_key": "message"]
      let answer: JSON = ["choice": "publish", "shown_sha256": .string(shown)]
      let places = [
        ("/pipelines/demo~hello/execute", start), ("/pipelines/demo~hello/triggers/inbox/messages", message),
        ("/asks/\(ask)/answer", answer),
      ]
      return try places.map { path, body in
        try (0..<2).map { _ in try SocketRequest(installation, path, body) }
      }
    }

    /// The jobs of both keys, by commands that repeat what was asked for.
    func repeated(_ life: Life) throws -> [String] {
      let started = try #require(try life.start("demo/hello", key: "start"))
      let sent = try life.run(
        "trigger", "send", "demo/hello", "inbox", "--message", installation.place("message.json"),
        "--idempotency-key", "message", "-o", "json")
      return [started, try #require(sent.json?["jobs"]?.array?.first?.string)]
    }

    /// Each of the two jobs ran once, the question was answered once, and there is nothing else.
    func check(_ life: Life, _ jobs: [String]) throws {
      for each in jobs + [job] {
        let (status, lines) = try life.follow(each)
        #expect(status == 0)
        life.ledger.check(each, history: lines, steps: 1)
        #expect(try life.run("job", "replay", each).status == 0)
      }
      let all = try life.run("job", "ls", "-o", "id").output.split(separator: "\n").map(String.init)
      #expect(Set(all) == Set(jobs + [job]) && Set(all).count == 3)
      let answers = try life.run("ask", "get", ask, "-o", "json").json?["answers"]?.array ?? []
      #expect(answers.count { $0["counts"] == true } == 1, "\(answers)")
      #expect(life.ledger.faults == [])
    }
  }

  @Test("is done once when it goes on, however often it was said")
  func goesOn() async throws {
    try await onOwnThread {
      let begun = try Begun()
      let server = begun.life.server.process.processIdentifier
      try stopProcess(server)
      let pairs = try begun.pairs()
      // Its client has hung up before anybody read it.
      _ = try SocketRequest(
        begun.installation, "/pipelines/demo~hello/execute", ["idempotency_key": "start"])
      kill(server, SIGCONT)
      let answers = pairs.map { $0.map { $0.answer() } }
      for pair in answers {
        // The second answer finds a question that is decided, and perhaps a job that has ended.
        let statuses = pair.map { $0?.status ?? 0 }
        #expect(statuses.contains { (200..<300).contains($0) }, "\(pair)")
        #expect(statuses.allSatisfy { (200..<300).contains($0) || $0 == 409 }, "\(pair)")
      }
      let started = Set(answers[0].compactMap { $0?.body?["id"]?.string })
      let sent = Set(answers[1].compactMap { $0?.body?["jobs"]?.array?.first?.string })
      #expect(answers[0].count { $0?.body?["new"] == true } <= 1)
      #expect(started.count == 1 && sent.count == 1, "\(started) \(sent)")
      #expect(try begun.repeated(begun.life) == [started.first, sent.first])
      try begun.check(begun.life, Array(started) + Array(sent))
      begun.life.server.stop()
    }
  }

  @Test("was said to nobody when it is killed before it goes on, and may be said again")
  func neverGoesOn() async throws {
    try await onOwnThread {
      let begun = try Begun()
      let server = begun.life.server.process.processIdentifier
      try stopProcess(server)
      let pairs = try begun.pairs()
      kill(server, SIGKILL)
      begun.life.server.waitForDeath()
      for request in pairs.joined() { #expect(request.answer() == nil) }
      let next = try Life(begun.installation, nil, begun.life.ledger)
      // Once for each that was not heard, and once more.
      let jobs = try begun.repeated(next)
      #expect(try begun.repeated(next) == jobs)
      #expect(try next.answer("publish") || next.answer("publish"))
      try begun.check(next, jobs)
      next.server.stop()
    }
  }
}

/// Returns when the process has stopped.
func stopProcess(_ process: Int32) throws {
  try #require(kill(process, SIGSTOP) == 0)
  var info = siginfo_t()
  // Its parent alone may wait for it, and leaves what it hears to others. Any other reads its state.
  if waitid(P_PID, id_t(process), &info, WSTOPPED | WNOWAIT) == 0 { return }
  var state = ""
  while !state.hasPrefix("T") {
    let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    state = text.components(separatedBy: ") ").last ?? ""
  }
}
