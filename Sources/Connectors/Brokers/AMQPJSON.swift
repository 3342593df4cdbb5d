import Crypto
import Model
import Net

/// Headers of messages as JSON, and the other way round.
enum AMQPJSON {
  static func value(_ json: JSON) -> AMQPValue {
    switch json {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .int(let number): .int(number)
    case .double(let number): .double(number)
    case .string(let text): .text(text)
    case .array(let items): .array(items.map(value))
    case .object(let object): .table(table(object))
    }
  }

  static func table(_ object: JSONObject) -> AMQPTable {
    var table = AMQPTable()
    for member in object { table.append(member.key, value(member.value)) }
    return table
  }

  static func json(_ value: AMQPValue) -> JSON {
    switch value {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .int(let number): .int(number)
    case .double(let number): .double(number)
    case .text(let text): .string(text)
    case .bytes(let bytes): ["base64": .string(Base64.encode(bytes))]
    case .time(let seconds):
      .string(Timestamp(microseconds: Int64(clamping: min(seconds, 1 << 40)) * 1_000_000).rfc3339)
    case .array(let items): .array(items.map(json))
    case .table(let table): json(table)
    }
  }

  static func json(_ table: AMQPTable) -> JSON {
    var object = JSONObject()
    for entry in table.entries { object[entry.name] = json(entry.value) }
    return .object(object)
  }

  /// Each as a text; what is none is written as JSON.
  static func texts(_ table: AMQPTable) -> JSONObject {
    var object = JSONObject()
    for entry in table.entries {
      let value = json(entry.value)
      object[entry.name] = .string(value.string ?? value.text)
    }
    return object
  }
}
