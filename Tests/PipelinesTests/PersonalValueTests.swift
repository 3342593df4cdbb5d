import Model
import Pipelines
import Testing

@Suite("What a schema marks as personal", .timeLimit(.minutes(1)))
struct PersonalValueTests {
  private func found(_ schema: String, _ value: JSON) throws -> [JSON] {
    let schema = try JSONSchema(JSON(parsing: schema))
    let found = schema.personalValues(in: value)
    #expect(schema.marksPersonalData || found.isEmpty)
    return found
  }

  @Test("below a mark are all texts and numbers, at any depth, and no names of members")
  func below() throws {
    #expect(try found(#"{"x-personal-data": true}"#, "ana") == ["ana"])
    #expect(
      try found(#"{"x-personal-data": true}"#, ["a": ["x", 7, true, .null], "b": ["c": 1.5]]) == [
        "x", 7, 1.5,
      ])
  }

  @Test("a mark in a part marks that part alone, wherever the schema says it")
  func parts() throws {
    let cases: [(String, JSON, [JSON])] = [
      (#"{"properties": {"cpf": {"x-personal-data": true}, "n": {}}}"#, ["cpf": "1", "n": "2"], ["1"]),
      (
        #"{"items": {"properties": {"m": {"x-personal-data": true}}}}"#, [["m": "a"], ["m": "b"]], ["a", "b"]
      ),
      (#"{"prefixItems": [{}, {"x-personal-data": true}], "items": {}}"#, ["a", "b", "c"], ["b"]),
      (#"{"additionalProperties": {"x-personal-data": true}}"#, ["k": "v"], ["v"]),
      (##"{"$ref": "#/$defs/p", "$defs": {"p": {"x-personal-data": true}}}"##, "ana", ["ana"]),
      (
        ##"{"properties": {"p": {"$ref": "#/$defs/a~1b"}}, "$defs": {"a/b": {"x-personal-data": true}}}"##,
        ["p": "ana"], ["ana"]
      ),
      (#"{"anyOf": [{"type": "integer"}, {"x-personal-data": true}]}"#, "ana", ["ana"]),
      (#"{"properties": {"cpf": {"x-personal-data": false}}}"#, ["cpf": "1"], []),
      (#"{"type": "string"}"#, "ana", []),
    ]
    for (schema, value, wanted) in cases { #expect(try found(schema, value) == wanted, "\(schema)") }
  }

  @Test("a schema that refers to itself ends with its value")
  func recursive() throws {
    let schema = ##"""
      {"$ref": "#/$defs/p", "$defs": {"p": {"properties": {"name": {"x-personal-data": true},
        "child": {"$ref": "#/$defs/p"}}}}}
      """##
    let value: JSON = ["name": "a", "child": ["name": "b", "child": ["name": "c"]]]
    #expect(try found(schema, value) == ["a", "b", "c"])
  }
}
