import Engine
import Model
import Testing

@testable import Connectors

@Suite("Markup that was made to harm", .timeLimit(.minutes(1)))
struct MarkupTests {
  private static let most = 1_000
  private static let names = (0..<most).map { "a\($0)" }.joined(separator: " ")
  private static let values = (0..<most).map { "a\($0)=\"\"" }.joined(separator: " ")

  /// Of what the parser would get.
  private func work(_ bytes: [UInt8], isXML: Bool) throws(Failure) -> Int {
    MarkupLoad.work(
      of: isXML ? try MarkupText.xml(bytes) : MarkupText.html(bytes, charset: nil), isXML: isXML)
  }

  @Test(
    "is counted by the attributes of its tags, however they are spelled",
    arguments: [
      "<p \(names)>", "<p x=y=\" \(names)>", "<p x= \">\" \(names)>", "<p x = '>' \(names)>",
      "<p =\" \(names)>",
      "<p=\" \(names)>", "<p 1=\" \(names)>", "<p é=\" \(names)>", "<p @a=\" \(names)>",
      "<p x=\"\"=\" \(names)>",
      "<!-- <a x=\" --><p \(names)>", "<script>'<a x='</script><p \(names)>",
      "<p\u{0} \(names)>", "<p/\(names)>", "<p \(names)",
    ])
  func html(text: String) throws {
    #expect(try work(Array(text.utf8), isXML: false) >= Self.most * Self.most, "\(text.prefix(40))")
  }

  @Test(
    "is counted in XML too, in any encoding",
    arguments: [
      "<p \(values)/>", "<_ \(values)/>", "<é \(values)/>", "<r><!-- <a x=\" --><p \(values)/></r>",
    ])
  func xml(text: String) throws {
    let least = Self.most * Self.most
    #expect(try work(Array(text.utf8), isXML: true) >= least)
    for isBig in [false, true] {
      let wide = ("\u{FEFF}" + text).utf16.flatMap { unit in
        isBig ? [UInt8(unit >> 8), UInt8(unit & 255)] : [UInt8(unit & 255), UInt8(unit >> 8)]
      }
      #expect(try work(wide, isXML: true) >= least)
    }
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return }
    let hidden =
      "<?xml version='1.0' encoding='UTF-7'?>"
      + text.replacing("<", with: "+ADw-").replacing("=", with: "+AD0-")
    #expect(try work(Array(hidden.utf8), isXML: true) >= least)
  }

  @Test("passes where it is only much: many tags, long values, scripts")
  func passes() throws {
    let limit = Self.most * Self.most / 5
    let words = (0..<Self.most).map { "w\($0)" }.joined(separator: " ")
    for text in [
      String(repeating: "<p a=1 b='2' c>x</p>", count: 5_000), "<p a=\"\(words)\">", "<p a='\(words)' b=1>",
      "<script>if (a<b) { x = '>' } \(words.prefix(1_500))</script>", "1 <2 \(words)", words,
      "<path d=\"\(words)\"/>", "<p :class=\"\(words)\" data-x='\(words)'>",
    ] {
      #expect(try work(Array(text.utf8), isXML: false) < limit, "\(text.prefix(40))")
    }
    #expect(try work(Array("<r descrição=\"\(words)\"/>".utf8), isXML: true) < limit)
  }

  /// Whatever stands before them, as many names as make a difference follow.
  @Test("is counted at least as libxml2 counts", arguments: 0..<20)
  func counts(seed: Int) throws {
    var random = Pseudorandom(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    let pieces = [
      "<", "a", " ", "=", "\"", "'", "/", ">", "b-", "é", "!", "1", "_:", "@", "<p ", "<!--", "-->",
    ]
    for _ in 0..<100 {
      let start = (0..<Int.random(in: 1..<24, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }
      let text = Array((start.joined() + " " + Self.some + ">x").utf8)
      guard let most = Self.attributes(text), most >= 100 else { continue }
      #expect(MarkupLoad.work(of: text, isXML: false) >= most * most, "\(start.joined())")
    }
  }

  private static let some = (0..<120).map { "n\($0)" }.joined(separator: " ")

  /// Of the tag that has the most.
  private static func attributes(_ text: [UInt8]) -> Int? {
    let selection = try? Selection(
      ["rows": ["xpath": "//*[@*]"], "select": ["n": ["xpath": "count(@*)"]], "limit": 100], css: true)
    guard let selection, let document = try? MarkupDocument(html: text),
      let rows = try? document.select(selection, CancelFlag())
    else { return nil }
    return rows.compactMap { $0["n"]?.int.map { Int($0) } }.max()
  }

  @Test("has texts that are counted as they come, before they fill the memory")
  func texts() async throws {
    let page = String(repeating: "<div>", count: 240) + String(repeating: "x", count: 5 << 20)
    let document = try MarkupDocument(html: Array(page.utf8))
    let selection = try Selection(["select": ["a": ["css": "div", "all": true]]], css: true)
    let before = Self.residentBytes
    let found = await failure { () async throws(Failure) in try document.select(selection, CancelFlag()) }
    #expect(found?.code == "output-too-large")
    // All of them together have nearly 1.2 GiB.
    #expect(Self.residentBytes - before < 1 << 30)
    let cancelled = CancelFlag()
    cancelled.set()
    let stopped = await failure { () async throws(Failure) in try document.select(selection, cancelled) }
    #expect(stopped?.errorClass == .cancelled)
  }

  /// The most that this process ever had in memory.
  private static var residentBytes: Int {
    let status = SmallFile.read("/proc/self/status", limit: 1 << 16) ?? []
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
  }
}

@Suite("The encoding of markup", .timeLimit(.minutes(1)))
struct MarkupEncodingTests {
  private func html(_ bytes: [UInt8], charset: String? = nil) -> String {
    String(decoding: MarkupText.html(bytes, charset: charset), as: UTF8.self)
  }

  @Test("of a page is the server's, else that of its mark, else UTF-8 where it is, else its own word")
  func page() {
    #expect(html([0xE9], charset: "ISO-8859-1") == "é")
    #expect(html([0xE9, 0x80]) == "é€")
    #expect(html(Array("é".utf8)) == "é")
    #expect(html([0xFF, 0xFE, 0xE9, 0, 0x3E, 0x3E]) == "é㸾")
    let russian = Array("<META charset=\"KOI8-R\">".utf8) + [0xC1]
    #expect(html(russian).hasSuffix("а"))
    #expect(html(Array("<meta charset=shift_jis>".utf8) + [0x82, 0xA0]).hasSuffix("あ"))
    #expect(html(Array("<meta charset=no-such-thing>".utf8) + [0xE9]).hasSuffix("é"))
    #expect(html([0xFF, 0x41], charset: "utf-8") == "\u{FFFD}A")
  }

  @Test("of XML is that of its mark or declaration, and what is no text of it is refused")
  func xml() throws {
    let latin = Array("<?xml version='1.0' encoding = \"iso-8859-2\"?><r>".utf8) + [0xB1] + Array("</r>".utf8)
    #expect(String(decoding: try MarkupText.xml(latin), as: UTF8.self).hasSuffix("<r>ą</r>"))
    let document = try MarkupDocument(xml: try MarkupText.xml(latin))
    let selection = try Selection(["select": ["r": "//r"]], css: false)
    #expect(try document.select(selection, CancelFlag()) == [["r": "ą"]])
    for bad in [
      Array("<?xml version='1.0' encoding='no-such-thing'?><r/>".utf8),
      Array("<?xml version='1.0' encoding='euc-jp'?><r>".utf8) + [0xFF, 0xFF, 0xFF] + Array("</r>".utf8),
      [0x4C, 0x6F, 0xA7, 0x94],
    ] {
      #expect(throws: Failure.self) { _ = try MarkupDocument(xml: try MarkupText.xml(bad)) }
    }
  }

  @Test("does not hide a document type, and a word in a comment or in CDATA is none")
  func documentType() throws {
    let wide = ("\u{FEFF}<!DOCTYPE r [<!ENTITY x 'y'>]><r>&x;</r>").utf16.flatMap {
      [UInt8($0 & 255), UInt8($0 >> 8)]
    }
    let refused: [[UInt8]] = [
      wide, Array("<?xml version='1.0'?><!-- a --> <?p q?>\n<!DOCTYPE r><r/>".utf8),
    ]
    for text in refused {
      #expect(throws: Failure.self) { _ = try MarkupDocument(xml: try MarkupText.xml(text)) }
    }
    for text in [
      "<!-- <!DOCTYPE r> --><r/>", "<r><![CDATA[<!DOCTYPE html>]]></r>", "<r>a<!-- <!DOCTYPE r> --></r>",
      "\u{FEFF}<?p <!DOCTYPE r>?><r/>",
    ] {
      _ = try MarkupDocument(xml: try MarkupText.xml(Array(text.utf8)))
    }
  }
}

/// Chance that is the same in each run.
private struct Pseudorandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
