import Crypto
import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

private let loopback = ["127.0.0.0/8", "::1/128"]

private func connection(_ port: Int, _ more: JSONObject = [:], security: String = "none") -> Connection {
  var address: JSONObject = [
    "host": "127.0.0.1", "port": .int(Int64(port)), "security": .string(security),
    "from": "Esteira – operações <esteira@example.com>",
  ]
  for member in more { address[member.key] = member.value }
  return Connection(
    namespace: "demo", name: "mail", kind: "smtp", address: .object(address), allowedEgress: loopback)
}

@Suite("An e-mail", .timeLimit(.minutes(1)))
struct EmailTests {
  private func send(
    _ sink: MailSink, _ with: JSON, effect: EffectClass = .once, _ bench: Bench
  ) async throws(Failure) -> JSON {
    try await EmailSend().execute(bench.attempt(with, effect: effect, connection: connection(sink.port)))
      .value
  }

  @Test("goes to all whom it names, and shows no hidden ones")
  func recipients() async throws {
    let (bench, sink) = (try Bench(), try MailSink())
    let with: JSON = [
      "to": "Ana Souza <ana@example.com>", "cc": ["b@example.com"], "bcc": ["c@example.com"],
      "reply_to": "d@example.com", "subject": "Relatório: ação", "text": "Olá\n.\n",
    ]
    let value = try await send(sink, with, bench)
    #expect(value["message_id"] == "<k1@127.0.0.1>")
    #expect(value["recipients"] == ["ana@example.com", "b@example.com", "c@example.com"])
    let said = sink.said
    let commands = said.filter { $0.hasPrefix("MAIL FROM") || $0.hasPrefix("RCPT TO") }
    #expect(commands.first?.hasPrefix("MAIL FROM:<esteira@example.com>") == true)
    #expect(
      commands.dropFirst() == [
        "RCPT TO:<ana@example.com>", "RCPT TO:<b@example.com>", "RCPT TO:<c@example.com>",
      ])
    #expect(said.contains("To: \"Ana Souza\" <ana@example.com>") && said.contains("Cc: b@example.com"))
    #expect(said.contains("Subject: =?UTF-8?B?UmVsYXTDs3JpbzogYcOnw6Nv?="))
    #expect(said.contains("Message-ID: <k1@127.0.0.1>"))
    #expect(!said.contains { $0.hasPrefix("Bcc") || ($0.contains("c@") && !$0.hasPrefix("RCPT")) })
    sink.stop()
  }

  @Test(
    "whose end is unknown is lost where it must go out once, and tried again where it may go twice",
    arguments: [
      (MailSink.End.leavesAfterData, EffectClass.once, ErrorClass.lost, "effect-unknown"),
      (.leavesAfterData, .keyed, .transient, "interrupted"),
      (.leavesBeforeData, .once, .transient, "interrupted"),
    ])
  func broken(end: MailSink.End, effect: EffectClass, errorClass: ErrorClass, code: String) async throws {
    let (bench, sink) = (try Bench(), try MailSink(end))
    let found = await failure { () async throws(Failure) in
      try await send(sink, ["to": "ana@example.com", "subject": "S", "text": "T"], effect: effect, bench)
    }
    #expect(found?.errorClass == errorClass && found?.code == code, "\(found?.message ?? "")")
    sink.stop()
  }

  @Test("tells of an event in words, under an id that is the same for each try")
  func destination() async throws {
    let sink = try MailSink()
    var environment = AttemptEnvironment.none
    environment.connection = { (_, _) throws(Failure) in connection(sink.port) }
    let event: JSON = [
      "specversion": "1.0", "type": "esteira.job.failed", "subject": "0199",
      "data": [
        "namespace": "demo", "pipeline": "daily", "status": "failed",
        "error": ["class": "data", "message": "No\r\nBcc: evil@example.com"],
      ],
    ]
    let outcome = await MailDestination(
      .init(namespace: "demo", connection: "mail", to: ["ana@example.com"]), environment: environment,
      now: { Timestamp(microseconds: 1_760_000_000_000_000) }
    ).deliver(
      OutgoingMessage(id: "evt_1", type: "esteira.job.failed", namespace: "demo", body: event.serialized()))
    #expect(outcome.verdict == .delivered, "\(outcome.message)")
    let said = sink.said
    #expect(said.contains("Subject: [Esteira] demo/daily job failed: No  Bcc: evil@example.com"))
    #expect(said.contains("Message-ID: <evt_1@127.0.0.1>") && said.contains("status: failed"))
    #expect(!said.contains { $0.hasPrefix("Bcc:") && $0.contains("RCPT") })
    #expect(said.filter { $0.hasPrefix("RCPT TO") } == ["RCPT TO:<ana@example.com>"])
    sink.stop()
    let later = await MailDestination(
      .init(namespace: "demo", connection: "mail", to: ["ana@example.com"]), environment: environment,
      now: { Timestamp(microseconds: 0) }
    ).deliver(OutgoingMessage(id: "e", type: "t", namespace: "demo", body: []))
    #expect(later.verdict == .retry(after: nil) && later.code == "unreachable")
  }
}

@Suite(
  "A mail server (aiosmtpd)",
  .enabled(
    if: Service.hasModule("aiosmtpd"), "aiosmtpd is absent: scripts/setup.sh tests installs it."),
  .timeLimit(.minutes(2)))
struct MailServerTests {
  private struct Taken: Decodable {
    var from, data: String
    var to: [String]
    var tls: Bool
    var user: String?
  }

  /// The certificate of `localhost`, and its key.
  private static func certificate(_ bench: Bench) throws -> [String] {
    let files = ["cert", "key"].map { "\(bench.root)/\($0).pem" }
    let made = Service.run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout",
        files[1],
      ])
    try #require(made)
    return files
  }

  private static func server(
    _ sink: Service, _ security: MailServer.Security, trusting certificate: String? = nil
  ) throws -> MailServer {
    var server = try #require(
      MailServer(host: "localhost", port: Int(sink.greeting), security: security))
    (server.egress, server.certificates) = (Egress(allow: loopback.compactMap { CIDR($0) }), certificate)
    return server
  }

  private static func message() throws -> MailMessage {
    MailMessage(
      from: try #require(MailAddress("esteira@example.com")),
      to: [try #require(MailAddress("a@example.com"))],
      subject: "S", text: "T", id: "1@x", date: 1_760_000_000)
  }

  private static func fault(_ work: () async throws -> Void) async -> MailFault? {
    do {
      try await work()
      return nil
    } catch { return error as? MailFault }
  }

  @Test("gets text, HTML and attachments that another program reads as they were")
  func whole() async throws {
    let bench = try Bench()
    let sink = try #require(Service("smtp_sink.py", ["plain"]))
    let port = try #require(Int(sink.greeting))
    let table = bench.keep("nome;valor\nação;1\n", name: "relatório \"1\".csv", mediaType: "text/csv")
    let with: JSON = [
      "to": ["Ana <ana@example.com>"], "subject": .string(String(repeating: "ação ", count: 30)),
      "text": "Olá\n.linha com ponto\n", "html": "<p>Olá</p>", "attachments": [table.json],
    ]
    _ = try await EmailSend().execute(bench.attempt(with, connection: connection(port)))
    let taken = try JSONDecoder().decode(Taken.self, from: Data(try #require(sink.line()).utf8))
    #expect(taken.from == "esteira@example.com" && taken.to == ["ana@example.com"] && !taken.tls)
    // Python's own reader of mail, which had no part in writing it.
    let script = """
      import email, email.policy, json, sys
      m = email.message_from_string(open(sys.argv[1]).read(), policy=email.policy.default)
      part = list(m.iter_attachments())[0]
      print(json.dumps([m["subject"], m["from"], m.get_body(("plain",)).get_content(),
        m.get_body(("html",)).get_content(), part.get_filename(), part.get_payload(decode=True).decode(),
        max(len(l) for l in open(sys.argv[1]))]))
      """
    let file = bench.root + "/mail"
    try taken.data.replacingOccurrences(of: "\r\n", with: "\n")
      .write(toFile: file, atomically: true, encoding: .utf8)
    let read = try JSON(parsing: Array(try Self.python(script, [file]).utf8)).array ?? []
    #expect(read.count == 7)
    #expect(read[0] == .string(String(repeating: "ação ", count: 30)))
    #expect(read[1] == "Esteira – operações <esteira@example.com>")
    #expect(read[2].string?.replacingOccurrences(of: "\r", with: "") == "Olá\n.linha com ponto\n")
    #expect(read[3].string?.hasPrefix("<p>Olá</p>") == true)
    #expect(read[4] == "relatório \"1\".csv")
    #expect(read[5].string == "nome;valor\nação;1\n")
    #expect((read[6].int ?? 999) <= 100)
  }

  private static func python(_ script: String, _ arguments: [String]) throws -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/python3")
    (process.arguments, process.standardOutput) = (["-c", script] + arguments, output)
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  @Test("hears a password only over a connection that became secure, and only a right one helps")
  func login() async throws {
    let bench = try Bench()
    let files = try Self.certificate(bench)
    let sink = try #require(Service("smtp_sink.py", ["login"] + files))
    var server = try Self.server(sink, .starttls, trusting: files[0])
    server.login = ("ana", "s3cret")
    try await server.send(Self.message())
    let taken = try JSONDecoder().decode(Taken.self, from: Data(try #require(sink.line()).utf8))
    #expect(taken.tls && taken.user == "ana")
    server.login = ("ana", "wrong")
    let wrong = server
    let found = await Self.fault { try await wrong.send(Self.message()) }
    guard case .login = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test("that nobody trusts, or that has no secure connection, gets nothing")
  func insecure() async throws {
    let bench = try Bench()
    let files = try Self.certificate(bench)
    let secure = try #require(Service("smtp_sink.py", ["tls"] + files))
    let strange = try Self.server(secure, .starttls)
    let found = await Self.fault { try await strange.send(Self.message()) }
    guard case .network(.tls) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    let open = try #require(Service("smtp_sink.py", ["plain"]))
    let plain = try Self.server(open, .starttls)
    #expect(await Self.fault { try await plain.send(Self.message()) } == .insecure)
  }

  @Test("that refuses says why: for good, or for now")
  func refused() async throws {
    for (mode, reply) in [("refuse", 550), ("later", 451)] {
      let sink = try #require(Service("smtp_sink.py", [mode]))
      let server = try Self.server(sink, .none)
      let found = await Self.fault { try await server.send(Self.message()) }
      guard case .refused(let number, let text) = found else {
        Issue.record("\(mode): \(String(describing: found))")
        continue
      }
      #expect(number == reply && text.contains("\(reply)"), "\(text)")
    }
  }
}
