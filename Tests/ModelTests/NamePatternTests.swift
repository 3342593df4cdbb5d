import Model
import Testing

@Suite("A pattern for names", .timeLimit(.minutes(1)))
struct NamePatternTests {
  @Test(
    "matches by its marks",
    arguments: [
      ("*.nst", "a.nst", true), ("*.nst", ".nst", true), ("*.nst", "a.NST", false),
      ("*.nst", "a.nst.bak", false),
      ("*", "anything", true), ("?", "é", true), ("?", "e\u{301}", false), ("é", "e\u{301}", false),
      ("a?c", "abc", true), ("a?c", "ac", false), ("[0-9]*", "7x", true), ("[0-9]*", "x7", false),
      ("[!0-9]", "x", true), ("[!0-9]", "5", false), ("[]x]", "]", true), ("[a-]", "-", true),
      ("\\*", "*", true), ("\\*", "x", false), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXcYb", false),
      ("a**b", "ab", true), ("rel_[0-9][0-9].csv", "rel_07.csv", true), ("🙂*", "🙂x", true),
    ])
  func matching(pattern: String, name: String, isMatch: Bool) throws {
    #expect(try #require(NamePattern(pattern)).matches(name) == isMatch)
  }

  @Test(
    "is refused where nothing can match it", arguments: ["", "a/b", "[", "[]", "[a", "x\\", "[z-a]", "[a/b]"])
  func refused(text: String) { #expect(NamePattern(text) == nil) }

  @Test("takes no longer for many stars than name times pattern")
  func bounded() throws {
    let pattern = try #require(NamePattern(String(repeating: "a*", count: 60) + "b"))
    #expect(!pattern.matches(String(repeating: "a", count: 255)))
  }
}
