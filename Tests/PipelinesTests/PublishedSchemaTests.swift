import Foundation
import Model
import Testing

@testable import Pipelines

@Suite("The published schema of a pipeline file", .timeLimit(.minutes(1)))
struct PublishedSchemaTests {
  let schema = Fixture.compiler().pipelineSchema()

  private func keys(_ definition: String) -> [String] {
    schema["$defs"]?[definition]?["properties"]?.object?.keys.sorted() ?? []
  }

  @Test("knows the keys that the compiler takes, and no other")
  func keys() {
    #expect(schema["properties"]?.object?.keys.sorted() == KeyTable.top.known.sorted())
    #expect(keys("step") == KeyTable.step.known.sorted())
    #expect(keys("branch") == KeyTable.branch.known.sorted())
    #expect(keys("trigger") == KeyTable.trigger.known.sorted())
    #expect(keys("retry") == KeyTable.retry.known.sorted())
    #expect(keys("repeat") == KeyTable.loop.known.sorted())
    #expect(keys("defaults") == KeyTable.defaults.known.sorted())
  }

  @Test("takes every mended file", arguments: BrokenFile.all)
  func mended(file: BrokenFile) throws {
    let tree = try SourceReader.read(Array(file.text(".fixed.yaml").utf8)).tree.get()
    #expect(try JSONSchema(schema).violations(in: tree.json).map(\.pointer) == [])
  }

  @Test(
    "refuses what an editor should mark",
    arguments: ["on-at-top", "unknown-key", "two-kinds", "no-kind", "unknown-with-key"])
  func broken(name: String) throws {
    let tree = try SourceReader.read(Array(BrokenFile(name: name).text(".yaml").utf8)).tree.get()
    #expect(try !JSONSchema(schema).violations(in: tree.json).isEmpty)
  }

  @Test("lists its vocabulary in the documents")
  func vocabulary() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/json-schema.md"), encoding: .utf8)
    for keyword in SchemaKeywords.vocabulary { #expect(page.contains("\(keyword)"), "\(keyword)") }
    for format in SchemaFormat.allCases { #expect(page.contains(format.rawValue)) }
  }
}
