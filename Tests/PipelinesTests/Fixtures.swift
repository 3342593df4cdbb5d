import Foundation
import Model
import Pipelines

/// Connectors with realistic schemas, so that this suite needs no connector of the program.
enum Fixture {
  static let zones = ZoneDatabase { name in
    guard let data = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)") else { return nil }
    return Array(data)
  }

  private static let online = PipelineCompiler(connectors: catalogue, zones: zones)
  private static let offline = PipelineCompiler(connectors: catalogue, zones: zones, offline: true)

  static func compiler(offline isOffline: Bool = false) -> PipelineCompiler { isOffline ? offline : online }

  static func compile(_ text: String, offline: Bool = false) -> Compilation {
    compiler(offline: offline).compile(
      text,
      readFile: { name in
        name == "missing.py" ? nil : Array((name.hasSuffix(".json") ? "{}" : "").utf8)
      })
  }

  /// The findings as one text, the way a person sees them.
  static func rendered(_ text: String, file: String = "pipeline.yaml", _ language: Language = .english)
    -> String
  {
    compile(text).findings.map { $0.rendered(file: file, language: language) }.joined(separator: "\n")
  }

  /// A file with the given steps, which begin at line 4.
  static func file(_ steps: String, head: String = "") -> String {
    "apiVersion: esteira/v1\nid: test\nnamespace: demo\n\(head)steps:\n"
      + steps.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(
        separator: "\n")
      + "\n"
  }

  static func codes(_ text: String, offline: Bool = false) -> [String] {
    compile(text, offline: offline).findings.map(\.code)
  }

  static let catalogue: [ConnectorDescription] = [
    script("shell"), script("python"), httpRequest, csvRead, fail, notify, objectPut,
  ]

  private static func script(_ name: String) -> ConnectorDescription {
    ConnectorDescription(
      name: name, title: both(name), summary: both(name),
      with: [
        "type": "object", "additionalProperties": false,
        "properties": [
          "run": ["type": "string", "minLength": 1], "program": ["type": "string"],
          "arguments": ["type": "array", "items": ["type": ["string", "number", "boolean"]]],
          "env": ["type": "object"], "data": true,
          "files": ["type": "object", "additionalProperties": ["type": ["string", "artifact"]]],
          "stdin": ["type": "string"],
        ],
        "oneOf": [["required": ["run"]], ["required": ["program"]]],
      ],
      output: [
        "type": "object", "required": ["exit_code", "stdout", "stderr", "artifacts"],
        "properties": [
          "exit_code": ["type": "integer"], "stdout": ["type": "string"], "stderr": ["type": "string"],
          "artifacts": ["type": "object", "additionalProperties": ["type": "artifact"]],
          "truncated": ["type": "boolean"],
        ],
      ],
      effect: .onceUnlessIdempotent(warns: false), verbatim: ["run"], fileKeys: ["program", "files"])
  }

  private static let httpRequest = ConnectorDescription(
    name: "http.request", title: both("HTTP"), summary: both("HTTP"),
    with: [
      "type": "object", "required": ["url"], "additionalProperties": false,
      "properties": [
        "url": ["type": "string", "format": "uri"],
        "method": ["type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]],
        "headers": ["type": "object", "additionalProperties": ["type": "string"]], "body": true,
        "retries": ["type": "integer", "minimum": 0],
      ],
    ],
    output: [
      "type": "object", "required": ["status", "headers", "body"], "additionalProperties": false,
      "properties": [
        "status": ["type": "integer"],
        "headers": ["type": "object", "additionalProperties": ["type": "string"]], "body": true,
      ],
    ],
    effect: .pureWhen(key: "method", values: ["GET", "HEAD"], absent: true),
    connection: .optional(kind: "http"), defaultTimeout: .seconds(300))

  private static let csvRead = ConnectorDescription(
    name: "csv.read", title: both("CSV"), summary: both("CSV"),
    with: [
      "type": "object", "required": ["file"], "additionalProperties": false,
      "properties": ["file": ["type": "artifact"], "delimiter": ["type": "string", "maxLength": 1]],
    ],
    output: [
      "type": "object", "required": ["rows", "count"], "additionalProperties": false,
      "properties": [
        "rows": ["type": "array", "items": ["type": "object", "additionalProperties": ["type": "string"]]],
        "count": ["type": "integer"],
      ],
    ], effect: .always(.pure))

  private static let fail = ConnectorDescription(
    name: "fail", title: both("Fail"), summary: both("Fail"),
    with: [
      "type": "object", "required": ["message"], "additionalProperties": false,
      "properties": ["message": ["type": "string"], "class": ["type": "string"]],
    ], output: ["type": "object", "additionalProperties": false], effect: .always(.pure))

  private static let notify = ConnectorDescription(
    name: "notify", title: both("Notify"), summary: both("Notify"),
    with: [
      "type": "object", "required": ["title"], "additionalProperties": false,
      "properties": [
        "title": ["type": "string"], "text": ["type": "string"],
        "to": ["type": "array", "items": ["type": "string"]], "open_ticket": ["type": "boolean"],
        "dedupe_key": ["type": "string"],
      ],
    ],
    output: [
      "type": "object", "required": ["delivered", "logged"], "additionalProperties": false,
      "properties": [
        "delivered": ["type": "array", "items": ["type": "string"]],
        "logged": ["type": "array", "items": ["type": "string"]],
      ],
    ], effect: .always(.keyed))

  private static let objectPut = ConnectorDescription(
    name: "object.put", title: both("Put"), summary: both("Put"),
    with: [
      "type": "object", "required": ["bucket", "key", "body"], "additionalProperties": false,
      "properties": [
        "bucket": ["type": "string"], "key": ["type": "string", "minLength": 1], "body": true,
        "content_type": ["type": "string"], "metadata": ["type": "object"],
      ],
    ],
    output: [
      "type": "object", "required": ["bucket", "key", "sha256", "size", "location"],
      "additionalProperties": false,
      "properties": [
        "bucket": ["type": "string"], "key": ["type": "string"], "sha256": ["type": "string"],
        "size": ["type": "integer"], "location": ["type": "string"],
      ],
    ], effect: .always(.keyed), connection: .required(kind: "folder"))

  private static func both(_ text: String) -> Bilingual { Bilingual(text, pt: text) }
}
