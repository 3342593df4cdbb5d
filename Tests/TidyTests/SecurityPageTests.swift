import Foundation
import Testing

@Suite("The page of attacks", .timeLimit(.minutes(1)))
struct SecurityPageTests {
  private static let pages = ["docs/security.md", "docs/security.pt-BR.md"]

  /// The tests that a page names, each `Type.function in folder`.
  private static func named(by page: String) throws -> [String] {
    let cell = try Regex(
      #"((?:`\w+\.\w+`\s*)+)(?:in|em) `([\w/]+)`"#, as: (Substring, Substring, Substring).self)
    return Repository.text(page).matches(of: cell).flatMap { match in
      match.output.1.split { $0 == "`" || $0 == " " }.map { "\($0) in \(match.output.2)" }
    }
  }

  @Test("names tests that are there, for each class")
  func tests() throws {
    let named = try Self.named(by: Self.pages[0])
    #expect(named.count > 60 && Set(named).count > 60)
    let missing = named.filter { name in
      let parts = name.components(separatedBy: " in ")
      let test = parts[0].split(separator: ".").map(String.init)
      return !Repository.swift.contains { file in
        file.path.hasPrefix(parts[1] + "/") && file.text.contains("struct \(test[0]) {")
          && file.text.contains("func \(test[1])(")
      }
    }
    expectNone(missing, "docs/security.md names a test that is not there.")
    let silent = Repository.text(Self.pages[0]).split(separator: "\n").filter { line in
      line.hasPrefix("| ") && !line.hasPrefix("| class ") && !line.contains("Tests.")
    }
    expectNone(silent.map(String.init), "A class of attacks without a test.")
  }

  @Test("names the same tests in both languages")
  func languages() throws {
    let named = try Self.pages.map { try Self.named(by: $0) }
    #expect(named[0] == named[1])
  }

  @Test("leaves out none of the tests that are written for it")
  func complete() throws {
    let named = Set(try Self.named(by: Self.pages[0]))
    let function = try Regex(#"@Test[^\n]*\n(?:.*\n)*?  func (\w+)\("#, as: (Substring, Substring).self)
    let type = try Regex(#"(?m)^struct (\w+AttackTests) \{"#, as: (Substring, Substring).self)
    var left: [String] = []
    for file in Repository.swift {
      guard let owner = file.text.firstMatch(of: type)?.output.1 else { continue }
      let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
      left += file.text.matches(of: function).map { "\(owner).\($0.output.1) in \(folder)" }
        .filter { !named.contains($0) }
    }
    expectNone(left, "Add it to docs/security.md.")
  }
}
