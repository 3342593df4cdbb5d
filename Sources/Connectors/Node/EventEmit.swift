import Engine
import Model

/// `event.emit`: an event to those who follow a room.
struct EventEmit: Connector {
  var description: ConnectorDescription { Self.description }

  /// Of the data as JSON text, in bytes.
  static let dataLimit = 256 << 10

  static let description = ConnectorDescription(
    name: "event.emit",
    title: Bilingual("Emit an event", pt: "Emitir um evento"),
    summary: Bilingual(
      """
      Sends an event to a room of the own namespace. It is stored, once for a step whatever its attempts, \
      and those who follow the room are given it: `esteira event watch`. A namespace keeps its last 10,000 \
      events.
      """,
      pt: """
        Envia um evento a uma sala do próprio namespace. Ele fica guardado, uma vez por passo, quaisquer que \
        sejam as tentativas, e quem acompanha a sala o recebe: `esteira event watch`. Um namespace guarda os \
        últimos 10.000 eventos.
        """),
    with: WebSchema.object(
      [
        (
          "type",
          [
            "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_.-]{0,127}$",
            "description": "What happened, such as `ezpocket.message`.",
          ]
        ),
        (
          "room",
          [
            "type": "string", "minLength": 1, "maxLength": 256,
            "description":
              "Who is meant, such as `ana:vendas`. Everybody who may read the namespace may follow it.",
          ]
        ),
        ("data", ["description": "Any value, up to 256 KiB as JSON."]),
      ], required: ["type", "room"]),
    output: WebSchema.object(
      [
        ("type", ["type": "string"]), ("room", ["type": "string"]),
        ("size", ["type": "integer", "description": "Of the data as JSON, in bytes."]),
      ], required: ["type", "room", "size"]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Tell a user's page", pt: "Avisar a página de um usuário"),
        yaml: """
          tell:
            uses: event.emit
            with: {type: report.ready, room: "ana:vendas", data: {rows: 12}}
          """)
    ],
    failures: [
      .init(
        .data, code: "event-too-large",
        Bilingual("the data are larger than 256 KiB", pt: "os dados têm mais de 256 KiB"),
        remedy: Bilingual(
          "Send the name of an artifact or object.", pt: "Envie o nome de um artefato ou objeto.")),
      .init(
        .data, code: "unsafe-room",
        Bilingual("the room has a control character", pt: "a sala tem um caractere de controle"),
        remedy: Bilingual(
          "Clean texts from outside before use.", pt: "Limpe textos de fora antes de usá-los.")),
      NodeNotes.noNode,
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (type, room) = (attempt.with["type"]?.string ?? "", attempt.with["room"]?.string ?? "")
    guard room.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw Failure(
        .data, code: "unsafe-room",
        "The room `\(room.prefix(100))` has a control character. Take it out first.")
    }
    let data = attempt.with["data"] ?? .null
    let size = data.serialized().count
    guard size <= Self.dataLimit else {
      throw Failure(
        .data, code: "event-too-large",
        "The data have \(size) bytes; an event takes 256 KiB. Send the name of an artifact or object.")
    }
    try await attempt.services.control.emit(type, room, data)
    return AttemptOutput(["type": .string(type), "room": .string(room), "size": .int(Int64(size))])
  }
}

/// What connectors that ask the node share in their descriptions.
enum NodeNotes {
  typealias Note = ConnectorDescription.FailureNote

  static let noNode = Note(
    .configuration, code: "no-node",
    Bilingual(
      "no node runs the pipeline, as in `pipeline test`",
      pt: "nenhum nó roda o pipeline, como em `pipeline test`"),
    remedy: Bilingual("Give the step a stand-in with --mock.", pt: "Dê ao passo um dublê com --mock."))

  static let acting: [Note] = [
    Note(
      .configuration, code: "not-granted",
      Bilingual(
        "the pipeline has no such right on the other one", pt: "o pipeline não tem esse direito sobre o outro"
      ),
      remedy: Bilingual(
        "Have it granted under `grants` in `esteira.yaml`.",
        pt: "Peça a concessão em `grants` no `esteira.yaml`.")),
    Note(
      .data, code: "no-pipeline", Bilingual("no pipeline has that name", pt: "nenhum pipeline tem esse nome"),
      remedy: Bilingual(
        "Check the name with `esteira pipeline ls`.", pt: "Confira o nome com `esteira pipeline ls`.")),
    Note(
      .data, code: "bad-pipeline-name",
      Bilingual("the text names no pipeline", pt: "o texto não é o nome de um pipeline"),
      remedy: Bilingual(
        "Write namespace/name, or the name of one in the own namespace.",
        pt: "Escreva namespace/nome, ou o nome de um do próprio namespace.")),
    noNode,
  ]

  static let pipeline: (String, JSON) = (
    "pipeline",
    [
      "type": "string", "minLength": 1, "maxLength": 130,
      "description": "`namespace/name`, or the name of one in the own namespace.",
    ]
  )

  /// The pipeline that a step is about.
  static func target(_ attempt: Attempt) throws(Failure) -> PipelineName {
    let text = attempt.with["pipeline"]?.string ?? ""
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), parts.allSatisfy(isID) else {
      throw Failure(
        .data, code: "bad-pipeline-name",
        "`\(text.prefix(130))` names no pipeline. Write namespace/name, or the name of one in the own "
          + "namespace.")
    }
    return PipelineName(
      namespace: parts.count == 2 ? parts[0] : attempt.namespace, name: parts[parts.count - 1])
  }

  private static func isID(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 63
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "-")
      }
  }
}
