import Model

extension CloudflareKV {
  static let description = ConnectorDescription(
    name: "cloudflare.kv",
    title: Bilingual("A key of Cloudflare KV", pt: "Uma chave do Cloudflare KV"),
    summary: Bilingual(
      """
      Reads, writes, deletes or lists keys of a KV namespace, by an API token in a credential of type \
      `bearer`. With `fallback_file` a key that is not there, or a Cloudflare that does not answer, is \
      replaced by a file beside the pipeline; so is all of KV where the connection has no `account_id`. \
      See [services](../services.md).
      """,
      pt: """
        Lê, grava, remove ou lista chaves de um namespace do KV, com um token de API em uma credencial do \
        tipo `bearer`. Com `fallback_file` uma chave que não existe, ou um Cloudflare que não responde, dá \
        lugar a um arquivo ao lado do pipeline; o mesmo vale para todo o KV quando a conexão não tem \
        `account_id`. Veja [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(
      [
        ("operation", ["enum": ["get", "put", "delete", "list"], "default": "get"]),
        ("key", ["type": "string", "minLength": 1, "description": "At most 512 bytes."]),
        (
          "namespace_id",
          ["type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Else the connection's."]
        ),
        (
          "fallback_file",
          ["type": "string", "minLength": 1, "description": "A file beside the pipeline, for `get`."]
        ),
        (
          "parse",
          [
            "enum": ["auto", "json", "text"], "default": "auto",
            "description": "How a value is read; `auto`: as JSON where it is some.",
          ]
        ),
        ("value", ["description": "For `put`: a text as it is, anything else as JSON; 25 MiB at most."]),
        (
          "expires",
          ["type": "string", "description": "For `put`: KV removes it after so long, from `60s` on."]
        ),
        (
          "metadata",
          [
            "type": "object", "additionalProperties": true,
            "description": "For `put`: kept beside the value.",
          ]
        ),
        ("prefix", ["type": "string", "description": "For `list`: how the keys begin."]),
      ]),
    output: [
      "type": "object",
      "properties": [
        "key": ["type": ["string", "null"]],
        "value": ["description": "With `get`; a map's members stand beside it too."],
        "source": ["enum": ["kv", "file"], "description": "Where the value came from."],
        "keys": [
          "type": "array",
          "items": [
            "type": "object",
            "properties": [
              "name": ["type": "string"], "expiration": ["type": ["integer", "null"]], "metadata": [:],
            ],
            "required": ["name", "expiration", "metadata"], "additionalProperties": false,
          ],
        ],
        "truncated": ["type": "boolean", "description": "True where there are more than 10,000 keys."],
      ],
      "required": ["key", "value", "source"], "additionalProperties": true,
    ],
    effect: .always(.keyed), connection: .required(kind: CloudflareAPI.kind), fileKeys: ["fallback_file"],
    defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("A list of sources", pt: "Uma lista de fontes"),
        yaml: """
          config:
            uses: cloudflare.kv
            connection: cloudflare
            with: {key: NEWS_WATCHLIST_CONFIG}
            cache: {key: watchlist, for: 5m}
          """)
    ],
    failures: ServiceNotes.calling + [
      .init(
        .data, code: "kv-not-found", Bilingual("KV has no such key", pt: "o KV não tem essa chave"),
        remedy: Bilingual("Put it, or give a `fallback_file`.", pt: "Grave-a, ou dê um `fallback_file`.")),
      .init(
        .data, code: "kv-key", Bilingual("no key of KV", pt: "não é uma chave do KV"),
        remedy: Bilingual("Use 1 to 512 bytes.", pt: "Use de 1 a 512 bytes.")),
      .init(
        .data, code: "kv-value", Bilingual("the value is larger than 25 MiB", pt: "o valor passa de 25 MiB"),
        remedy: Bilingual("Put it into an object store.", pt: "Grave em um armazenamento de objetos.")),
      .init(
        .configuration, code: "file-not-found",
        Bilingual(
          "`fallback_file` is not beside the pipeline", pt: "`fallback_file` não está ao lado do pipeline"),
        remedy: Bilingual(
          "Add it and apply the pipeline again.", pt: "Acrescente-o e aplique o pipeline de novo.")),
      .init(
        .data, code: "invalid-json", Bilingual("the value is no JSON", pt: "o valor não é JSON"),
        remedy: Bilingual("Say `parse: text`.", pt: "Diga `parse: text`.")),
      .init(
        .data, code: "not-text", Bilingual("the value is no text", pt: "o valor não é texto"),
        remedy: Bilingual("Use an object store for files.", pt: "Use um armazenamento de objetos.")),
      .init(
        .outputTooLarge, code: "output-too-large",
        Bilingual("the value has more than 4 MiB", pt: "o valor passa de 4 MiB"),
        remedy: Bilingual("Keep large values elsewhere.", pt: "Guarde valores grandes em outro lugar.")),
    ])
}
