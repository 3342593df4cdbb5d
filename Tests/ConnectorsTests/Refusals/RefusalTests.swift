import Engine
import Foundation
import Model
import Net
import Pipelines
import Testing

@testable import Connectors

@Suite("What connectors refuse", .timeLimit(.minutes(2)))
struct RefusalTests {
  /// A schema's refusal, a list of the connector's own page, or a word that all share.
  private static let common = ["invalid-with"]

  @Test(
    "is a failure with its class and a code whose remedy stands on the connector's page",
    arguments: Refused.all)
  func refuses(_ case: Refused) async throws {
    let example = `case`
    let bench = try Bench()
    let client = try CurlClient(version: "test")
    let connector = try #require(
      Catalog.all(curl: client, children: BuiltProgram.children)
        .first { $0.description.name == example.connector })
    let with = try example.prepare(bench, example.with)
    let found = try await Self.failure(of: connector, with, example, bench)
    let refusal = try #require(found, "\(example.connector) took \(example.why)")
    #expect(refusal.errorClass == example.errorClass, "\(refusal.message)")
    #expect(refusal.code == example.code, "\(refusal.message)")
    #expect(
      refusal.message.hasSuffix(".") || refusal.message.contains(". "), "No sentence: \(refusal.message)")
    let note = connector.description.failures.first { $0.code == refusal.code }
    #expect(note != nil || Self.common.contains(refusal.code), "\(refusal.code) is not on the page.")
    if let note {
      #expect(note.errorClass == refusal.errorClass)
      #expect(!note.remedy.english.isEmpty && !note.remedy.portuguese.isEmpty)
    }
    await client.stop()
  }

  @Test("covers ten kinds of every connector, each once")
  func coverage() {
    for description in Catalog.descriptions {
      let kinds = Refused.all.filter { $0.connector == description.name }.map(\.why)
      #expect(kinds.count >= Refused.least, "\(description.name) has \(kinds.count)")
      #expect(Set(kinds).count == kinds.count, "\(description.name)")
    }
  }

  /// As the engine does it: the schema, then what can be found without running, then the run.
  private static func failure(
    of connector: any Connector, _ with: JSON, _ example: Refused, _ bench: Bench
  ) async throws -> Failure? {
    if let violation = try JSONSchema(connector.description.with).violations(in: with).first {
      return Failure(
        .data, code: "invalid-with", "with\(violation.pointer) is not valid: \(violation.message.english)")
    }
    let effect = connector.description.effectClass(with: with, idempotent: nil)
    let attempt = bench.attempt(
      with, effect: effect, connection: example.connection, credential: example.credential)
    do throws(Failure) {
      _ = try await connector.execute(attempt)
      return nil
    } catch { return error }
  }
}
