import Engine
import Model

/// `notify`: tells people. This build has no destinations, so a notice is a warning in the log.
struct Notify: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "notify",
    title: Bilingual("Notify", pt: "Notificar"),
    summary: Bilingual(
      "Tells people something. For whom there is no destination, the notice is logged as a warning instead.",
      pt: "Avisa pessoas. Para quem não tem destino, o aviso fica registrado como alerta no log."),
    with: [
      "type": "object",
      "properties": [
        "to": [
          "type": ["array", "string"], "items": ["type": "string"],
          "description": "Names of people or groups.",
        ],
        "title": ["type": "string"],
        "text": ["type": "string", "default": ""],
        "dedupe_key": [
          "type": "string",
          "description": "Notices with the same key are told once; no effect in this version.",
        ],
        "open_ticket": [
          "type": "boolean",
          "description": "Whether the destination opens a ticket; no effect in this version.",
        ],
      ],
      "required": ["to", "title"],
      "additionalProperties": false,
    ],
    output: [
      "type": "object",
      "properties": [
        "delivered": ["type": "array", "items": ["type": "string"]],
        "logged": ["type": "array", "items": ["type": "string"], "description": "Had no destination."],
      ],
      "required": ["delivered", "logged"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Tell of a failure", pt: "Avisar de uma falha"),
        yaml: """
          tell:
            uses: notify
            with: {to: [operations], title: Ingest failed, text: The source did not answer.}
          """)
    ], idleKeys: ["dedupe_key", "open_ticket"])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let to = attempt.with["to"]?.array?.compactMap(\.string) ?? [attempt.with["to"]?.string ?? ""]
    let title = attempt.with["title"]?.string ?? ""
    let text = attempt.with["text"]?.string ?? ""
    for name in to {
      attempt.services.log(.warn, "no destination for \(name): \(title)\(text.isEmpty ? "" : ": \(text)")")
    }
    return AttemptOutput(["delivered": [], "logged": .array(to.map { .string($0) })])
  }
}
