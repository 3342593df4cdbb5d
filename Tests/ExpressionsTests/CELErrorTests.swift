import Model
import Testing

@testable import Expressions

@Suite("CEL errors for people", .timeLimit(.minutes(1)))
struct CELErrorTests {
  private func rendered(_ source: String, _ language: Language) throws -> String {
    try #require(errors(of: source, ["inputs": .record(Record(fields: ["date": .init(.string)]))]).first)
      .rendered(in: source, language: language)
  }

  @Test("show the line, carets under the place, and the remedy, in both languages")
  func carets() throws {
    #expect(
      try rendered("'a' + inptus.date", .english) == """
        There is no `inptus`.
          'a' + inptus.date
                ^^^^^^
        Did you mean `inputs`?
        """)
    #expect(
      try rendered("'a' + inptus.date", .portuguese) == """
        Não existe `inptus`.
          'a' + inptus.date
                ^^^^^^
        Você quis dizer `inputs`?
        """)
  }

  @Test("count scalars, take the line of the place, and show tabs as spaces")
  func lines() throws {
    #expect(
      try rendered("'x' +\n\t'çã' + inputs.dat\n+ 'y'", .english) == """
        There is no field `dat` here.
           'çã' + inputs.dat
                         ^^^
        Did you mean `date`?
        """)
  }

  @Test("point behind the end where the expression ends too early")
  func atTheEnd() throws {
    #expect(
      try rendered("(1 + 2", .english) == """
        The expression ends too early.
          (1 + 2
                ^
        `)` is expected here.
        """)
    #expect(try rendered("", .portuguese) == "A expressão termina cedo demais.\n  \n  ^")
  }

  @Test("cut a long line around the place")
  func longLines() throws {
    let source = String(repeating: "1 + ", count: 60) + "nome + " + String(repeating: "1 + ", count: 60) + "1"
    let lines = try rendered(source, .english).split(separator: "\n").map(String.init)
    #expect(lines[1].hasPrefix("  …") && lines[1].hasSuffix("…") && lines[1].count <= 103)
    let place = try #require(lines[2].firstIndex(of: "^")).utf16Offset(in: lines[2])
    #expect(lines[1].dropFirst(place).hasPrefix("nome"))
    #expect(lines[2].filter { $0 == "^" }.count == 4)
  }

  @Test("of an evaluation say what was there and where")
  func evaluation() throws {
    let source = "[1, 2].map(x, 10 / (x - 1))"
    let error = try #require(#expect(throws: ExpressionError.self) { try evaluate(source) })
    #expect(error.kind == .evaluation)
    #expect(error.range == 14..<26)
    let missing = try #require(
      #expect(throws: ExpressionError.self) { try evaluate("m.naem", ["m": Value(["name": 1])]) })
    #expect(missing.message.english == "There is no field `naem` here.")
    #expect(missing.remedy?.portuguese == "Você quis dizer `name`?")
  }
}

@Suite("CEL values and JSON", .timeLimit(.minutes(1)))
struct CELJSONTests {
  @Test(
    "an expression's value becomes this JSON",
    arguments: [
      ("1.0", "1.0"), ("1", "1"), ("2u", "2"), ("null", "null"), ("b'\\xff\\x00'", "\"/wA=\""),
      ("timestamp('2026-11-20T10:00:00.25-03:00')", "\"2026-11-20T13:00:00.25Z\""),
      ("duration('3500ms')", "\"3.5s\""),
      ("duration('-1h')", "\"-3600s\""), ("{'b': 1, 'a': [true, 'x']}", "{\"b\":1,\"a\":[true,\"x\"]}"),
      ("{1: 'a', true: 'b'}", "{\"1\":\"a\",\"true\":\"b\"}"), ("optional.of(3)", "3"),
      ("{'a': optional.none(), 'b': optional.of(1)}", "{\"b\":1}"), ("[optional.none(), 1]", "[1]"),
    ])
  func out(_ source: String, _ expected: String) throws {
    #expect(try evaluate(source).json().text == expected)
  }

  @Test(
    "what JSON cannot say is an error",
    arguments: [
      "0.0 / 0.0", "1.0 / 0.0", "18446744073709551615u", "optional.none()", "int", "{1: 'a', '1': 'b'}",
      "[[1.0 / 0.0]]",
    ])
  func refused(_ source: String) throws {
    let value = try evaluate(source)
    #expect(throws: ExpressionError.self) { try value.json() }
  }

  @Test("JSON comes in and goes out unchanged, its order and its kinds of numbers too")
  func roundTrip() throws {
    let text = #"{"z":1,"a":1.0,"l":[null,true,"é",{"k":-0.5}],"e":{}}"#
    #expect(try Value(JSON(parsing: text)).json().text == text)
  }

  @Test("an object of JSON behaves as a map made entry by entry does")
  func objects() throws {
    let json: JSON = ["a": 1, "b": ["c": [1, 2]], "n": .null]
    let object = Value(json)
    let map = try evaluate("{'n': null, 'b': {'c': [1, 2]}, 'a': 1}")
    #expect(object == map)
    #expect(map == object)
    let values = ["o": object, "m": map]
    for source in [
      "o == m", "o.b.c[1] == 2", "'a' in o && !(1 in o)", "o.exists(k, v, k == 'a' && v == 1)",
      "size(o) == 3",
      "o.map(k, k) == ['a', 'b', 'n']", "has(o.n) && !has(o.x)", "o[?'x'].orValue(5) == 5",
      "[o, m].distinct() == [m]",
      "'%s'.format([o]) == '{a: 1, b: {c: [1, 2]}, n: null}'",
    ] {
      #expect(try evaluate(source, values) == .bool(true), "\(source)")
    }
    #expect(try evaluate("{'x': o}", values).json() == ["x": json])
  }

  @Test("objects that a list repeats count for the limits of a result")
  func repeatedObjects() throws {
    let object = Value(["text": .string(String(repeating: "x", count: 100_000))])
    #expect(throws: ExpressionError.self) {
      try evaluate("lists.range(1000).map(i, o)", ["o": object]).json()
    }
  }

  @Test("a map with many keys finds each of them, numbers by worth")
  func largeMaps() throws {
    let entries = (0..<50).map { (key: Value.int($0), value: Value.int($0 * $0)) }
    let map = MapValue(entries: entries + [(.string("x"), .bool(true)), (.bool(true), .null)])
    #expect(map[.uint(7)] == .int(49))
    #expect(map[.double(7)] == .int(49))
    #expect(map[.double(7.5)] == nil)
    #expect(map["x"] == .bool(true))
    #expect(map[.bool(true)] == .null)
    #expect(map[.string("7")] == nil)
  }
}
