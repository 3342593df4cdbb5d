import Foundation
import Model
import Pipelines
import Testing

/// Breaks texts in ways that people and machines do.
private struct Mutation {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// xorshift64*: the same seed gives the same faults on every machine.
  private mutating func next(_ limit: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(1, limit)
  }

  private static let words = [
    "${{", "}}", "'", "\"", "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "\t", "&a ", "*a", "|", ">-",
    "steps.",
    ".?output", "steps", "if:", "uses: shell", "choose:", "repeat:", "for_each:", "!!str ", "null", "~",
    "9999999999999999999",
    "1e400", "-1", "0s", "%", "\u{0}", "\u{FEFF}", "é", "e\u{301}", "😀", "\\", "\\u", "$${{", "<<: *a",
    "---\n", "on:",
  ]

  mutating func mutate(_ text: [UInt8]) -> [UInt8] {
    var bytes = text
    for _ in 0...next(4) {
      let place = next(bytes.count + 1)
      let length = min(next(40), bytes.count - place)
      switch next(6) {
      case 0: bytes.removeSubrange(place..<place + length)
      case 1: bytes.insert(contentsOf: Self.words[next(Self.words.count)].utf8, at: place)
      case 2: bytes.insert(contentsOf: bytes[place..<place + length], at: next(bytes.count + 1))
      case 3 where place < bytes.count: bytes[place] = UInt8(next(256))
      case 4: bytes.replaceSubrange(place..<place + length, with: Self.words[next(Self.words.count)].utf8)
      default: moveLine(in: &bytes, from: place)
      }
    }
    return bytes
  }

  private mutating func moveLine(in bytes: inout [UInt8], from place: Int) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    let line = lines.remove(at: next(lines.count))
    lines.insert([UInt8](repeating: 0x20, count: next(6)) + line, at: next(lines.count + 1))
    bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }
}

@Suite("A damaged pipeline file", .timeLimit(.minutes(1)))
struct MutationTests {
  static let rounds = 60

  private static let texts: [[UInt8]] = {
    let golden = Blueprints.files.compactMap { FileManager.default.contents(atPath: $0.path) }.map(Array.init)
    let fixed = BrokenFile.all.compactMap { try? Array($0.text(".fixed.yaml").utf8) }
    return golden + fixed + [Array(FirstPipelineTests.hello.utf8), Array(PlanTests.nested.utf8)]
  }()

  @Test("is refused or taken, and never ends the program", arguments: 1...20)
  func survives(seed: Int) {
    var mutation = Mutation(seed: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
    for round in 0..<Self.rounds {
      let text = mutation.mutate(Self.texts[(seed * 31 + round) % Self.texts.count])
      let compilation = Fixture.compiler(offline: round % 2 == 0).compile(text) { _ in [] }
      #expect((compilation.plan == nil) || !compilation.hasErrors)
      if compilation.plan == nil, !compilation.hasErrors {
        #expect(compilation.findings.contains { $0.code == "unchecked-connector" })
      }
      for finding in compilation.findings {
        let shown = finding.rendered(file: "f", language: round % 3 == 0 ? .english : .portuguese)
        #expect(finding.line >= 1 && finding.column >= 1 && !shown.isEmpty)
        #expect(shown.split(separator: "\n").dropFirst().first?.unicodeScalars.count ?? 0 <= 112)
      }
    }
  }

  @Test("gives the same findings each time", arguments: [3, 5])
  func repeatable(seed: Int) {
    var mutation = Mutation(seed: UInt64(seed))
    for text in Self.texts {
      let damaged = mutation.mutate(text)
      let first = Fixture.compiler().compile(damaged).findings
      #expect(first == Fixture.compiler().compile(damaged).findings)
    }
  }
}
