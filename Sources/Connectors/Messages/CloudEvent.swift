import Engine
import Model
import Net

/// A webhook's body as the data of an event.
///
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
struct CloudEvent: Sendable {
  let body: JSON
  let mediaType: String
  let headers: [(name: String, value: String)]

  static let schema: JSON = [
    "type": "object",
    "properties": [
      "type": ["type": "string", "minLength": 1, "maxLength": 255, "description": "What happened."],
      "source": [
        "type": "string", "minLength": 1, "maxLength": 255,
        "description": "A URI of where it happened; `/esteira/NAMESPACE/PIPELINE` where missing.",
      ],
      "subject": ["type": "string", "minLength": 1, "maxLength": 255],
      "time": ["type": "string", "format": "date-time", "description": "When it happened."],
      "mode": [
        "enum": ["structured", "binary"], "default": "structured",
        "description": "`structured`: all in the body; `binary`: the attributes in `ce-` headers.",
      ],
    ],
    "required": ["type"], "additionalProperties": false,
    "description": "Sends the body as the data of a CloudEvent 1.0.",
  ]

  /// Nil where the step sends none. The same for every attempt, so that a receiver knows the event again.
  init?(_ attempt: Attempt) {
    guard let with = attempt.with["cloudevent"]?.object else { return nil }
    let source = with["source"]?.string ?? "/esteira/\(attempt.namespace)/\(attempt.pipeline.name)"
    var attributes: [(name: String, value: String)] = [
      ("specversion", "1.0"), ("id", attempt.stepKey), ("source", source),
      ("type", with["type"]?.string ?? ""),
    ]
    for name in ["subject", "time"] {
      if let value = with[name]?.string { attributes.append((name, value)) }
    }
    let data = attempt.with["body"] ?? .null
    if with["mode"]?.string == "binary" {
      (body, mediaType) = (data, "application/json")
      headers = attributes.map { ("ce-\($0.name)", Self.encoded($0.value)) }
      return
    }
    var members = JSONObject(attributes.map { ($0.name, JSON.string($0.value)) })
    members["datacontenttype"] = "application/json"
    members["data"] = data
    (body, mediaType, headers) = (.object(members), "application/cloudevents+json; charset=utf-8", [])
  }

  /// What a header may not carry as it is goes percent-encoded, as the binding says.
  private static func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
      let isPlain = (0x21...0x7E).contains(byte) && byte != 0x22 && byte != 0x25
      result += isPlain ? String(UnicodeScalar(byte)) : PercentEncoding.byte(byte)
    }
  }
}
