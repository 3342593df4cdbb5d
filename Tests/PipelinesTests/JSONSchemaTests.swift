import Expressions
import Model
import Pipelines
import Testing

@Suite("A JSON Schema", .timeLimit(.minutes(1)))
struct JSONSchemaTests {
  private func pointers(_ schema: JSON, _ value: JSON) throws -> [String] {
    try JSONSchema(schema).violations(in: value).map(\.pointer)
  }

  private func isValid(_ schema: JSON, _ value: JSON) throws -> Bool { try pointers(schema, value).isEmpty }

  /// A schema, values that it takes and values that it refuses.
  struct Rule: Sendable, CustomTestStringConvertible {
    var schema: JSON
    var takes: [JSON]
    var refuses: [JSON]
    var testDescription: String { schema.text }
  }

  static let handle: JSON = [
    "artifact": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "name": "a.csv",
    "size": 4,
    "media_type": "text/csv",
  ]

  static let values: [Rule] = [
    Rule(schema: true, takes: [.null, 1, [:]], refuses: []),
    Rule(schema: false, takes: [], refuses: [.null, 1, [:]]),
    Rule(schema: ["type": "integer"], takes: [1, 1.0, -3], refuses: [1.5, "1", true, .null]),
    Rule(schema: ["type": "number"], takes: [1, 1.5], refuses: ["1", .null]),
    Rule(schema: ["type": ["string", "null"]], takes: ["", .null], refuses: [1, [:]]),
    Rule(schema: ["type": "boolean"], takes: [true], refuses: [1, "true"]),
    Rule(schema: ["enum": ["a", 1, .null]], takes: ["a", 1, 1.0, .null], refuses: ["b", 2, false]),
    Rule(
      schema: ["const": ["a": [1, 2]]], takes: [["a": [1, 2]], ["a": [1.0, 2]]], refuses: [["a": [2, 1]]]),
    Rule(schema: ["minimum": 1, "maximum": 3], takes: [1, 3, 2.5, "text"], refuses: [0, 3.1]),
    Rule(schema: ["exclusiveMinimum": 1, "exclusiveMaximum": 3], takes: [1.1, 2], refuses: [1, 3]),
    Rule(
      schema: ["maximum": 9_007_199_254_740_993], takes: [9_007_199_254_740_993],
      refuses: [9_007_199_254_740_994]),
    Rule(schema: ["multipleOf": 0.1], takes: [0.3, 1, 4.7], refuses: [0.35]),
    Rule(schema: ["multipleOf": 3], takes: [9, 0, -3], refuses: [10, 1.5]),
    Rule(
      schema: ["minLength": 2, "maxLength": 3], takes: ["ab", "e\u{301}", "😀😀😀"],
      refuses: ["a", "abcd", "é"]),
    Rule(schema: ["pattern": "^[a-z]+$"], takes: ["abc"], refuses: ["ABC", "a1", ""]),
    Rule(schema: ["pattern": "b"], takes: ["abc"], refuses: ["ac"]),
    Rule(schema: ["items": ["type": "integer"]], takes: [[], [1, 2]], refuses: [[1, "2"]]),
    Rule(
      schema: ["prefixItems": [["type": "string"]], "items": false], takes: [[], ["a"]],
      refuses: [["a", 1], [1]]),
    Rule(schema: ["minItems": 1, "maxItems": 2], takes: [[1], [1, 2]], refuses: [[], [1, 2, 3]]),
    Rule(
      schema: ["uniqueItems": true], takes: [[1, 2], [[1], [2]], ["a", "A"]],
      refuses: [[1, 1.0], [["a": 1], ["a": 1]]]),
    Rule(
      schema: ["properties": ["a": ["type": "integer"]], "required": ["a"], "additionalProperties": false],
      takes: [["a": 1]], refuses: [[:], ["a": "1"], ["a": 1, "b": 2]]),
    Rule(
      schema: [
        "patternProperties": ["^x-": ["type": "string"]], "additionalProperties": ["type": "integer"],
      ],
      takes: [["x-a": "t", "b": 1]], refuses: [["x-a": 1], ["b": "t"]]),
    Rule(schema: ["propertyNames": ["maxLength": 2]], takes: [["ab": 1]], refuses: [["abc": 1]]),
    Rule(
      schema: ["minProperties": 1, "maxProperties": 1], takes: [["a": 1]], refuses: [[:], ["a": 1, "b": 1]]),
    Rule(schema: ["allOf": [["minimum": 1], ["maximum": 2]]], takes: [1, 2], refuses: [0, 3]),
    Rule(schema: ["anyOf": [["type": "string"], ["minimum": 5]]], takes: ["a", 5], refuses: [4]),
    Rule(schema: ["oneOf": [["multipleOf": 3], ["multipleOf": 5]]], takes: [3, 5], refuses: [15, 7]),
    Rule(schema: ["not": ["type": "null"]], takes: [1], refuses: [.null]),
    Rule(
      schema: [
        "if": ["properties": ["kind": ["const": "csv"]]], "then": ["required": ["file"]],
        "else": ["required": ["url"]],
      ], takes: [["kind": "csv", "file": 1], ["kind": "page", "url": 1]],
      refuses: [["kind": "csv"], ["kind": "page"]]),
    Rule(
      schema: [
        "$ref": "#/$defs/tree",
        "$defs": [
          "tree": [
            "type": "object", "properties": ["child": ["$ref": "#/$defs/tree"]],
            "additionalProperties": false,
          ]
        ],
      ], takes: [[:], ["child": ["child": [:]]]], refuses: [["child": ["other": 1]], ["child": 1]]),
    Rule(schema: ["$ref": "#/$defs/a~1b", "$defs": ["a/b": ["const": 1]]], takes: [1], refuses: [2]),
    Rule(
      schema: ["type": "artifact"], takes: [handle],
      refuses: ["a.csv", [:], ["artifact": "abc", "name": "a", "size": 1, "media_type": "b"]]),
    Rule(schema: ["type": "artifact", "media_type": "text/csv"], takes: [handle], refuses: []),
    Rule(schema: ["type": "artifact", "media_type": "text/html"], takes: [], refuses: [handle]),
  ]

  @Test("takes and refuses as its keywords say", arguments: values)
  func keywords(rule: Rule) throws {
    for value in rule.takes { #expect(try isValid(rule.schema, value), "\(value)") }
    for value in rule.refuses { #expect(try !isValid(rule.schema, value), "\(value)") }
  }

  static let formats: [(String, [String], [String])] = [
    ("date", ["2026-02-28", "2024-02-29"], ["2026-02-29", "2026-2-1", "2026-13-01", "20260101", ""]),
    (
      "date-time", ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123-03:00", "2016-12-31T23:59:60Z"],
      ["2026-11-20T10:00:00", "2026-11-20", "2026-11-20T25:00:00Z", "2026-11-20T10:00:60Z"]
    ),
    ("time", ["10:00:00Z", "23:59:59+05:30"], ["10:00", "10:00:00", "24:00:00Z"]),
    ("duration", ["P1D", "PT5M", "P1Y2M3DT4H5M6S", "P2W"], ["P", "PT", "1D", "P1W2D", "PT1D", "P1S"]),
    ("uuid", ["019a0c3e-0000-7000-8000-000000000000"], ["019a0c3e", "019a0c3e-0000-7000-8000-00000000000g"]),
    (
      "uri", ["https://example.org/a?b=c#d", "urn:x:y", "mailto:a@b"],
      ["example.org", "/a", "http://a b", "http://é"]
    ),
    (
      "email", ["a@b.org", "first.last+tag@sub.example.org"],
      ["a", "@b.org", "a@", "a b@c.org", ".a@b.org", "a@-b.org"]
    ),
  ]

  @Test("asserts the formats that it knows", arguments: formats)
  func format(name: String, good: [String], bad: [String]) throws {
    for text in good { #expect(try isValid(["format": .string(name)], .string(text)), "\(text)") }
    for text in bad { #expect(try !isValid(["format": .string(name)], .string(text)), "\(text)") }
    #expect(try isValid(["format": .string(name)], 1))
  }

  static let faults: [(JSON, String)] = [
    (["typ": "string"], "/typ"), (["type": "text"], "/type"), (["format": "hostname"], "/format"),
    (["pattern": "("], "/pattern"), (["pattern": "(?=a)"], "/pattern"), (["minimum": "1"], "/minimum"),
    (["minLength": -1], "/minLength"), (["required": "a"], "/required"), (["enum": []], "/enum"),
    (["properties": ["a": ["typ": 1]]], "/properties/a/typ"), (["items": [["type": "string"]]], "/items"),
    (["$ref": "other.json"], "/$ref"), (["$ref": "#/$defs/none"], "/$ref"), (["then": true], ""),
    (["multipleOf": 0], "/multipleOf"), (["$ref": "#"], "/$ref"),
    (["type": "string", "media_type": "a/b"], ""),
    (1, ""),
  ]

  @Test("that is wrong itself says where", arguments: faults)
  func wrongSchema(schema: JSON, pointer: String) {
    #expect {
      try JSONSchema(schema)
    } throws: { error in
      (error as? SchemaFaults)?.faults.map(\.pointer) == [pointer]
    }
  }

  @Test("that refers to itself through others without end is refused")
  func endless() {
    #expect(throws: SchemaFaults.self) {
      try JSONSchema([
        "$ref": "#/$defs/a",
        "$defs": ["a": ["allOf": [["$ref": "#/$defs/b"]]], "b": ["not": ["$ref": "#/$defs/a"]]],
      ])
    }
  }

  @Test("that would take for ever ends")
  func bomb() throws {
    var definitions = JSONObject()
    for level in 0..<40 {
      let next: JSON = level == 39 ? true : ["$ref": .string("#/$defs/d\(level + 1)")]
      definitions["d\(level)"] = ["allOf": [next, next]]
    }
    let schema = try JSONSchema(["$ref": "#/$defs/d0", "$defs": .object(definitions)])
    #expect(schema.violations(in: 1).count == 1)
  }

  @Test("points at every fault of a value, with escaped names")
  func pointers() throws {
    let schema: JSON = [
      "properties": ["a/b": ["items": ["properties": ["c~d": ["type": "integer"]]]]], "required": ["z"],
    ]
    #expect(try pointers(schema, ["a/b": [["c~d": 1], ["c~d": "x"]]]) == ["", "/a~1b/1/c~0d"])
  }

  @Test("speaks both languages")
  func wording() throws {
    let found = try JSONSchema(["type": "integer"]).violations(in: "a").map(\.message)
    #expect(
      found == [
        Bilingual(
          "this must be a whole number, not text.", pt: "isto deve ser um número inteiro, não um texto.")
      ])
  }

  @Test("types what expressions read")
  func types() throws {
    func type(_ schema: JSON) throws -> CELType { try JSONSchema(schema).type }
    #expect(try type(["type": "integer"]) == .int)
    #expect(try type(["type": "number"]) == .double)
    #expect(try type(["type": "string", "format": "date-time"]) == .string)
    #expect(try type(["type": ["string", "null"]]) == .dyn)
    #expect(try type(["enum": ["a", "b"]]) == .string)
    #expect(try type(["type": "array", "items": ["type": "string"]]) == .list(.string))
    #expect(try type(["type": "object", "additionalProperties": ["type": "integer"]]) == .map(.string, .int))
    #expect(
      try type([
        "type": "object", "required": ["a"], "properties": ["a": ["type": "integer"], "b": true],
        "additionalProperties": false,
      ])
        == .record(Record(fields: ["a": Record.Field(.int), "b": Record.Field(.dyn, isRequired: false)])))
    #expect(try type(["$ref": "#/$defs/a", "$defs": ["a": ["type": "boolean"]]]) == .bool)
  }

  @Test("writes a valid value as it means it")
  func normalized() throws {
    let schema = try JSONSchema([
      "properties": ["rate": ["type": "number"], "count": ["type": "integer"], "mode": ["default": "fast"]],
      "additionalProperties": ["items": ["type": "number"]],
    ])
    #expect(
      schema.normalized(["rate": 1, "count": 2.0, "more": [1, 2.5]]).text
        == #"{"rate":1.0,"count":2,"more":[1.0,2.5],"mode":"fast"}"#)
  }
}
