import Foundation
import Model
import Testing

@testable import Pipelines

@Suite("The reader of pipeline files", .timeLimit(.minutes(1)))
struct ReaderTests {
  private func read(_ text: String) throws -> JSON { try SourceReader.read(Array(text.utf8)).tree.get().json }

  private func code(_ text: String) -> String? { code(Array(text.utf8)) }

  private func code(_ bytes: [UInt8]) -> String? {
    if case .failure(let error) = SourceReader.read(bytes).tree { error.code } else { nil }
  }

  static let scalars: [(String, JSON)] = [
    ("~", .null), ("null", .null), ("", .null), ("true", true), ("False", false), ("yes", "yes"),
    ("on", "on"),
    ("No", "No"), ("12", 12), ("-7", -7), ("+7", 7), ("0755", 755), ("0o17", 15), ("0xff", 255),
    ("1_000", "1_000"), ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("1.5e-1", 0.15),
    ("12:30", "12:30"), ("2026-02-28", "2026-02-28"), ("9223372036854775807", 9_223_372_036_854_775_807),
    ("9223372036854775808", 9223372036854775808.0), ("1.0.0", "1.0.0"), ("-", "-"), (".", "."), ("0x", "0x"),
    ("e5", "e5"), ("'12'", "12"), ("\"true\"", "true"), ("\"a\\u00e9\\n\"", "aé\n"), ("5m", "5m"),
  ]

  @Test("takes scalars by the core schema of YAML 1.2", arguments: scalars)
  func coreSchema(text: String, value: JSON) throws {
    if text == "-" { return #expect(try read("a: '-'") == ["a": "-"]) }
    #expect(try read("a: \(text)") == ["a": value])
  }

  @Test("reads block texts, lists and maps")
  func blocks() throws {
    let text = """
      script: |
        one
          two
      folded: >-
        long
        line
      list: [a, {b: 1}]
      empty: {}
      """
    #expect(
      try read(text) == [
        "script": "one\n  two\n", "folded": "long line", "list": ["a", ["b": 1]], "empty": [:],
      ])
  }

  @Test("keeps the order of keys")
  func order() throws {
    #expect(try read("b: 1\na: 2\nc: 3").object?.keys == ["b", "a", "c"])
  }

  static let refused: [(String, String)] = [
    ("a: !!str 1", "yaml-tag"), ("a: !x {b: 1}", "yaml-tag"), ("!!map {a: 1}", "yaml-tag"),
    ("!k a: 1", "yaml-tag"), ("a: &x {b: 1}\nc: {<<: *x}", "yaml-merge"), ("a: 1\na: 2", "duplicate-key"),
    ("a: {b: 1, 'b': 2}", "duplicate-key"), ("a: 1\n---\nb: 2", "second-document"),
    ("a: *nowhere", "yaml-alias"), ("a: &x [*x]", "yaml-alias"), ("? [a, b]\n: 1", "bad-key"),
    ("a: .nan", "bad-number"), ("a: -.inf", "bad-number"), ("a: 1e999", "bad-number"), ("", "empty-file"),
    ("# nothing\n", "empty-file"), ("a: [1, 2", "bad-yaml"), ("a: b: c", "bad-yaml"),
    ("a: \u{7}", "bad-yaml"),
    ("{\"a\": 1} x", "bad-json"), ("{\"a\": 1, \"a\": 2}", "duplicate-key"), ("{\"a\": 01}", "bad-number"),
    ("{\"a\": 1.}", "bad-number"), ("{\"a\": .5}", "bad-json"), ("{\"a\": \"\\ud83d\"}", "bad-json"),
    ("{\"a\": \"\\ud83dx\"}", "bad-json"), ("{\"a\": \"\\udc00\"}", "bad-json"), ("{\"a\": tru}", "bad-json"),
    ("{a: 1}", "bad-json"), ("{\"a\": 1,}", "bad-json"), ("{", "bad-json"), ("{\"a\": \"", "bad-json"),
    ("{\"a\": +1}", "bad-json"), ("{\"a\": 1e999}", "bad-number"),
  ]

  /// Whole numbers in other bases that no `Double` can hold.
  static let endless: [(String, String)] = [
    ("a: 0x" + String(repeating: "f", count: 256), "bad-number"),
    ("a: 0o" + String(repeating: "7", count: 345), "bad-number"),
  ]

  @Test("refuses what is outside the profile", arguments: refused + endless)
  func profile(text: String, expected: String) {
    #expect(code(text) == expected)
  }

  @Test("keeps two keys that only look alike")
  func normalization() throws {
    let object = try #require(try read("e\u{301}: 1\n\u{e9}: 2").object)
    #expect(object.count == 2)
  }

  @Test("expands anchors up to ten thousand nodes, and no further")
  func bomb() throws {
    #expect(try read("a: &x {b: 1}\nc: *x\nd: [*x, *x]")["d"] == [["b": 1], ["b": 1]])
    var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(code(text) == "yaml-alias")
  }

  @Test("an alias cannot go deeper than the depth that it stands in allows")
  func aliasDepth() {
    let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    let below = String(repeating: "[", count: 40) + "*x" + String(repeating: "]", count: 40)
    #expect(code("a: &x \(deep)\nb: 1") == nil)
    #expect(code("a: &x \(deep)\nb: \(below)") == "too-deep")
  }

  @Test("takes 64 levels, in YAML and JSON", arguments: [true, false])
  func depth(isJSON: Bool) {
    func text(_ levels: Int) -> String {
      let lists = String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1)
      return isJSON ? "{\"a\": \(lists)}" : "a: \(lists)"
    }
    #expect(code(text(63)) == nil)
    #expect(code(text(64)) == "too-deep")
    #expect(code(text(200_000)) == "too-deep")
  }

  @Test("takes one MiB and not a byte more")
  func size() {
    let head = Array("a: ".utf8)
    let most = head + [UInt8](repeating: 0x78, count: (1 << 20) - head.count)
    #expect(code(most) == nil)
    #expect(code(most + [0x78]) == "file-too-large")
  }

  @Test("says where a text is no longer UTF-8")
  func encoding() {
    let bytes = Array("a: é\nb: ".utf8) + [0xC3, 0x28]
    guard case .failure(let error) = SourceReader.read(bytes).tree else {
      Issue.record("This was read.")
      return
    }
    #expect(error.code == "not-utf8")
    #expect(error.span == bytes.count - 2..<bytes.count - 1)
    #expect(code([0xFF, 0xFE, 0x61, 0x00]) == "not-utf8")
  }

  @Test("reads JSON with surrogate pairs, escapes and both kinds of numbers")
  func json() throws {
    let text = #"{"a": "\ud83d\ude00\u00e9\/\n", "b": [1, 1.0, -2e2, true, null], "c": {}}"#
    #expect(try read(text) == ["a": "😀é/\n", "b": [1, 1.0, -200.0, true, .null], "c": [:]])
  }

  @Test("a byte order mark is no part of the text")
  func mark() throws {
    #expect(try read("\u{FEFF}a: 1") == ["a": 1])
  }

  @Test("a part of a text is found again in its source, whatever its style")
  func places() throws {
    let text = #"""
      plain: size(steps.é.here)
      single: 'it''s steps.é.here'
      double: "tab\t \u00e9 \U0001F600 steps.é.here"
      split: "one
        two steps.é.here"
      block: |
        first
          second steps.é.here
      folded: >-
        first
        second steps.é.here
      json: ["a", "steps.é.here"]
      """#
    let bytes = Array(text.utf8)
    let (source, tree) = SourceReader.read(bytes)
    let wanted = "steps.é.here"
    for entry in try #require(try tree.get().entries) {
      let node = entry.value.items?.last ?? entry.value
      let part = try #require(node.text.firstRange(ofUTF8: wanted))
      let span = source.span(of: part, in: node)
      #expect(String(decoding: bytes[span], as: UTF8.self) == wanted, "\(entry.key)")
    }
  }

  @Test("lines and columns count as editors do")
  func positions() {
    let source = SourceText(Array("a: é\r\nbé: x".utf8))
    #expect(source.position(of: 0) == (1, 1))
    #expect(source.position(of: 5) == (1, 5))
    #expect(source.position(of: 12) == (2, 5))
    #expect(source.line(showing: 10..<12).text == "bé: x")
    #expect(source.line(showing: 0..<1).text == "a: é")
  }
}
