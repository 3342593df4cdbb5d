import Model
import Testing

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
