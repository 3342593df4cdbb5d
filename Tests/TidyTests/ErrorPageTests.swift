import Foundation
import Testing

@Suite("Every error has its page", .timeLimit(.minutes(1)))
struct ErrorPageTests {
  /// The calls whose first argument is an error code. `code: "…"` is one everywhere.
  static let makers = ["Problem", "ReadingError", "fault", "error", "warning", "say"]
  /// Words that stand where a code stands and are none, each with its reason.
  static let exempt = [
    "confirmed": "what is known of the outside of a cancelled attempt",
    "anything": "a word of the connectors' pages", "none": "a word of the connectors' pages",
    "yes": "a word of the connectors' pages",
    "requested": "what is known of the outside of a cancelled attempt",
    "unknown": "what is known of the outside of a cancelled attempt",
  ]

  @Test("a code in the sources has a page, and a page has a code in the sources")
  func bothWays() throws {
    let codes = try Self.codes()
    let pages = Self.pages
    expectNone(
      codes.keys.filter { !pages.contains($0) }.sorted().map { "\($0) (\(codes[$0] ?? ""))" },
      "Write docs/errors/<code>.md.")
    expectNone(pages.subtracting(codes.keys).sorted(), "No source has this code: take the page away.")
    #expect(codes.count > 50)
  }

  @Test("a page says what happened and what to do, in both languages")
  func shape() {
    let parts = ["## What happened", "## What to do", "## O que aconteceu", "## O que fazer"]
    var faults: [String] = []
    for code in Self.pages.sorted() {
      let text = Repository.text("docs/errors/\(code).md")
      if !text.hasPrefix("# `\(code)`: ") { faults.append("\(code) has another title") }
      var rest = text[...]
      for part in parts {
        guard let range = rest.firstRange(of: part + "\n\n") else {
          faults.append("\(code) lacks \(part)")
          continue
        }
        rest = rest[range.upperBound...]
        if rest.first == "#" || rest.isEmpty { faults.append("\(code) says nothing under \(part)") }
      }
    }
    expectNone(faults, "See any other page.")
  }

  /// By code, the first file that has it.
  static func codes() throws -> [String: String] {
    let word = #""([a-z]+(?:-[a-z0-9]+)*)""#
    let patterns = [
      #"\b(?:"# + makers.joined(separator: "|") + #")\(\s*(?:code: )?"# + word,
      #"\bcode: "# + word, #"\bcode: [^,")]*\? "[a-z-]+" : "# + word, #"\bcode: [^,")]*\? "# + word,
    ]
    var codes: [String: String] = [:]
    for pattern in patterns {
      let regex = try Regex(pattern, as: (Substring, Substring).self).wordBoundaryKind(.simple)
      for file in Repository.sources {
        for match in file.text.matches(of: regex) where exempt[String(match.output.1)] == nil {
          if codes[String(match.output.1)] == nil { codes[String(match.output.1)] = file.path }
        }
      }
    }
    return codes
  }

  static var pages: Set<String> {
    Set(
      Repository.pages.filter { $0.hasPrefix("docs/errors/") && !$0.hasSuffix("/README.md") }
        .map { String($0.dropFirst("docs/errors/".count).dropLast(".md".count)) })
  }
}
