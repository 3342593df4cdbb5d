import Engine
import Model
import Testing

@Suite("A search for jobs is read", .timeLimit(.minutes(1)))
struct JobSearchTests {
  private static let now = Timestamp(microseconds: 1_772_000_000_000_000)

  private func terms(_ text: String) throws(JobSearch.Fault) -> [JobTerm] {
    try JobSearch.terms(text, now: Self.now, me: ["ana", "local:ana"])
  }

  @Test("the example of the documentation means what it says")
  func whole() throws {
    let text = """
      status:failed,retrying pipeline:vendas* duration:>5m since:24h tag:cliente=acme \
      error:"timeout" -owner:me
      """
    #expect(
      try terms(text) == [
        JobTerm(.status([.failed], retrying: true)),
        JobTerm(.column(.pipeline, [TextPattern(parts: ["vendas", ""])])),
        JobTerm(.duration(.above, .seconds(300), now: Self.now)),
        JobTerm(.since(Self.now + .seconds(-86_400))),
        JobTerm(.label("cliente", [TextPattern(exactly: "acme")])), JobTerm(.error(["timeout"])),
        JobTerm(
          .column(.owner, [TextPattern(exactly: "ana"), TextPattern(exactly: "local:ana")]), isNegated: true),
      ])
  }

  @Test("quotes keep spaces, commas, stars and colons as they are; a backslash keeps a quote")
  func quotes() throws {
    #expect(
      try terms(#"key:"a, *b\" \\" "#) == [JobTerm(.column(.key, [TextPattern(exactly: #"a, *b" \"#)]))])
    #expect(try terms(#""http://x y""#) == [JobTerm(.text("http://x y"))])
    #expect(try terms("a,b -c") == [JobTerm(.text("a,b")), JobTerm(.text("c"), isNegated: true)])
    #expect(try terms(#"owner:"me" by:*me"#).count == 2)
    #expect(try terms("  \t\n ") == [])
  }

  static let faults: [(text: String, offset: Int)] = [
    ("status:sleepy", 7), ("status:failed,sleepy", 14), ("status:", 7), ("pipeline:a,,b", 11),
    ("colour:red", 0), ("ok -colour:red", 4), ("duration:5m", 9), ("duration:>", 9), ("duration:>5 m", 9),
    ("duration:>-5m", 9), ("since:yesterday", 6), ("since:1h,2h", 9), ("since:99999999d", 6),
    (#"é error:"x"#, 8), ("-", 0), ("a - b", 2), (#""""#, 0), ("vendas*", 0), ("tag:", 4), ("tag:=x", 4),
    ("tag:a,b", 4), ("tag:a*", 4), ("key:a\u{0}b", 5), ("key:\"\u{1}\"", 5), ("a\u{7f}", 1),
  ]

  @Test("what is wrong is told with its place", arguments: faults)
  func fault(_ text: String, _ offset: Int) {
    #expect(throws: JobSearch.Fault.self) { try terms(text) }
    do throws(JobSearch.Fault) {
      _ = try terms(text)
    } catch {
      #expect(error.offset == offset, "\(error.message.english)")
    }
  }

  @Test("its length, its terms and their values have limits")
  func limits() throws {
    #expect(try terms(String(repeating: "a ", count: JobSearch.mostTerms)).count == JobSearch.mostTerms)
    #expect(throws: JobSearch.Fault.self) {
      try terms(String(repeating: "a ", count: JobSearch.mostTerms + 1))
    }
    let values = Array(repeating: "a", count: JobSearch.mostValues)
    #expect(try terms("key:" + values.joined(separator: ",")).count == 1)
    #expect(throws: JobSearch.Fault.self) { try terms("key:" + (values + ["a"]).joined(separator: ",")) }
    #expect(throws: JobSearch.Fault.self) { try terms(String(repeating: "a", count: JobSearch.longest + 1)) }
  }

  static let patterns: [(pattern: [String], text: String, matches: Bool)] = [
    (["a"], "a", true), (["a"], "ab", false), (["a", ""], "ab", true), (["", "b"], "ab", true),
    (["a", "b"], "ab", true), (["a", "a"], "a", false), (["", "x", ""], "axb", true),
    (["a", "b", "c"], "abbc", true), (["a", "b", "c"], "acb", false), (["", ""], "", true),
    (["é", ""], "e\u{301}", false),
  ]

  @Test("a star stands for any characters, and none", arguments: patterns)
  func pattern(_ parts: [String], _ text: String, _ matches: Bool) {
    #expect(TextPattern(parts: parts).matches(text) == matches)
  }
}
