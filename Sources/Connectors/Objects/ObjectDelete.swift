import Engine
import Glibc
import Model
import Net

/// `object.delete`: removes one object.
struct ObjectDelete: Connector {
  let client: CurlClient
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
        "deleted": [
          "type": "boolean",
          "description":
            "False where there was no such object; true also where an earlier attempt removed it.",
        ],
      ],
      "required": ["bucket", "key", "deleted"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .optional(kind: "folder|s3"),
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
    if S3Store.isNamed(by: attempt) { return try await S3Store(attempt, client).delete() }
    let (bucket, key) = (attempt.with["bucket"]?.string ?? "", attempt.with["key"]?.string ?? "")
    let object = try ObjectFolder(attempt, bucket: bucket).object(key)
    let sight = FirstSight(attempt)
    let deleted = try await OwnThread.run { () throws(Failure) in
      guard let folder = try object.parent() else { return try sight.wasThere(false) }
      return try Self.remove(object, in: folder, sight)
    }
    return AttemptOutput(["bucket": .string(bucket), "key": .string(key), "deleted": .bool(deleted)])
  }

  /// False where no such object was there.
  private static func remove(
    _ object: StoredObject, in folder: borrowing OpenFolder, _ sight: FirstSight
  ) throws(Failure) -> Bool {
    let isThere: Bool
    do throws(SystemError.Number) { isThere = try folder.status(of: object.name)?.kind == .file } catch {
      throw .objectFolder(error.value)
    }
    let wasThere = try sight.wasThere(isThere)
    do throws(SystemError.Number) {
      // The object goes first: metadata alone are none, and the next put or delete takes them away.
      let isRemoved = try folder.remove(object.name)
      let hadMetadata = try folder.remove(object.metadataName)
      if isRemoved || hadMetadata { try folder.sync() }
      return wasThere || isRemoved
    } catch { throw .objectFolder(error.value) }
  }
}

/// What the connectors of objects refuse.
enum ObjectNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let writing: [ConnectorDescription.FailureNote] =
    [
      Note(
        .data, code: "unsafe-path",
        Bilingual(
          "bucket or key has an empty part, `.`, `..`, a link, a control character or the ending `.meta`",
          pt: "o bucket ou a chave tem parte vazia, `.`, `..`, ligação, controle ou final `.meta`"),
        remedy: Bilingual("Clean names from outside before use.", pt: "Limpe nomes de fora antes de usá-los.")
      ),
      Note(
        .configuration, code: "invalid-connection",
        Bilingual(
          "the connection's `path` is no absolute path, or it and the data folder lie in one another",
          pt:
            "o `path` da conexão não é absoluto, ou ele e a pasta de dados ficam um dentro do outro"
        ),
        remedy: Bilingual(
          "Apply the connection anew, with a folder beside the data folder.",
          pt: "Aplique a conexão de novo, com uma pasta ao lado da pasta de dados.")),
      Note(
        .configuration, code: "object-store",
        Bilingual(
          "a name is in the way or the folder is not ours; a full disk is `transient`",
          pt: "há um nome no caminho ou a pasta não é nossa; disco cheio é `transient`"),
        remedy: Bilingual("Check owner and space of the folder.", pt: "Confira dono e espaço da pasta.")),
    ] + S3Notes.asking

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
      FileSchema.large,
    ]
}
