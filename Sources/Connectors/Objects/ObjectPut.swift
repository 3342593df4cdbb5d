import Engine
import Model
import Net

/// `object.put`: writes one object.
struct ObjectPut: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "object.put",
    title: Bilingual("Put an object", pt: "Gravar um objeto"),
    summary: Bilingual(
      """
      Writes text, an artifact or any value (as JSON) under a bucket and key. On a connection of kind \
      `folder`, \
      or without one in the data folder: written, synced and renamed, so that no reader sees a half. On \
      one of kind `s3` it is `s3.put`.
      """,
      pt: """
        Grava um texto, um artefato ou um valor qualquer (como JSON) sob um bucket e uma chave. Em uma \
        conexão \
        do tipo `folder`, ou sem ela na pasta de dados: gravado, sincronizado e renomeado, de modo que \
        ninguém \
        lê uma metade. Em uma do tipo `s3`, é o `s3.put`.
        """),
    with: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string", "minLength": 1],
        "key": [
          "type": "string", "minLength": 1, "maxLength": 1024, "description": "Parts are divided by `/`.",
        ],
        "body": ["description": "Text, an artifact, or a value that is written as compact JSON."],
        "content_type": ["type": "string", "description": "By default that of the body."],
        "metadata": [
          "type": "object", "additionalProperties": ["type": "string"],
          "description": "Kept in `<key>.meta`, or with the object in S3.",
        ],
      ],
      "required": ["bucket", "key", "body"],
      "additionalProperties": false,
    ],
    output: [
      "type": "object",
      "properties": [
        "bucket": ["type": "string"], "key": ["type": "string"],
        "sha256": ["type": "string", "description": "Of the bytes written, 64 hex digits."],
        "size": ["type": "integer", "description": "In bytes."],
        "location": ["type": "string", "description": "The file's path, or `s3://bucket/key`."],
      ],
      "required": ["bucket", "key", "sha256", "size", "location"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .optional(kind: "folder|s3"),
    examples: [
      .init(
        Bilingual("Publish a result", pt: "Publicar um resultado"),
        yaml: """
          publish:
            uses: object.put
            with: {bucket: gold, key: "daily/${{ job.key }}.json", body: {total: 3}}
          """)
    ], failures: ObjectNotes.writing)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if S3Store.isNamed(by: attempt) { return try await S3Store(attempt, client).put() }
    let (bucket, key) = (attempt.with["bucket"]?.string ?? "", attempt.with["key"]?.string ?? "")
    let body = attempt.with["body"] ?? .null
    let object = try ObjectFolder(attempt, bucket: bucket).object(key)
    let handle = ArtifactHandle(body)
    let fetched = attempt.services.workFolder + "/object"
    if let handle { try await attempt.services.fetchArtifact(handle.sha256, fetched) }
    let writer = ObjectWriter(
      object: object, stepKey: attempt.stepKey,
      contentType: attempt.with["content_type"]?.string ?? handle?.mediaType ?? Self.contentType(of: body),
      metadata: attempt.with["metadata"]?.object ?? JSONObject())
    let facts = try await OwnThread.cancellable { flag throws(Failure) in
      try writer.put(handle == nil ? .bytes(Self.bytes(of: body)) : .file(fetched), flag)
    }
    return AttemptOutput([
      "bucket": .string(bucket), "key": .string(key), "sha256": .string(facts.sha256),
      "size": .int(facts.size), "location": .string(object.location),
    ])
  }

  static func bytes(of body: JSON) -> [UInt8] {
    body.string.map { Array($0.utf8) } ?? body.serialized()
  }

  static func contentType(of body: JSON) -> String {
    body.string == nil ? "application/json" : "text/plain; charset=utf-8"
  }
}
