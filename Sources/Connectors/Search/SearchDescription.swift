import Model

extension SearchIndex {
  static let description = ConnectorDescription(
    name: "elasticsearch.index",
    title: Bilingual("Index documents", pt: "Indexar documentos"),
    summary: Bilingual(
      """
      Writes documents into an index of Elasticsearch or OpenSearch by its bulk API, in batches of at most \
      1,000 documents and 5 MiB. Each has an id that is the same for every attempt, so that nothing is \
      there twice. What the index refuses is told document by document. See [services](../services.md).
      """,
      pt: """
        Grava documentos em um índice do Elasticsearch ou OpenSearch pela API bulk, em lotes de no máximo \
        1.000 documentos e 5 MiB. Cada um tem um id que é o mesmo em cada tentativa, então nada fica \
        duplicado. O que o índice recusa é informado documento por documento. Veja \
        [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(
      [
        (
          "index",
          [
            "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-z0-9][a-z0-9._-]*$",
            "description": "The index, or an alias of one.",
          ]
        ),
        (
          "documents",
          ["type": "array", "maxItems": 100_000, "description": "Maps, one for each document."]
        ),
        ("file", ["type": "artifact", "description": "Instead: an artifact with a document a line."]),
        (
          "id",
          [
            "type": "string", "minLength": 1,
            "description":
              "The member of a document that is its id; else made of the step's key and the place.",
          ]
        ),
        (
          "operation",
          [
            "enum": ["index", "create", "update", "delete"], "default": "index",
            "description": "`create` leaves what is there, `update` changes the members that are given.",
          ]
        ),
        ("routing", ["type": "string", "description": "The member of a document that says its shard."]),
        ("pipeline", ["type": "string", "description": "An ingest pipeline of Elasticsearch."]),
        (
          "refresh",
          [
            "enum": ["false", "true", "wait_for"],
            "description": "Whether searches see the documents when the step ends.",
          ]
        ),
        (
          "allow_failed",
          [
            "type": "integer", "minimum": 0, "default": 0,
            "description": "More that are refused fail the step.",
          ]
        ),
      ], required: ["index"]),
    output: [
      "type": "object",
      "properties": [
        "created": ["type": "integer"], "updated": ["type": "integer"], "deleted": ["type": "integer"],
        "unchanged": ["type": "integer"],
        "existing": ["type": "integer", "description": "Were there already, with `create`."],
        "not_found": ["type": "integer", "description": "Were not there, with `delete`."],
        "failed": ["type": "integer"],
        "errors": [
          "type": "array", "description": "The first 100.",
          "items": [
            "type": "object",
            "properties": [
              "place": ["type": "integer", "description": "In the list, from 0."], "id": ["type": "string"],
              "status": ["type": "integer"], "type": ["type": "string"], "reason": ["type": "string"],
            ],
            "required": ["place", "id", "status", "type", "reason"], "additionalProperties": false,
          ],
        ],
        "took_ms": ["type": "integer"],
      ],
      "required": [
        "created", "updated", "deleted", "unchanged", "existing", "not_found", "failed", "errors", "took_ms",
      ],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .required(kind: kind), defaultTimeout: .seconds(900),
    examples: [
      .init(
        Bilingual("The events of a day", pt: "Os eventos de um dia"),
        yaml: """
          index:
            uses: elasticsearch.index
            connection: search
            with:
              index: atlasreg_events
              id: event_id
              documents: [{event_id: e1, title: A fine}]
          """)
    ],
    failures: ServiceNotes.calling + [
      .init(
        .data, code: "index-document",
        Bilingual("a document is no map, or has no id", pt: "um documento não é um mapa, ou não tem id"),
        remedy: Bilingual("Mend the document that is named.", pt: "Corrija o documento indicado.")),
      .init(
        .data, code: "index-failed",
        Bilingual(
          "more documents are refused than `allow_failed`", pt: "mais documentos recusados que `allow_failed`"
        ),
        remedy: Bilingual("The message names the first.", pt: "A mensagem indica o primeiro.")),
      .init(
        .data, code: "index-answer",
        Bilingual("what answers is no Elasticsearch", pt: "o que responde não é um Elasticsearch"),
        remedy: Bilingual("Check `url` of the connection.", pt: "Confira `url` na conexão.")),
      .init(
        .data, code: "not-an-artifact", Bilingual("`file` is no artifact", pt: "`file` não é um artefato"),
        remedy: Bilingual(
          "Give the handle that a step's output has.", pt: "Dê a referência que está na saída de um passo.")),
      .init(
        .data, code: "file-too-large",
        Bilingual("`file` has more than 64 MiB", pt: "`file` tem mais de 64 MiB"),
        remedy: Bilingual("Index it in parts.", pt: "Indexe em partes.")),
      .init(
        .data, code: "invalid-json",
        Bilingual("a line of `file` is no JSON", pt: "uma linha de `file` não é JSON"),
        remedy: Bilingual("Mend the line that is named.", pt: "Corrija a linha indicada.")),
    ])
}
