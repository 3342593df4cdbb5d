import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let selects: [Refused] = html + xml + transforms

  private static func selector(_ name: String, _ why: String, _ select: JSON, rows: JSON? = nil) -> Refused {
    var with = JSONObject([("text", "<r><p a='1'>x</p></r>"), ("select", select)])
    if let rows { with["rows"] = rows }
    return Refused(name, why, .object(with), .configuration, "invalid-selector")
  }

  private static let html: [Refused] = [
    Refused("html.select", "nothing to select", ["text": "x"]),
    Refused(
      "html.select", "an attribute that is no name",
      ["text": "x", "select": ["a": ["css": "a", "attr": "a]/.."]]]),
    Refused("html.select", "two sources", ["text": "x", "file": "a", "select": ["a": "a"]], .configuration),
    Refused("html.select", "no source", ["select": ["a": "a"]], .configuration, "invalid-connection"),
    Refused(
      "html.select", "a file that is not there", ["file": "no.html", "select": ["a": "a"]], .configuration,
      "file-not-found"),
    Refused(
      "html.select", "a private address", ["url": "http://127.0.0.1:9/", "select": ["a": "a"]],
      .configuration,
      "egress-refused"),
    selector("html.select", "a bracket that is open", ["a": "p[a"]),
    selector("html.select", "a class without a name", ["a": "p."]),
    selector("html.select", "a combinator at the end", ["a": "p >"]),
    selector("html.select", "a pseudo-class that is not known", ["a": "p:hover"]),
    selector("html.select", "a position that is none", ["a": "p:nth-child(x)"]),
    selector("html.select", "a quote that is open", ["a": "p[a='x]"]),
    selector("html.select", "two languages at once", ["a": ["css": "p", "xpath": "//p"]]),
    selector("html.select", "an XPath that is open", ["a": ["xpath": "//p["]]),
    selector("html.select", "a function that XPath has not", ["a": ["xpath": "document('/etc/passwd')"]]),
    selector("html.select", "rows that are no selector", ["a": "p"], rows: "p,,"),
    Refused(
      "html.select", "a required value that is not there",
      ["text": "<p>x</p>", "select": ["b": ["css": "b", "required": true]]], .data, "nothing-selected"),
    Refused("html.select", "an empty page", ["text": "", "select": ["b": "b"]], .data, "invalid-markup"),
    Refused(
      "html.select", "300 elements in one another",
      ["text": .string(String(repeating: "<div>", count: 300)), "select": ["b": "b"]], .data, "invalid-markup"
    ),
    Refused(
      "html.select", "a tag of 20,000 attributes",
      ["text": .string("<p " + (0..<20_000).map { "a\($0)=1 " }.joined() + ">"), "select": ["b": "b"]], .data,
      "select-limit"),
    Refused(
      "html.select", "a selector that takes forever",
      [
        "text": .string(String(repeating: "<i>x</i>", count: 20_000)),
        "select": ["n": ["xpath": "count(//i[count(preceding::i[count(following::i) > 1]) > 1])"]],
      ], .data, "select-limit"),
    Refused(
      "html.select", "values of more than 4 MiB",
      [
        "text": .string("<p>" + String(repeating: "x", count: 3 << 20) + "</p>"),
        "select": ["a": "p", "b": "p"],
      ], .outputTooLarge, "output-too-large"),
  ]

  private static func document(_ why: String, _ text: String, _ code: String = "invalid-markup") -> Refused {
    Refused("xml.select", why, ["text": .string(text), "select": ["a": "//a"]], .data, code)
  }

  private static let xml: [Refused] = [
    Refused("xml.select", "css", ["text": "<r/>", "select": ["a": ["css": "a"]]]),
    Refused("xml.select", "no source", ["select": ["a": "//a"]], .configuration, "invalid-connection"),
    document("nothing", ""), document("text alone", "just text"),
    document("a tag that stays open", "<r><a></r>"),
    document("two roots", "<r/><r/>"), document("an attribute twice", "<r a='1' a='2'/>"),
    document("bytes that no XML has", "<r>\u{1}</r>"),
    document("an entity that is not declared", "<r>&x;</r>"),
    document("entities that grow", "<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><r>&b;</r>"),
    document("an entity of a file", "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>"),
    document("a document type elsewhere", "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r/>"),
    document(
      "300 elements in one another",
      String(repeating: "<a>", count: 300) + String(repeating: "</a>", count: 300)),
    selector("xml.select", "an XPath that is open", ["a": "//p["]),
    selector("xml.select", "a prefix that is not declared", ["a": "//n:p"]),
    selector("xml.select", "a function that XPath has not", ["a": "matches(., 'x')"]),
    Refused(
      "xml.select", "a required value that is not there",
      ["text": "<r/>", "select": ["a": ["xpath": "//a", "required": true]]], .data, "nothing-selected"),
  ]

  private static func lines(
    _ why: String, _ text: String, _ expression: String, _ errorClass: ErrorClass, _ code: String
  ) -> Refused {
    Refused(
      "json.transform", why, ["lines": true, "expression": .string(expression)], errorClass, code,
      prepare: { bench, with in
        var members = with.object ?? [:]
        members["artifact"] = bench.keep(text, name: "in.ndjson").json
        return .object(members)
      })
  }

  private static func over(
    _ why: String, _ value: JSON, _ expression: String, _ errorClass: ErrorClass, _ code: String
  ) -> Refused {
    Refused("json.transform", why, ["value": value, "expression": .string(expression)], errorClass, code)
  }

  private static let transforms: [Refused] = [
    Refused("json.transform", "no expression", ["value": 1]),
    Refused("json.transform", "nothing that goes in", ["expression": "1"], .configuration),
    Refused(
      "json.transform", "lines of a value", ["value": [1], "lines": true, "expression": "line"],
      .configuration),
    over("a bracket that is open", 1, "value[", .configuration, "expression-syntax"),
    over("a name that is not there", 1, "steps.a.output", .configuration, "type-error"),
    over("types that do not fit", 1, "'a' + 1", .configuration, "type-error"),
    over("a line where there is none", 1, "line", .configuration, "type-error"),
    over("chance", 1, "random.int(1, 2)", .configuration, "type-error"),
    Refused(
      "json.transform", "a filter that is no condition",
      ["value": 1, "expression": "value", "filter": "'x'"],
      .configuration, "type-error"),
    Refused(
      "json.transform", "a filter whose data are no condition",
      ["value": 1, "expression": "value", "filter": "value"],
      .expression, "expression"),
    over("a key that is not there", ["a": 1], "value.b", .expression, "expression"),
    over("a division by zero", 0, "1 / value", .expression, "expression"),
    over("a list that is too short", [1], "value[5]", .expression, "expression"),
    over("a result that JSON has not", 1, "type(value)", .expression, "expression"),
    over(
      "work without end", .array((0..<2_000).map { .int($0) }), "value.map(a, value.map(b, a * b))",
      .expression,
      "expression-limit"),
    lines("a line that is no JSON", "{\"a\": 1}\n{a: 2}\n", "line", .data, "invalid-json"),
    lines("a key twice in a line", "{\"a\": 1, \"a\": 2}\n", "line", .data, "invalid-json"),
    lines(
      "a line of more than 1 MiB", "\"\(String(repeating: "x", count: 1 << 20))\"\n", "line", .data,
      "line-too-long"),
    lines("a line without what is read", "{\"a\": 1}\n{}\n", "line.a", .expression, "expression"),
    Refused(
      "json.transform", "an artifact that is no JSON", ["expression": "value"], .data, "invalid-json",
      prepare: { bench, with in
        ["expression": "value", "artifact": bench.keep("a;b\n", name: "t.csv").json]
      }),
  ]
}
