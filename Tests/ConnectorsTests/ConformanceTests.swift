import Crypto
import Engine
import Foundation
import Model
import Net
import Pipelines
import Testing

@testable import Connectors

/// What one call of a connector needs of the world.
struct ConnectorCase: Sendable, CustomTestStringConvertible {
  var name: String
  var with: JSON
  var needsSite = false
  var testDescription: String { "\(name) \(with.text.prefix(60))" }

  /// At least one for each connector; `https://site` stands for the server's address.
  static let all: [ConnectorCase] =
    [
      Self(
        name: "shell",
        with: ["run": "echo '{\"n\": 1}' > $ESTEIRA_OUTPUT; echo a > $ESTEIRA_ARTIFACTS/a.txt"]),
      Self(name: "shell", with: ["run": "head -c 70000 /dev/zero | tr '\\0' x"]),
      Self(name: "python", with: ["run": "import json, os; json.dump([1], open('x', 'w')); print('é')"]),
      Self(name: "process.run", with: ["program": "/usr/bin/uname", "arguments": ["-s"]]),
      Self(name: "process.run", with: ["program": "/bin/sh", "arguments": ["-c", "exit 0"]]),
      Self(name: "http.request", with: ["path": "/json"], needsSite: true),
      Self(name: "http.request", with: ["method": "HEAD", "path": "/json"], needsSite: true),
      Self(name: "http.request", with: ["method": "POST", "path": "/empty", "json": .null], needsSite: true),
      Self(name: "http.download", with: ["path": "/t.csv", "parse": "csv"], needsSite: true),
      Self(name: "http.download", with: ["path": "/json", "parse": "json"], needsSite: true),
      Self(name: "http.download", with: ["path": "/empty"], needsSite: true),
      Self(name: "csv.read", with: ["path": "/t.csv"], needsSite: true),
      Self(name: "csv.read", with: ["text": ""]),
      Self(name: "feed.read", with: ["path": "/feed.xml"], needsSite: true),
      Self(
        name: "text.extract",
        with: ["rules": "br_regulatory", "text": "A ANEEL multou a Luz S.A. em R$ 1,5 milhão."]),
      Self(name: "object.put", with: ["bucket": "b", "key": "k/x.json", "body": ["a": 1]]),
      Self(name: "object.get", with: ["bucket": "b", "key": "before"]),
      Self(name: "object.get", with: ["bucket": "b", "key": "before", "as": "text"]),
      Self(name: "object.get", with: ["bucket": "b", "key": "before", "as": "json"]),
      Self(name: "object.list", with: ["bucket": "b"]), Self(name: "object.list", with: ["bucket": "none"]),
      Self(name: "webhook.send", with: ["path": "/empty", "body": ["a": 1]], needsSite: true),
      Self(name: "notify", with: ["to": ["ops"], "title": "T"]),
      Self(name: "nist.parse", with: ["file": "before.nst", "require": ["hash"], "source": "s"]),
      Self(name: "nist.validate", with: ["file": "before.nst"]),
      Self(name: "nist.extract", with: ["file": "before.nst", "types": [4], "fields": ["2.901"]]),
      Self(name: "nist.synthesize", with: ["path": ".", "name": "a.nst", "mark": "m", "image": "type-14"]),
      Self(name: "fail", with: ["message": "no"]),
      Self(name: "sql.query", with: ["query": "SELECT * FROM items"]),
      Self(name: "sql.query", with: ["query": "SELECT * FROM items", "result": "artifact", "format": "csv"]),
      Self(name: "sql.execute", with: ["statement": "DELETE FROM items RETURNING id"]),
      Self(name: "sql.execute", with: ["statements": [["statement": "DELETE FROM items"]]]),
      Self(name: "sql.validate", with: ["query": "SELECT id FROM items", "estimate_cost": true]),
      Self(name: "sql.validate", with: ["query": "DELETE", "dialects": ["athena"]]),
      Self(name: "sql.load", with: ["table": "items", "file": SQLBench.handle.json]),
    ] + files + node + stores
}

extension ConnectorCase {
  /// Those that need a broker: `BrokerTests` calls each of them on real ones.
  static let ofBrokers: Set<String> = [
    "redis.command", "amqp.publish", "amqp.request", "celery.task", "kafka.publish",
  ]
  /// Those whose service a stand-in of its own plays: their suites compare every output with the schema.
  static let ofServices = Set(ServiceTests.all.map(\.name)).union(["scrapy.crawl"])
}

@Suite("A call of every connector", .timeLimit(.minutes(1)))
struct ConformanceTests {
  static let secret = ConnectorWorld.secret

  private static func site(_ status: Int = 200) throws -> Site {
    try status == 200
      ? ConnectorWorld.site()
      : Site { _ in HTTPResponse(status: status, type: "text/plain", Array(secret.utf8)) }
  }

  private func connector(_ name: String, _ client: CurlClient) throws -> any Connector {
    try #require(
      Catalog.all(curl: client, children: BuiltProgram.children).first { $0.description.name == name })
  }

  @Test("covers the whole catalogue")
  func coverage() {
    let names = Set(ConnectorCase.all.map(\.name)).union(ConnectorCase.ofBrokers)
      .union(ConnectorCase.ofServices)
    #expect(names == Set(Catalog.descriptions.map(\.name)))
  }

  @Test(
    "takes what its schema of `with` allows, and gives what its schema of the output says",
    arguments: ConnectorCase.all)
  func output(example: ConnectorCase) async throws {
    let world = try await ConnectorWorld(of: example)
    let connector = try connector(example.name, world.site.client)
    let description = connector.description
    #expect(try JSONSchema(description.with).violations(in: example.with).isEmpty)
    let attempt = world.attempt(for: connector)
    do throws(Failure) {
      let output = try await connector.execute(attempt)
      let found = try? JSONSchema(description.output).violations(in: output.value)
      #expect(found?.map { "\($0.pointer) \($0.message.english)" } == [], "\(output.value.text)")
      #expect(example.name != "fail")
    } catch {
      #expect(example.name == "fail" && error.message == "no", "\(error.message)")
    }
    await world.stop()
  }

  @Test(
    "names no secret in its failure",
    arguments: [
      ConnectorCase(name: "shell", with: ["run": "cat <&3 >&2; exit 3"]),
      ConnectorCase(name: "shell", with: ["run": "cat <&3 > $ESTEIRA_OUTPUT; echo x >> $ESTEIRA_OUTPUT"]),
      ConnectorCase(name: "python", with: ["run": "import os; raise SystemExit(os.read(3, 9999).decode())"]),
      ConnectorCase(
        name: "process.run", with: ["program": "/bin/sh", "arguments": ["-c", "cat <&3 >&2; exit 1"]]),
    ]
      + ["http.request", "http.download", "csv.read", "feed.read", "webhook.send"].map { name in
        ConnectorCase(
          name: name, with: name == "webhook.send" ? ["path": "/x", "body": 1] : ["path": "/x"],
          needsSite: true)
      }, ["bearer", "basic", "header", "hmac", "odd"])
  func secrets(example: ConnectorCase, type: String) async throws {
    let (bench, site) = (try Bench(), try Self.site(500))
    let connector = try connector(example.name, site.client)
    let attempt = bench.attempt(
      example.with, effect: .keyed, connection: site.connection("c"),
      credential: ConnectorWorld.credential(type))
    let found = await failure { () async throws(Failure) in try await connector.execute(attempt) }
    let message = try #require(found).message
    #expect(!message.contains(Self.secret), "\(message)")
    #expect(!message.contains(Base64.encode(Array("\(Self.secret):\(Self.secret)".utf8))))
    await site.stop()
  }

  @Test(
    "ends soon when it is cancelled",
    arguments: [
      ConnectorCase(name: "shell", with: ["run": "echo here > $ROOT/here; sleep 300"]),
      ConnectorCase(
        name: "python",
        with: [
          "run": """
          import os, time
          open(os.environ['ROOT'] + '/here', 'w').write('x')
          time.sleep(300)
          """
        ]),
      ConnectorCase(
        name: "process.run",
        with: ["program": "/bin/sh", "arguments": ["-c", "echo x > $ROOT/here; sleep 300"]]),
    ]
      + ["http.request", "http.download", "csv.read", "feed.read", "webhook.send"].map { name in
        ConnectorCase(
          name: name, with: name == "webhook.send" ? ["path": "/x", "body": 1] : ["path": "/x"],
          needsSite: true)
      })
  func cancel(example: ConnectorCase) async throws {
    let bench = try Bench()
    let client = try CurlClient(version: "test")
    let server = try BrokenServer(.drip("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"))
    let connector = try connector(example.name, client)
    var with = example.with
    if case .object(var members) = with, !example.needsSite {
      members["env"] = ["ROOT": .string(bench.root)]
      with = .object(members)
    }
    let connection = Connection(
      namespace: "demo", name: "site", kind: "http", address: ["url": .string(server.url)],
      allowedEgress: ["127.0.0.0/8"])
    let attempt = bench.attempt(
      with, effect: .keyed, connection: example.needsSite ? connection : nil,
      credential: example.needsSite ? ConnectorWorld.credential("hmac") : nil)
    let running = Task { await failure { () async throws(Failure) in try await connector.execute(attempt) } }
    if example.needsSite {
      await OwnThread.run { while server.requests.isEmpty { poll(nil, 0, 5) } }
    } else {
      _ = await ProcessTests.content(of: bench.root + "/here")
    }
    running.cancel()
    // What is not ended goes on for minutes; the suite's limit is one.
    let found = await running.value
    #expect(found?.errorClass == .cancelled, "\(found?.message ?? "")")
    server.stop()
    await client.stop()
  }
}
