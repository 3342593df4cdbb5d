import Engine
import Glibc
import Model

/// `object.delete`: removes one object.
struct ObjectDelete: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "object.delete",
    title: Bilingual("Delete an object", pt: "Apagar um objeto"),
    summary: Bilingual(
      "Removes what `object.put` wrote, with its metadata. What is not there is no error.",
      pt: "Remove o que `object.put` gravou, com os metadados. O que não existe não é erro."),
    with: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string", "minLength": 1],
        "key": ["type": "string", "minLength": 1, "maxLength": 1024],
      ],
      "required": ["bucket", "key"],
      "additionalProperties": false,
    ],
    output: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string"], "key": ["type": "string"],
        "deleted": ["type": "boolean", "description": "False where there was no such object."],
      ],
      "required": ["bucket", "key", "deleted"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .optional(kind: "folder"),
    examples: [
      .init(
        Bilingual("Take a result back", pt: "Retirar um resultado"),
        yaml: """
          retract:
            uses: object.delete
            with: {bucket: gold, key: daily/2026-01-02.json}
          """)
    ], failures: ObjectNotes.writing)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (bucket, key) = (attempt.with["bucket"]?.string ?? "", attempt.with["key"]?.string ?? "")
    let folder = try ObjectFolder(attempt, bucket: bucket)
    let path = try folder.path(of: key)
    let deleted = try await OwnThread.run { () throws(Failure) in
      try folder.refuseLinks(key)
      // The object goes first: metadata alone are none, and the next put or delete takes them away.
      let wasThere = try Self.remove(path)
      let hadMetadata = try Self.remove(path + ObjectFolder.metadataEnding)
      if wasThere || hadMetadata, !AtomicFile.syncFolder(of: path) { throw .objectFolder(errno) }
      return wasThere
    }
    return AttemptOutput(["bucket": .string(bucket), "key": .string(key), "deleted": .bool(deleted)])
  }

  /// False where nothing was there, neither its folder.
  private static func remove(_ path: String) throws(Failure) -> Bool {
    if unlink(path) == 0 { return true }
    if errno == ENOENT { return false }
    throw .objectFolder(errno)
  }
}

/// What the connectors of objects refuse.
enum ObjectNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let writing: [ConnectorDescription.FailureNote] = [
    Note(
      .data, code: "unsafe-path",
      Bilingual(
        "bucket or key has an empty part, `.`, `..`, a link, a control character or the ending `.meta`",
        pt: "o bucket ou a chave tem parte vazia, `.`, `..`, ligação, controle ou final `.meta`"),
      remedy: Bilingual("Clean names from outside before use.", pt: "Limpe nomes de fora antes de usá-los.")),
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "the connection's `path` is no absolute path", pt: "o `path` da conexão não é um caminho absoluto"),
      remedy: Bilingual("Apply the connection anew.", pt: "Aplique a conexão de novo.")),
    Note(
      .configuration, code: "object-store",
      Bilingual(
        "a name is in the way or the folder is not ours; a full disk is `transient`",
        pt: "há um nome no caminho ou a pasta não é nossa; disco cheio é `transient`"),
      remedy: Bilingual("Check owner and space of the folder.", pt: "Confira dono e espaço da pasta.")),
  ]

  static let reading: [ConnectorDescription.FailureNote] =
    writing + [
      Note(
        .data, code: "object-not-found", Bilingual("there is no such object", pt: "não existe esse objeto"),
        remedy: Bilingual("`object.list` shows what is there.", pt: "`object.list` mostra o que há.")),
      Note(
        .outputTooLarge, code: "output-too-large",
        Bilingual("it is more than 4 MiB as text or value", pt: "são mais de 4 MiB como texto ou valor"),
        remedy: Bilingual("Read it with `as: artifact`.", pt: "Leia com `as: artifact`.")),
      Note(
        .data, code: "invalid-json",
        Bilingual("`as: json` and it is not JSON", pt: "`as: json` e não é JSON"),
        remedy: Bilingual("Read it with `as: text`.", pt: "Leia com `as: text`.")),
    ]
}
