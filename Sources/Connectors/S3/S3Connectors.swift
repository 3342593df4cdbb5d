import Engine
import Model
import Net

/// What `s3.*` says beyond `object.*`, whose `with` and output it shares.
private enum Shared {
  /// The same under another name, with a connection that must be there.
  static func description(
    _ shared: ConnectorDescription, _ name: String, _ title: Bilingual, _ summary: Bilingual,
    example: ConnectorDescription.Example
  ) -> ConnectorDescription {
    var description = shared
    (description.name, description.title, description.summary) = (name, title, summary)
    description.connection = .required(kind: "\(S3Store.kind)|folder")
    description.examples = [example]
    return description
  }

  static let place: [(String, JSON)] = [
    ("bucket", ["type": "string", "minLength": 1]),
    ("key", ["type": "string", "minLength": 1, "maxLength": 1024]),
  ]
}

/// `s3.put`: writes one object.
struct S3Put: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description: ConnectorDescription = {
    var description = Shared.description(
      ObjectPut.description, "s3.put",
      Bilingual("Put an object in S3", pt: "Gravar um objeto no S3"),
      Bilingual(
        """
        Writes text, an artifact or any value (as JSON) with its SHA-256, and asks the store afterwards \
        whether it holds just that. Large artifacts go in parts. On a connection of kind `folder` it is \
        `object.put`.
        """,
        pt: """
          Grava um texto, um artefato ou um valor qualquer (como JSON) com o SHA-256, e depois pergunta ao \
          armazenamento se é isso mesmo que ele guarda. Artefatos grandes vão em partes. Em uma conexão do \
          tipo `folder`, é o `object.put`.
          """),
      example: .init(
        Bilingual("Publish a result", pt: "Publicar um resultado"),
        yaml: """
          publish:
            uses: s3.put
            connection: r2
            with: {bucket: gold, key: "daily/${{ job.key }}.json", body: {total: 3}, metadata: {run_id: r1}}
          """))
    var members = description.with["properties"]?.object ?? JSONObject()
    members["if_absent"] = [
      "type": "boolean", "default": false,
      "description": "Fails where another object is there, in stores that can look.",
    ]
    description.with = WebSchema.object(
      members.map { ($0.key, $0.value) }, required: description.with["required"]?.array ?? [])
    description.failures += [S3Notes.taken, S3Notes.conditional]
    return description
  }()

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if attempt.with["if_absent"]?.bool == true, attempt.connection?.kind == "folder" {
      throw Failure(
        .configuration, code: "conditional-put",
        "`if_absent` needs a store of S3; the connection `\(attempt.connection?.name ?? "")` is a folder.")
    }
    return try await ObjectPut(client: client).execute(attempt)
  }
}

/// `s3.get`: reads one object.
struct S3Get: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = Shared.description(
    ObjectGet.description, "s3.get", Bilingual("Get an object from S3", pt: "Ler um objeto do S3"),
    Bilingual(
      """
      Reads an object as an artifact, or up to 4 MiB as text or as a JSON value, and compares its bytes with \
      the SHA-256 that `s3.put` kept with it. A connection that breaks goes on where it was.
      """,
      pt: """
        Lê um objeto como artefato ou, até 4 MiB, como texto ou valor JSON, e compara os bytes com o SHA-256 \
        que o `s3.put` guardou com ele. Uma conexão que cai continua de onde estava.
        """),
    example: .init(
      Bilingual("Read a value back", pt: "Reler um valor"),
      yaml: """
        before:
          uses: s3.get
          connection: r2
          with: {bucket: gold, key: daily/latest.json, as: json}
        """))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await ObjectGet(client: client).execute(attempt)
  }
}

/// `s3.list`: the objects below a prefix.
struct S3List: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = Shared.description(
    ObjectList.description, "s3.list", Bilingual("List objects in S3", pt: "Listar objetos no S3"),
    Bilingual(
      "Lists the objects whose keys begin with a prefix, in the order of their bytes, up to 10,000 a call.",
      pt: "Lista os objetos cujas chaves começam com um prefixo, na ordem dos bytes, até 10.000 por vez."),
    example: .init(
      Bilingual("What was published", pt: "O que foi publicado"),
      yaml: """
        published:
          uses: s3.list
          connection: r2
          with: {bucket: gold, prefix: daily/}
        """))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await ObjectList(client: client).execute(attempt)
  }
}

/// `s3.delete`: removes one object.
struct S3Delete: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = Shared.description(
    ObjectDelete.description, "s3.delete", Bilingual("Delete an object in S3", pt: "Apagar um objeto no S3"),
    Bilingual(
      "Removes an object. What is not there is no error.",
      pt: "Remove um objeto. O que não existe não é erro."),
    example: .init(
      Bilingual("Take a result back", pt: "Retirar um resultado"),
      yaml: """
        retract:
          uses: s3.delete
          connection: r2
          with: {bucket: gold, key: daily/2026-01-02.json}
        """))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await ObjectDelete(client: client).execute(attempt)
  }
}

/// `s3.copy`: copies one object within its store.
struct S3Copy: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "s3.copy", title: Bilingual("Copy an object in S3", pt: "Copiar um objeto no S3"),
    summary: Bilingual(
      "Copies an object within its store, with its type and metadata; the bytes do not come here.",
      pt: "Copia um objeto dentro do armazenamento, com tipo e metadados; os bytes não passam por aqui."),
    with: WebSchema.object(
      Shared.place + [
        ("to_bucket", ["type": "string", "minLength": 1, "description": "The same bucket where missing."]),
        ("to_key", ["type": "string", "minLength": 1, "maxLength": 1024]),
      ], required: ["bucket", "key", "to_key"]),
    output: ObjectPut.description.output, effect: .always(.keyed),
    connection: .required(kind: S3Store.kind),
    examples: [
      .init(
        Bilingual("Keep the last one under one name", pt: "Manter o último sob um só nome"),
        yaml: """
          latest:
            uses: s3.copy
            connection: r2
            with: {bucket: gold, key: "daily/${{ job.key }}.json", to_key: daily/latest.json}
          """)
    ], failures: S3Notes.reading)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let store = try S3Store(attempt, client)
    let source = try store.name()
    let target = try store.name(attempt.with["to_bucket"] == nil ? "bucket" : "to_bucket", "to_key")
    let (before, after) = try await store.run { () async throws(S3Fault) in
      let before = try await store.client.facts(source)
      try await store.client.copy(source, to: target)
      return (before, try await store.client.facts(target))
    }
    let sha256 = before.metadata[S3Store.hashName] ?? ""
    guard after.size == before.size, after.metadata[S3Store.hashName] ?? "" == sha256 else {
      throw .objectDamaged(target)
    }
    return AttemptOutput([
      "bucket": .string(target.bucket), "key": .string(target.key), "sha256": .string(sha256),
      "size": .int(after.size), "location": .string(target.location),
    ])
  }
}

/// `s3.presign`: a URL that opens one object for a while.
struct S3Presign: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let standardTime: Int64 = 3_600

  static let description = ConnectorDescription(
    name: "s3.presign", title: Bilingual("Make a URL for an object", pt: "Criar um URL para um objeto"),
    summary: Bilingual(
      """
      Makes a URL with which anybody who has it reads or writes the object until it expires. It asks nobody, \
      so the object need not be there.
      """,
      pt: """
        Cria um URL com o qual quem o tiver lê ou grava o objeto até expirar. Não pergunta a ninguém, \
        portanto o objeto não precisa existir.
        """),
    with: WebSchema.object(
      Shared.place + [
        ("method", ["enum": ["GET", "PUT"], "default": "GET", "description": "What it is good for."]),
        (
          "expires",
          [
            "type": "integer", "minimum": 1, "maximum": 604_800, "default": 3600,
            "description": "In seconds; at most 7 days.",
          ]
        ),
      ], required: ["bucket", "key"]),
    output: [
      "type": "object",
      "properties": [
        "url": ["type": "string"], "method": ["type": "string"],
        "expires_at": ["type": "string", "format": "date-time"],
      ],
      "required": ["url", "method", "expires_at"], "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .required(kind: S3Store.kind),
    examples: [
      .init(
        Bilingual("A link for a day", pt: "Um link por um dia"),
        yaml: """
          link:
            uses: s3.presign
            connection: r2
            with: {bucket: gold, key: daily/latest.json, expires: 86400}
          """)
    ], failures: S3Notes.naming)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let store = try S3Store(attempt, client)
    let method = attempt.with["method"]?.string.flatMap(S3Client.Presigned.init(rawValue:)) ?? .get
    let seconds = attempt.with["expires"]?.int ?? Self.standardTime
    let url = store.client.presign(method, try store.name(), expires: Int(seconds))
    let now = attempt.services.now().microseconds / 1_000_000 * 1_000_000
    let end = Timestamp(microseconds: now + seconds * 1_000_000)
    return AttemptOutput([
      "url": .string(url), "method": .string(method.rawValue), "expires_at": .string(end.rfc3339),
    ])
  }
}
