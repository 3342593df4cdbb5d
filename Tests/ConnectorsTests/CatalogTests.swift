import Engine
import Foundation
import Model
import Net
import Pipelines
import Testing

@testable import Connectors

@Suite("Every connector", .timeLimit(.minutes(1)))
struct CatalogTests {
  @Test("stands once in the catalogue, ready to run as it is described")
  func catalogue() throws {
    let ready = Catalog.all(curl: try CurlClient(version: "test"), children: ChildProcesses())
    #expect(ready.map(\.description.name) == Catalog.descriptions.map(\.name))
    #expect(Set(Catalog.descriptions.map(\.name)).count == Catalog.descriptions.count)
  }

  @Test("has schemas of the vocabulary, refuses an unknown key and says both languages")
  func schemas() throws {
    for description in Catalog.descriptions {
      let with = try JSONSchema(description.with)
      _ = try JSONSchema(description.output)
      let found = with.violations(in: ["surely_unknown": 1])
      #expect(found.contains { $0.kind == .unknown("surely_unknown") }, "\(description.name)")
      for text in [description.title, description.summary] {
        #expect(!text.english.isEmpty && !text.portuguese.isEmpty && text.english != text.portuguese)
      }
      #expect(!description.examples.isEmpty, "\(description.name)")
    }
  }

  @Test("has examples that validate")
  func examples() {
    let compiler = PipelineCompiler(connectors: Catalog.descriptions, zones: ZoneDatabase { _ in nil })
    for description in Catalog.descriptions {
      for example in description.examples {
        let steps = example.yaml.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        let text =
          "apiVersion: esteira/v1\nid: example\nnamespace: demo\nsteps:\n" + steps.joined(separator: "\n")
        let compilation = compiler.compile(text) { _ in [] }
        let findings = compilation.findings.map { $0.rendered(file: description.name, language: .english) }
        #expect(findings == [], "\(description.name)")
      }
    }
  }

  @Test("has the effect class that was settled")
  func effects() {
    let expected: [(String, JSON, Bool?, EffectClass)] = [
      ("shell", [:], nil, .once), ("shell", [:], true, .keyed), ("python", [:], nil, .once),
      ("python", [:], true, .keyed), ("process.run", [:], nil, .once), ("process.run", [:], true, .keyed),
      ("http.request", [:], nil, .pure), ("http.request", ["method": "HEAD"], nil, .pure),
      ("http.request", ["method": "POST"], nil, .once), ("http.request", ["method": "PUT"], true, .keyed),
      ("http.download", [:], nil, .pure), ("csv.read", [:], nil, .pure), ("feed.read", [:], nil, .pure),
      ("text.extract", [:], nil, .pure), ("fail", [:], nil, .pure), ("object.get", [:], nil, .pure),
      ("object.list", [:], nil, .pure), ("object.put", [:], nil, .keyed), ("webhook.send", [:], nil, .keyed),
      ("notify", [:], nil, .keyed), ("files.read", [:], nil, .pure), ("files.list", [:], nil, .pure),
      ("files.hash", [:], nil, .pure), ("files.concatenate", [:], nil, .pure),
      ("files.write", [:], nil, .keyed), ("files.copy", [:], nil, .keyed), ("files.move", [:], nil, .keyed),
      ("files.remove", [:], nil, .keyed), ("object.delete", [:], nil, .keyed),
      ("archive.pack", [:], nil, .pure), ("archive.unpack", [:], nil, .keyed),
      ("html.select", [:], nil, .pure), ("xml.select", [:], nil, .pure), ("json.transform", [:], nil, .pure),
      ("nist.parse", [:], nil, .pure), ("nist.validate", [:], nil, .pure),
      ("nist.extract", [:], nil, .pure), ("nist.synthesize", [:], nil, .keyed),
      ("sql.query", [:], nil, .pure), ("sql.validate", [:], nil, .pure),
      ("sql.execute", [:], nil, .once), ("sql.execute", [:], true, .keyed), ("sql.load", [:], nil, .keyed),
      ("s3.put", [:], nil, .keyed), ("s3.get", [:], nil, .pure), ("s3.list", [:], nil, .pure),
      ("s3.copy", [:], nil, .keyed), ("s3.presign", [:], nil, .pure), ("s3.delete", [:], nil, .keyed),
      ("email.send", [:], nil, .once), ("email.send", [:], true, .keyed),
      ("slack.send", [:], nil, .once), ("teams.send", [:], nil, .once), ("telegram.send", [:], nil, .once),
      ("telegram.send", [:], true, .keyed), ("event.emit", [:], nil, .keyed),
      ("esteira.pause", [:], nil, .keyed),
      ("esteira.resume", [:], nil, .keyed), ("esteira.export_queue", [:], nil, .keyed),
      ("esteira.purge_queue", [:], nil, .keyed),
      ("redis.command", ["command": "GET"], nil, .pure), ("redis.command", ["command": "SET"], nil, .once),
      ("redis.command", ["command": "SET"], true, .keyed), ("amqp.publish", [:], nil, .keyed),
      ("kafka.publish", [:], nil, .keyed),
      ("amqp.request", [:], nil, .reattachable), ("amqp.request", [:], true, .keyed),
      ("celery.task", [:], nil, .reattachable), ("celery.task", [:], true, .keyed),
      ("airflow.run_dag", [:], nil, .reattachable), ("airflow.list_dags", [:], nil, .pure),
      ("scrapy.crawl", [:], nil, .keyed), ("llm.chat", [:], nil, .pure),
      ("elasticsearch.index", [:], nil, .keyed), ("cloudflare.kv", [:], nil, .keyed),
      ("athena.query", [:], nil, .reattachable),
    ]
    for (name, with, idempotent, effect) in expected {
      let description = Catalog.descriptions.first { $0.name == name }
      #expect(description?.effectClass(with: with, idempotent: idempotent) == effect, "\(name) \(with.text)")
    }
    #expect(Set(expected.map(\.0)) == Set(Catalog.descriptions.map(\.name)))
  }

  @Test("S9: waits for another system without a slot of the node, where that works on by itself")
  func outside() {
    let outside = Catalog.descriptions.filter { $0.place == .outside }
    #expect(
      outside.map(\.name).sorted() == ["airflow.run_dag", "amqp.request", "athena.query", "celery.task"])
    // Whoever takes no slot must find its work again after a restart, as S8 has it.
    #expect(outside.allSatisfy { $0.effectClass(with: [:], idempotent: nil) == .reattachable })
  }

  @Test("has a page that says what its description says (ESTEIRA_WRITE_DOCS=1 writes them)")
  func documentation() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "docs/connectors")
    for description in Catalog.descriptions {
      let page = folder.appending(path: "\(description.name).md")
      let text = ConnectorDocumentation.render(description)
      if ProcessInfo.processInfo.environment["ESTEIRA_WRITE_DOCS"] == "1" {
        try text.write(to: page, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOf: page, encoding: .utf8) == text, "\(description.name)")
    }
  }
}
