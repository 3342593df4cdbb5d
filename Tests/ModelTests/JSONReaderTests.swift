import Model
import Testing

@Suite("JSON is read", .timeLimit(.minutes(1)))
struct JSONReaderTests {
  @Test(
    "a number without fraction or exponent that fits is an int, any other a double",
    arguments: [
      ("0", .int(0)), ("-0", .int(0)), ("42", .int(42)), ("-7", .int(-7)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.0", .double(1)),
      ("1e3", .double(1000)), ("-0.0", .double(-0.0)), ("0.1", .double(0.1)),
      ("123456789.123456789", .double(123456789.123456789)), ("2.2250738585072014E-308", .double(0x1p-1022)),
      ("5e-324", .double(.leastNonzeroMagnitude)), ("1e-999", .double(0)),
      ("0.30000000000000004", .double(0.1 + 0.2)),
    ] as [(String, JSON)])
  func numbers(_ text: String, _ value: JSON) throws {
    #expect(try JSON(parsing: text) == value)
  }

  @Test("escapes and surrogate pairs become text")
  func escapes() throws {
    #expect(try JSON(parsing: #""a\"\\\/\b\f\n\r\tz""#) == .string("a\"\\/\u{8}\u{C}\n\r\tz"))
    #expect(try JSON(parsing: #""\u00e9 \uD83D\uDE00x""#) == .string("\u{E9} \u{1F600}x"))
    #expect(try JSON(parsing: "\"São Paulo 🚚\"") == .string("São Paulo 🚚"))
    #expect(try JSON(parsing: #""\u0000""#) == .string("\u{0}"))
  }

  @Test("members keep their order, and keys that only look alike are different")
  func order() throws {
    let value = try JSON(parsing: " {\"z\": [1, {}, []], \"a\":null,\n\"é\":1, \"e\u{301}\":2} ")
    #expect(value.object?.keys.map { Array($0.utf8) } == ["z", "a", "é", "e\u{301}"].map { Array($0.utf8) })
    #expect(value["z"] == [1, [:], []])
  }

  @Test(
    "what is not JSON is refused with its place",
    arguments: [
      ("", 0, "ends where a value"), ("  ", 2, "ends where a value"), ("nul", 0, "A value"),
      ("{\"a\":1,}", 7, "A key"), ("[1,]", 3, "A value"), ("[1 2]", 3, "A comma or ]"),
      ("{\"a\" 1}", 5, "A colon"), ("{\"a\":1 \"b\":2}", 7, "A comma or }"), ("1 2", 2, "more after the end"),
      ("01", 0, "does not begin with 0"), ("-", 1, "A digit"), ("1.", 2, "A digit"), ("1e+", 3, "A digit"),
      ("1e400", 0, "too large"), ("-1e400", 0, "too large"), ("+1", 0, "A value"), (".5", 0, "A value"),
      ("\"a", 2, "ends inside a string"), ("\"a\nb\"", 2, "control character"), ("\"\\x\"", 1, "escape"),
      ("\"\\u12g4\"", 5, "hexadecimal"), ("\"\\uD800\"", 1, "surrogate"), ("\"\\uDC00\"", 1, "surrogate"),
      ("\"\\uD800\\u0041\"", 1, "surrogate"), ("{\"a\":1,\"\\u0061\":2}", 7, "occurs twice"),
      ("NaN", 0, "A value"), ("// a\n1", 0, "A value"), ("\u{FEFF}1", 0, "A value"), ("[1]\u{0}", 3, "more"),
    ])
  func refusals(_ text: String, _ offset: Int, _ message: String) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error?.offset == offset)
    #expect(error?.message.english.contains(message) == true, "\(error?.message.english ?? "")")
    #expect(error?.message.portuguese.isEmpty == false)
  }

  @Test("lines and columns count scalars from 1")
  func place() {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\n  \"é🚚\": x\n}") }
    #expect(error?.line == 2)
    #expect(error?.column == 9)
    #expect(error?.problem.message.portuguese.contains("linha 2, coluna 9") == true)
  }

  @Test(
    "bytes that are not UTF-8 are refused where they stand",
    arguments: [
      [0x22, 0x61, 0xFF, 0x22], [0x22, 0x61, 0xC3, 0x22], [0x22, 0x61, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0x61, 0xC0, 0x80, 0x22],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
    #expect { try JSON(parsing: bytes) } throws: { ($0 as? JSONError)?.offset == 2 }
  }

  @Test("nesting ends at the limit, not in a crash")
  func depth() throws {
    let limit = JSON.depthLimit
    let deepest = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
    #expect(try JSON(parsing: deepest).text == deepest)
    #expect(throws: JSONError.self) { try JSON(parsing: "[" + deepest + "]") }
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test("a key is refused the second time in large objects too")
  func largeObject() throws {
    let pairs = (0..<500).map { "\"k\($0)\":\($0)" }
    let value = try JSON(parsing: "{" + pairs.joined(separator: ",") + "}")
    #expect(value.object?.count == 500)
    #expect(value["k499"] == 499)
    #expect(throws: JSONError.self) {
      try JSON(parsing: "{" + pairs.joined(separator: ",") + ",\"k250\":0}")
    }
  }
}
