import Foundation
import Model

@testable import Expressions

/// One line of `../shared/data/cel/*.jsonl`: a case of CEL's own conformance suite.
struct ConformanceCase: Sendable {
  let file: String
  let line: Int
  let json: JSON

  var expression: String { json["expr"]?.string ?? "" }
  var container: String { json["container"]?.string ?? "" }
  var isChecked: Bool { json["disable_check"]?.bool != true }
  var wantsError: Bool { json["eval_error"] != nil }
  var name: String { "\(file):\(line) \(json["section"]?.string ?? "")/\(json["name"]?.string ?? "")" }

  /// The folder of the cases, or nil where this machine has none.
  static var folder: URL? {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.deletingLastPathComponent().appending(path: "shared/data/cel")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }

  static func all() throws -> [ConformanceCase] {
    guard let folder else { return [] }
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "jsonl" }.sorted { $0.path < $1.path }
    return try files.flatMap { file in
      let lines = [UInt8](try Data(contentsOf: file)).split(separator: 0x0A)
      return try lines.enumerated().map { number, line in
        ConformanceCase(
          file: file.lastPathComponent, line: number + 1, json: try JSON(parsing: Array(line)))
      }
    }
  }

  /// The declared variables. Nil where a declaration is of a message.
  var variables: [String: CELType]? {
    var types: [String: CELType] = [:]
    for declaration in Self.list(json["type_env"]) {
      guard let name = declaration["name"]?.string, let type = Self.type(declaration["ident"]?["type"]) else {
        return nil
      }
      types[name] = type
    }
    return types
  }

  var bindings: [String: Value] {
    var values: [String: Value] = [:]
    for binding in Self.list(json["bindings"]) {
      if let name = binding["key"]?.string { values[name] = Self.value(binding["value"]?["value"]) }
    }
    return values
  }

  /// The result that the case asks for; true where it does not say.
  var expected: Value { json["value"].map { Self.value($0) } ?? .bool(true) }

  /// A repeated field of one element is written without a list.
  private static func list(_ json: JSON?) -> [JSON] { json?.array ?? (json.map { [$0] } ?? []) }

  private static func type(_ json: JSON?) -> CELType? {
    if json?["null"] != nil { return .null }
    if let element = json?["list_type"]?["elem_type"] { return type(element).map(CELType.list) }
    if let map = json?["map_type"], let key = type(map["key_type"]), let value = type(map["value_type"]) {
      return .map(key, value)
    }
    if json?["message_type"]?.string == "google.protobuf.Duration" { return .duration }
    let primitives: [String: CELType] = [
      "BOOL": .bool, "INT64": .int, "UINT64": .uint, "DOUBLE": .double, "STRING": .string, "BYTES": .bytes,
    ]
    return json?["primitive"]?.string.flatMap { primitives[$0] }
  }

  private static func value(_ json: JSON?) -> Value {
    guard let member = json?.object?.members.first else { return .type("nothing") }
    let content = member.value
    switch member.key {
    case "null_value": return .null
    case "bool_value": return .bool(content.bool ?? false)
    case "int64_value": return .int(content.int ?? 0)
    case "uint64_value": return .uint(content.int.map(UInt64.init) ?? UInt64(content.number ?? 0))
    case "double_value": return .double(content.number ?? Double(content.string ?? "") ?? .nan)
    case "string_value": return .string(content.string ?? "")
    case "bytes_value": return .bytes(content.string.map { Array($0.utf8) } ?? bytes(content["$bytes"]))
    case "type_value": return .type(content.string ?? "")
    case "list_value": return .list(list(content["values"]).map { value($0) })
    case "map_value":
      return .map(MapValue(entries: list(content["entries"]).map { (value($0["key"]), value($0["value"])) }))
    case "object_value":
      let duration = content["[type.googleapis.com/google.protobuf.Duration]"]
      return .duration(
        seconds: duration?["seconds"]?.int ?? 0, nanoseconds: Int32(duration?["nanos"]?.int ?? 0))
    default: return .type("a value of an unknown kind, \(member.key)")
    }
  }

  private static func bytes(_ json: JSON?) -> [UInt8] {
    let digits = Array(json?.string ?? "")
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
    }
  }
}

/// Why a case does not apply here: each rule has a name, and looks only at what the case says.
struct Exclusion: Sendable {
  let name: String
  let holds: @Sendable (ConformanceCase) -> Bool

  static let all = [
    Exclusion(name: "needs protobuf test messages") { test in
      test.expression.contains("TestAllTypes") || test.container.hasPrefix("cel.expr.conformance")
    },
    Exclusion(name: "makes a protobuf wrapper or Any message") { test in
      let made = "google\\.protobuf\\.(Any|Value|Struct|ListValue|[A-Z][A-Za-z0-9]*Value) *\\{"
      return test.expression.range(of: made, options: .regularExpression) != nil
    },
  ]
}

/// The variables of a test, by name.
struct Named: Bindings {
  var values: [String: Value]

  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
    guard let value = values[name] else {
      throw ExpressionError(
        .evaluation, Bilingual("\(name) is not bound.", pt: "\(name) não tem valor."), at: 0..<0)
    }
    return value
  }
}

extension ZoneDatabase {
  /// The zones of this machine.
  static let machine = ZoneDatabase { name in
    FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name).map { [UInt8]($0) }
  }
}
