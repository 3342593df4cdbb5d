import Foundation
import Model
import Testing

@Suite("JSON is written", .timeLimit(.minutes(1)))
struct JSONWriterTests {
  @Test(
    "doubles keep their point or exponent",
    arguments: [
      (1, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e16, "1e+16"), (.leastNonzeroMagnitude, "5e-324"),
      (1.5e300, "1.5e+300"),
      (100_000, "100000.0"),
    ] as [(Double, String)])
  func doubles(_ value: Double, _ text: String) {
    #expect(JSON.double(value).text == text)
  }

  @Test("only what must be escaped is escaped")
  func escapes() {
    #expect(
      JSON.string("a/b\"\\\n\r\t\u{8}\u{C}\u{1}\u{1F}\u{7F}é🚚").text
        == #""a/b\"\\\n\r\t\b\f\u0001\u001f"# + "\u{7F}é🚚\"")
  }

  @Test("members keep their order, also on lines of their own")
  func pretty() {
    let value: JSON = ["b": [1, 2.0, []], "a": [:], "c": ["d": .null]]
    #expect(value.text == #"{"b":[1,2.0,[]],"a":{},"c":{"d":null}}"#)
    #expect(
      value.prettyText == """
        {
          "b": [
            1,
            2.0,
            []
          ],
          "a": {},
          "c": {
            "d": null
          }
        }
        """)
  }

  @Test("NaN and the infinities are found before they are written")
  func nonFinite() {
    #expect(JSON.nonFinite(.nan).nonFinitePath == "/a~1b~0/1")
    #expect(JSON.nonFinite(-.infinity).nonFinitePath == "/a~1b~0/1")
    #expect(JSON.nonFinite(1).nonFinitePath == nil)
  }

  @Test("every value reads back as it was", arguments: 0..<200 as Range<UInt64>)
  func roundTrip(_ seed: UInt64) throws {
    var random = Seeded(seed)
    let value = JSON.random(using: &random)
    #expect(try JSON(parsing: value.serialized()) == value)
    #expect(try JSON(parsing: value.prettyText) == value)
    #expect(try JSON(parsing: value.pythonSorted()) == value)
  }

  @Test("1,000 random values have the bytes of Python's json.dumps", .enabled(if: Python.isThere))
  func python() throws {
    var random = Seeded(20_261_120)
    let values = (0..<1000).map { _ in JSON.random(using: &random) }
    let lines = values.map(\.text).joined(separator: "\n")
    let program = """
      import json, sys
      for line in open(sys.argv[1], encoding="utf-8", newline="\\n"):
          print(json.dumps(json.loads(line), sort_keys=True))
      """
    let theirs = try Python.run(program, on: Array(lines.utf8)).split(separator: 0x0A)
    #expect(theirs.count == values.count)
    for (value, line) in zip(values, theirs) {
      #expect(String(decoding: value.pythonSorted(), as: UTF8.self) == String(decoding: line, as: UTF8.self))
    }
  }
}

extension JSON {
  fileprivate static func nonFinite(_ value: Double) -> JSON {
    .object(JSONObject([("ok", .double(1)), ("a/b~", .array([.int(1), .double(value)]))]))
  }

  /// Any value: numbers of every size, text with controls, quotes and letters beyond the basic plane.
  fileprivate static func random(using random: inout Seeded, depth: Int = 0) -> JSON {
    switch Int.random(in: 0..<(depth > 3 ? 6 : 9), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .int(Int64(truncatingIfNeeded: random.next() >> UInt64.random(in: 0...63, using: &random)))
    case 3: return .double(randomDouble(using: &random))
    case 4, 5: return .string(randomText(using: &random))
    case 6:
      return .array(
        (0..<Int.random(in: 0...4, using: &random)).map { _ in .random(using: &random, depth: depth + 1) })
    default:
      return .object(
        JSONObject(
          (0..<Int.random(in: 0...12, using: &random)).map { _ in
            (randomText(using: &random), .random(using: &random, depth: depth + 1))
          }))
    }
  }

  private static func randomDouble(using random: inout Seeded) -> Double {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: return Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1000
    case 1:
      return Double(Int.random(in: -99...99, using: &random))
        * pow(10, Double(Int.random(in: -8...24, using: &random)))
    default:
      let value = Double(bitPattern: random.next())
      return value.isFinite ? value : 0
    }
  }

  private static func randomText(using random: inout Seeded) -> String {
    let ranges: [ClosedRange<UInt32>] = [
      0x00...0x7F, 0x20...0x7E, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
