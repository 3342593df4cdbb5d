import Foundation
import Model
import Testing

@testable import Pipelines

@Suite("The canonical layout", .timeLimit(.minutes(1)))
struct FormatTests {
  private func format(_ text: String) -> String {
    switch PipelineFormat.canonical(Array(text.utf8)) {
    case .formatted(let text): text
    case .refused(let finding): "\(finding.rendered(file: "x", language: .english))"
    }
  }

  static let cases: [(String, String)] = [
    ("a:   {b:  1,c: [ 1,2 ]}", "a: {b: 1, c: [1, 2]}\n"),
    (
      "a:\n    b: 1\n    c:\n    - 1\n    -   d: 2\n        e: 3\n",
      "a:\n  b: 1\n  c:\n    - 1\n    - d: 2\n      e: 3\n"
    ),
    ("a: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n"),
    (
      "# top\na: 1 # one\n# two\nb:   # three\n  c: 1\n  # four\n# five\nd: 1\n# six\n",
      "# top\na: 1 # one\n# two\nb:   # three\n  c: 1\n  # four\n# five\nd: 1\n# six\n"
    ),
    ("a: \"x ${{ inputs.y }}\"", "a: \"x ${{ inputs.y }}\"\n"),
    (
      "a: {b: \"${{ inputs.a_rather_long_name + inputs.another }}\", c: 1}",
      "a:\n  b: ${{ inputs.a_rather_long_name + inputs.another }}\n  c: 1\n"
    ),
    (
      "a: [\"${{ inputs.a_rather_long_name ? inputs.another : 'x' }}\"]",
      "a:\n  - >-\n    ${{ inputs.a_rather_long_name ? inputs.another : 'x' }}\n"
    ),
    ("a: {b: 1, # why\n  c: 2}", "a:\n  b: 1  # why\n  c: 2\n"),
    (
      "a:\n   b: |\n       x\n         y\n\n       z\n   c: 1\n",
      "a:\n  b: |\n    x\n      y\n\n    z\n  c: 1\n"
    ),
    ("a: |2\n    x\n   y\nb: 1\n", "a: |2\n    x\n   y\nb: 1\n"),
    ("a: >-\n  x\n  y\n\n  # no comment\nb: 1 # one\n", "a: >-\n  x\n  y\n\n  # no comment\nb: 1 # one\n"),
    ("a: &x {b: 1}\nc: *x\nd: &y\n  e: 1\nf: [*x, 1]\n", "a: &x {b: 1}\nc: *x\nd: &y\n  e: 1\nf: [*x, 1]\n"),
    (
      "a: long words that\n      go on\nb: 'it''s\n\n  so'\n",
      "a: long words that\n  go on\nb: 'it''s\n\n  so'\n"
    ),
    ("a: {}\nb: []\nc:\nd: ~\n", "a: {}\nb: []\nc:\nd: ~\n"),
    ("a:\n    # one\n- b\n", "a:\n  # one\n  - b\n"),
    ("---\na: {b: , c: 1}\n...\n", "a: {b: null, c: 1}\n"),
    ("- a\n-\n  - b\n  - c: 1\n", "- a\n- - b\n  - c: 1\n"),
    ("{\"a\": [1, 2.0]}", "{\n  \"a\": [\n    1,\n    2.0\n  ]\n}\n"),
  ]

  @Test("is one level by two spaces, with its comments and blank lines", arguments: cases)
  func layout(text: String, wanted: String) {
    #expect(format(text) == wanted)
    #expect(format(wanted) == wanted)
  }

  @Test("breaks what is wider than a line, and only that")
  func width() {
    let items = (1...30).map { "item\($0)" }.joined(separator: ", ")
    #expect(format("a: {b: [\(items)], c: {d: 1}}").hasPrefix("a:\n  b:\n    - item1\n"))
    #expect(format("a: {b: [\(items)], c: {d: 1}}").hasSuffix("  c: {d: 1}\n"))
  }

  @Test("is refused to what cannot be read, with the place")
  func unreadable() {
    guard case .refused(let finding) = PipelineFormat.canonical(Array("a: [1".utf8)) else {
      Issue.record("It was formatted.")
      return
    }
    #expect(finding.code == "bad-yaml")
  }

  static let files: [URL] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let own = FileManager.default.enumerator(
      at: root.appending(path: "blueprints"), includingPropertiesForKeys: nil)
    let examples = FileManager.default.enumerator(
      at: root.appending(path: "examples"), includingPropertiesForKeys: nil)
    let all = [own, examples].flatMap { $0?.allObjects ?? [] }.compactMap { $0 as? URL }
    return Blueprints.files + all.filter { $0.pathExtension == "yaml" }
      + BrokenFile.all.map { BrokenFile.folder.appending(path: $0.name + ".fixed.yaml") }
  }()

  @Test(
    "of every file at hand has the same values, keeps every comment and is its own layout", arguments: files)
  func file(_ file: URL) throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    let once = format(text)
    #expect(format(once) == once)
    func tree(_ text: String) throws -> String {
      try SourceReader.read(Array(text.utf8)).tree.get().json.text
    }
    #expect(try tree(once) == tree(text))
    func comments(_ text: String) -> [String] {
      let source = SourceText(Array(text.utf8))
      guard var reader = LayoutReader(source), let layout = reader.read() else { return ["unreadable"] }
      let comments = LayoutComments(source, layout)
      let all = comments.leading.values.flatMap { $0 } + Array(comments.trailing.values) + comments.last
      return all.map { $0.text }.sorted()
    }
    if !text.hasPrefix("{") { #expect(comments(once) == comments(text)) }
    let (before, after) = (Fixture.compile(text, offline: true), Fixture.compile(once, offline: true))
    #expect(after.findings.map(\.code).sorted() == before.findings.map(\.code).sorted())
    #expect(
      after.plan.map { "\($0.steps.map { "\($0.path) \($0.needs)" })" }
        == before.plan.map { "\($0.steps.map { "\($0.path) \($0.needs)" })" })
    for line in once.split(separator: "\n") { #expect(line.last != " ") }
  }
}
