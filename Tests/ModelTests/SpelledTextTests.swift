import Model
import Testing

@Suite("A text that is cut at a character")
struct CutTextTests {
  @Test(
    "is cut at each, whatever combining marks follow it, and has empty parts",
    arguments: [
      ("a~b", ["a", "b"]), ("a~\u{301}b", ["a", "\u{301}b"]), ("~\u{1F3FB}~", ["", "\u{1F3FB}", ""]),
      ("", [""]),
    ])
  func parts(text: String, expected: [String]) {
    #expect(text.cut(at: "~").map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test("keeps what is behind the last part that is wanted")
  func most() { #expect("a~b~c".cut(at: "~", most: 2) == ["a", "b~c"]) }
}

@Suite("A text with words for some of its scalars")
struct SpelledTextTests {
  @Test(
    "has each replaced, whatever combining marks follow it, and in one pass",
    arguments: [
      ("a\"b", "a\\\"b"), ("\"\u{301}", "\\\"\u{301}"), ("\\\u{FE0F}", "\\\\\u{FE0F}"), ("\\\"", "\\\\\\\""),
      ("\r\n", "\r\\n"), ("", ""), ("é e\u{301}", "é e\u{301}"),
    ])
  func marks(text: String, spelled: String) {
    let found = text.spelling(["\"": "\\\"", "\\": "\\\\", "\n": "\\n"])
    #expect(Array(found.utf8) == Array(spelled.utf8))
  }
}
