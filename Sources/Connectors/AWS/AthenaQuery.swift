import Engine
import Model
import Net

/// `athena.query`: reads rows by a query of Amazon Athena.
struct AthenaQuery: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let work = try await AthenaWork(attempt, client)
    return try await end(work, try await work.begin(), attempt)
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    let work = try await AthenaWork(attempt, client)
    // Where none is known the same token starts it, or finds it.
    guard let id = work.known else { return nil }
    return try await end(work, id, attempt)
  }

  private func end(
    _ work: AthenaWork, _ id: String, _ attempt: Attempt
  ) async throws(Failure) -> AttemptOutput {
    let found = try await work.finish(id)
    let isFile = attempt.with["result"]?.string == "artifact"
    var taken = AthenaTaken(
      attempt, isUtility: found["StatementType"]?.string == "UTILITY",
      file: !isFile
        ? nil
        : AthenaFile(
          path: "\(attempt.services.workFolder)/rows", isCSV: attempt.with["format"]?.string == "csv"))
    var token: String?
    repeat {
      let page = try await work.page(id, token)
      try await taken.add(page.rows, page.meta, hasMore: page.next != nil)
      token = page.next
    } while token != nil && !taken.isTruncated
    var handle: ArtifactHandle?
    if let file = taken.file {
      handle = try await attempt.services.storeArtifact(file.name, file.path, file.mediaType)
    }
    let statistics = found["Statistics"]
    let milliseconds = statistics?["TotalExecutionTimeInMillis"]?.int ?? 0
    return AttemptOutput(
      [
        "rows": .array(taken.rows), "file": handle?.json ?? .null, "row_count": .int(taken.count),
        "columns": .array((taken.columns?.names ?? []).map { .string($0) }),
        "truncated": .bool(taken.isTruncated), "query_execution_id": .string(id),
        "execution_time_seconds": .double(Double(milliseconds) / 1_000),
        "data_scanned_bytes": statistics?["DataScannedInBytes"] ?? 0,
      ], artifacts: handle.map { [$0] } ?? [])
  }

  static let description = ConnectorDescription(
    name: "athena.query",
    title: Bilingual("Query Amazon Athena", pt: "Consultar o Amazon Athena"),
    summary: Bilingual(
      """
      Starts a query, waits for its end and reads its rows page by page. The query carries a token made of \
      the step's key: an attempt after a lost connection or a restart of the server finds the same query. \
      A cancelled step stops it. See [services](../services.md).
      """,
      pt: """
        Inicia uma consulta, espera o fim e lê as linhas página por página. A consulta leva um token feito \
        da chave do passo: uma tentativa depois de uma conexão perdida ou de um reinício do servidor \
        encontra a mesma consulta. Um passo cancelado a interrompe. Veja [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(
      [
        ("query", ["type": "string", "minLength": 1, "maxLength": 262_144, "description": "One statement."]),
        (
          "parameters",
          [
            "type": "array", "maxItems": 500, "items": ["type": ["string", "integer", "number", "boolean"]],
            "description": "The values of `?`, as Athena writes them: a text in quotes of its own, `'SP'`.",
          ]
        ),
        ("database", ["type": "string", "minLength": 1, "description": "Else the connection's."]),
        (
          "result",
          ["enum": ["rows", "artifact"], "default": "rows", "description": "Where the rows go."]
        ),
        (
          "format",
          [
            "enum": ["ndjson", "csv", "parquet"], "default": "ndjson",
            "description": "Of the artifact. This version writes `ndjson` and `csv`.",
          ]
        ),
        ("max_rows", ["type": "integer", "minimum": 0, "description": "More are left out: `truncated`."]),
        Polling.member,
      ], required: ["query"]),
    output: [
      "type": "object",
      "properties": [
        "rows": [
          "type": "array", "items": ["type": "object", "additionalProperties": true],
          "description": "Decimals and times are texts. Empty with `result: artifact`.",
        ],
        "file": ["type": ["artifact", "null"], "description": "Null without `result: artifact`."],
        "row_count": ["type": "integer"], "columns": ["type": "array", "items": ["type": "string"]],
        "truncated": ["type": "boolean", "description": "True where `max_rows` left rows out."],
        "query_execution_id": ["type": "string"], "execution_time_seconds": ["type": "number"],
        "data_scanned_bytes": ["type": "integer", "description": "What Athena asks money for."],
      ],
      "required": [
        "rows", "file", "row_count", "columns", "truncated", "query_execution_id", "execution_time_seconds",
        "data_scanned_bytes",
      ],
      "additionalProperties": false,
    ],
    effect: .always(.reattachable), connection: .required(kind: AthenaWork.kind), place: .outside,
    examples: [
      .init(
        Bilingual("The orders of two days", pt: "Os pedidos de dois dias"),
        yaml: """
          extract:
            uses: athena.query
            connection: athena
            with:
              query: SELECT order_id, revenue FROM orders WHERE date >= date_add('day', -2, current_date)
              result: artifact
              format: csv
            timeout: 20m
          """)
    ],
    failures: ServiceNotes.calling + notes,
    absentValues: [
      .init(
        key: "format", value: "parquet",
        instead: Bilingual("this version writes ndjson and csv", pt: "esta versão grava ndjson e csv"))
    ])

  private static let notes: [ConnectorDescription.FailureNote] = [
    .init(
      .data, code: "aws-refused",
      Bilingual("Athena does not take the query", pt: "o Athena não aceita a consulta"),
      remedy: Bilingual("The message has its words.", pt: "A mensagem traz as palavras dele.")),
    .init(
      .data, code: "athena-failed",
      Bilingual(
        "the query failed; `transient` where Athena says that it may pass",
        pt: "a consulta falhou; `transient` quando o Athena diz que pode passar"),
      remedy: Bilingual("The message has its reason.", pt: "A mensagem traz o motivo.")),
    .init(
      .data, code: "athena-answer",
      Bilingual("what answers is no Athena", pt: "o que responde não é o Athena"),
      remedy: Bilingual("Check `endpoint` of the connection.", pt: "Confira `endpoint` na conexão.")),
    .init(
      .data, code: "duplicate-column",
      Bilingual("two columns have the same name", pt: "duas colunas têm o mesmo nome"),
      remedy: Bilingual("Name them with AS.", pt: "Dê nomes com AS.")),
    ServiceNotes.outputTooLarge,
  ]
}
