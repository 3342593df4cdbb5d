import Crypto
import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors
@testable import esteira

@Suite("Destinations of esteira.yaml", .timeLimit(.minutes(1)))
struct DestinationFileTests {
  private func file(_ text: String) throws -> ConfigFile {
    let folder = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try "destinations: \(text)".write(
      toFile: folder + "/esteira.yaml", atomically: true, encoding: .utf8)
    return ConfigFile(folder: folder)
  }

  @Test("are read with their plans, places and patterns")
  func read() throws {
    let found = try file(
      """

        - {name: ops, namespace: demo, kind: webhook, connection: hooks, path: /in, events: [esteira.job.*]}
        - {name: all, namespace: "*", kind: webhook, connection: ops/hooks, events: ["*"],
           pipelines: [pay-*, sales/daily], ordering: strict, retry: {tries: 4, pause: 10s, longest: 15s}}
        - {name: log, namespace: demo, kind: log, events: [esteira.ask.opened]}
        - {name: people, namespace: demo, kind: email, connection: mail, events: [esteira.alert.*],
           to: [ana@example.com, B <b@example.com>]}
        - {name: chat, namespace: demo, kind: slack, connection: slack, channel: C1,
           events: [esteira.alert.*]}
        - {name: room, namespace: "*", kind: teams, connection: demo/teams, events: [esteira.alert.*]}
      """
    ).destinations()
    #expect(
      found.map(\.place) == [
        .webhook(.init(namespace: "demo", connection: "hooks", path: "/in")),
        .webhook(.init(namespace: "ops", connection: "hooks")), nil,
        .email(.init(namespace: "demo", connection: "mail", to: ["ana@example.com", "B <b@example.com>"])),
        .chat(.slack, .init(namespace: "demo", connection: "slack", channel: "C1")),
        .chat(.teams, .init(namespace: "demo", connection: "teams", channel: nil)),
      ])
    #expect(found[3].destination.plan == .webhook)
    let (ops, all, log) = (found[0].destination, found[1].destination, found[2].destination)
    #expect(ops.namespace == "demo" && all.namespace == nil && ops.address == "demo/hooks/in")
    #expect(ops.plan == .webhook && log.plan == .internal && ops.ordering == .lane)
    #expect(all.ordering == .strict && all.pipelines.map(\.text) == ["pay-*", "sales/daily"])
    #expect(all.plan.pauses == [.seconds(10), .seconds(15), .seconds(15)])
    #expect(all.events == EventTypes(EventType.allCases))
    #expect(log.events == EventTypes([.askOpened]))
    #expect(ops.events.contains(.jobFailed) && !ops.events.contains(.stepFailed))
  }

  @Test(
    "stop the start where one cannot be understood, and name it",
    arguments: [
      "x", "[x]", "[{}]", "[{name: A}]", "[{name: ops}]", "[{name: ops, namespace: demo}]",
      "[{name: ops, namespace: demo, kind: fax, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: log}]", "[{name: ops, namespace: demo, kind: log, events: []}]",
      "[{name: ops, namespace: demo, kind: log, events: [esteira.job.fail]}]",
      "[{name: ops, namespace: demo, kind: log, events: [esteira.job*]}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], connection: a}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], to: [a@b.c]}]",
      "[{name: ops, namespace: demo, kind: email, connection: a, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: email, to: [a@b.c], events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: email, connection: a, to: [a], events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: email, connection: a, to: [a@b.c], path: /x, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: slack, connection: a, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: slack, connection: a, channel: \"\", events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: slack, channel: C1, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: teams, connection: a, channel: C1, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: teams, connection: a, path: /x, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: webhook, connection: a, channel: C1, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: webhook, events: [\"*\"]}]",
      "[{name: ops, namespace: \"*\", kind: webhook, connection: a, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: webhook, connection: a, path: in, events: [\"*\"]}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], url: x}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], pipelines: [a/b/c]}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], ordering: any}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], retry: {tries: 21}}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], retry: {tries: 2, pause: 0.5s}}]",
      "[{name: ops, namespace: demo, kind: log, events: [\"*\"], retry: {tries: 2, longest: 25h}}]",
      "[{name: a, namespace: d, kind: log, events: [\"*\"]}, "
        + "{name: a, namespace: d, kind: log, events: [\"*\"]}]",
    ])
  func refused(text: String) throws {
    let config = try file(text)
    let problem = #expect(throws: Problem.self) { try config.check() }
    #expect(problem?.code == "bad-config" && problem?.remedy != nil)
    if text.contains("name: ops, namespace: demo, ") {
      #expect(problem?.message.english.contains("the destination ops") == true)
    }
  }

  @Test("are no more than a hundred")
  func many() throws {
    let entries = (0...ConfiguredDestination.most).map {
      "{name: d\($0), namespace: demo, kind: log, events: [\"*\"]}"
    }
    #expect(throws: Problem.self) { try file("[\(entries.joined(separator: ", "))]").check() }
    try file("[\(entries.dropLast().joined(separator: ", "))]").check()
  }
}

@Suite("A webhook as a destination", .timeLimit(.minutes(1)))
struct WebhookDestinationTests {
  private static let now = Timestamp(microseconds: 1_760_000_000_000_000)
  private static let message = OutgoingMessage(
    id: "evt_1", type: "esteira.job.failed", namespace: "demo", body: Array(#"{"a":"é"}"#.utf8))

  private func destination(
    _ site: Site, secret: String? = "s3cret", former: [String] = [], allow: [String] = ["127.0.0.0/8"],
    kind: String = "http"
  ) -> WebhookDestination {
    var environment = AttemptEnvironment.none
    environment.connection = { (_, _) throws(Failure) in
      var connection = site.connection(secret == nil ? nil : "hook", allow: allow)
      connection.kind = kind
      return connection
    }
    environment.credential = { (_, _) throws(Failure) in
      var credential = Credential(name: "hook", type: "hmac", values: [("secret", Secret(secret ?? ""))])
      credential.former = former.map { ("secret", Secret($0)) }
      return credential
    }
    return WebhookDestination(
      .init(namespace: "demo", connection: "site", path: "/in"), client: site.client,
      environment: environment, now: { Self.now })
  }

  @Test(
    "is posted as it is and signed over exactly its bytes",
    arguments: ["s3cret", "whsec_" + Base64.encode(Array("s3cret".utf8))])
  func signed(secret: String) async throws {
    let site = try Site { _ in HTTPResponse(status: 204) }
    let outcome = await destination(site, secret: secret).deliver(Self.message)
    #expect(outcome == DeliveryOutcome(.delivered, status: 204))
    let request = try #require(site.asked.first)
    #expect(request.method == "POST" && request.target == "/in" && request.body == Self.message.body)
    #expect(request.headers["content-type"] == "application/cloudevents+json; charset=utf-8")
    #expect(request.headers["webhook-id"] == "evt_1")
    #expect(request.headers["webhook-timestamp"] == "1760000000")
    let code = HMACSHA256.code(
      key: Array("s3cret".utf8), message: Array("evt_1.1760000000.".utf8) + Self.message.body)
    #expect(request.headers["webhook-signature"] == "v1," + Base64.encode(code))
    await site.stop()
  }

  @Test("while a secret before the newest may still be used, each signs: five at most, the newest first")
  func overlap() async throws {
    let site = try Site { _ in HTTPResponse(status: 204) }
    let former = ["whsec_!", "whsec_" + Base64.encode(Array("b".utf8)), "c", "d", "e", "f"]
    _ = await destination(site, secret: "a", former: former).deliver(Self.message)
    let signed = Array("evt_1.1760000000.".utf8) + Self.message.body
    let expected = ["a", "b", "c", "d", "e"].map { key in
      "v1," + Base64.encode(HMACSHA256.code(key: Array(key.utf8), message: signed))
    }
    #expect(site.asked.first?.headers["webhook-signature"] == expected.joined(separator: " "))
    await site.stop()
  }

  @Test(
    "an answer means what happens next",
    arguments: [
      (410, DeliveryOutcome.Verdict.gone, "http-status"), (500, .retry(after: nil), "http-status"),
      (404, .retry(after: nil), "http-status"), (302, .retry(after: nil), "redirect"),
    ])
  func answers(status: Int, verdict: DeliveryOutcome.Verdict, code: String) async throws {
    let site = try Site { _ in
      var headers = HTTPHeaders()
      headers.add("location", "/elsewhere")
      return HTTPResponse(status: status, headers: headers)
    }
    let outcome = await destination(site).deliver(Self.message)
    #expect(outcome.verdict == verdict && outcome.status == status && outcome.code == code)
    #expect(site.asked.count == 1)
    await site.stop()
  }

  @Test("what it asks for as a pause is heard, in seconds or as a date")
  func retryAfter() async throws {
    for header in ["120", HTTPDate.text(1_760_000_120)] {
      let site = try Site { _ in
        var headers = HTTPHeaders()
        headers.add("retry-after", header)
        return HTTPResponse(status: 429, headers: headers)
      }
      let outcome = await destination(site).deliver(Self.message)
      #expect(outcome.verdict == .retry(after: .seconds(120)))
      await site.stop()
    }
  }

  @Test("nothing leaves unsigned, to a private address that is not allowed, or through another kind")
  func refused() async throws {
    let site = try Site { _ in HTTPResponse(status: 200) }
    let cases: [(WebhookDestination, String)] = [
      (destination(site, secret: nil), "no-secret"), (destination(site, secret: ""), "unusable-credential"),
      (destination(site, secret: "whsec_!"), "unusable-credential"),
      (destination(site, allow: []), "egress-refused"),
      (destination(site, allow: ["x"]), "invalid-connection"),
      (destination(site, kind: "folder"), "invalid-connection"),
    ]
    for (destination, code) in cases {
      let outcome = await destination.deliver(Self.message)
      #expect(outcome.verdict == .retry(after: nil) && outcome.code == code && outcome.status == nil)
      #expect(!outcome.message.contains("s3cret"))
    }
    #expect(site.asked.isEmpty)
    await site.stop()
    let gone = await destination(site).deliver(Self.message)
    #expect(gone.verdict == .retry(after: nil) && ["unreachable", "interrupted"].contains(gone.code))
  }
}
