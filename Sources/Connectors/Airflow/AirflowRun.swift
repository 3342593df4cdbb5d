import Engine
import Model
import Net

/// `airflow.run_dag`: one run in Airflow 2 or 3, and its end.
struct AirflowRun: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "airflow.run_dag",
    title: Bilingual("Run a DAG of Airflow", pt: "Executar uma DAG do Airflow"),
    summary: Bilingual(
      """
      Starts a DAG of Airflow 2 (`/api/v1`) or 3 (`/api/v2`) and waits for its end. The run's id is made \
      from the step's key: an attempt after a lost connection or a restart of the server finds the same \
      run and starts no second one; only a run that failed, or was ended, is followed by another. A \
      cancelled step ends its run. See [services](../services.md).
      """,
      pt: """
        Inicia uma DAG do Airflow 2 (`/api/v1`) ou 3 (`/api/v2`) e espera o fim. O id da execução é feito \
        da chave do passo: uma tentativa depois de uma conexão perdida ou de um reinício do servidor \
        encontra a mesma execução e não inicia outra; só uma execução que falhou, ou foi encerrada, é \
        seguida por outra. Um passo cancelado encerra a execução. Veja [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(
      [
        (
          "dag_id",
          [
            "type": "string", "minLength": 1, "maxLength": 250, "pattern": "^[\\w.~:+-]+$",
            "description": "The DAG's id.",
          ]
        ),
        ("conf", ["type": "object", "additionalProperties": true, "description": "What the run is given."]),
        ("note", ["type": "string", "maxLength": 1000, "description": "Shown beside the run in Airflow."]),
        (
          "result",
          [
            "type": "string", "minLength": 1, "maxLength": 250,
            "description": "A task of the DAG: what it returned becomes `result` of the output.",
          ]
        ),
        ("unpause", ["type": "boolean", "description": "Unpauses a DAG that is paused, and leaves it so."]),
        (
          "wait",
          ["type": "boolean", "default": true, "description": "False: the step ends once the run is there."]
        ),
        Polling.member,
      ], required: ["dag_id"]),
    output: [
      "type": "object",
      "properties": [
        "dag_id": ["type": "string"], "dag_run_id": ["type": "string"],
        "state": ["enum": ["success", "queued"], "description": "`queued` with `wait: false` alone."],
        "start_date": ["type": ["string", "null"]], "end_date": ["type": ["string", "null"]],
        "result": ["description": "What the task returned, a map's members beside it too; null without one."],
      ],
      "required": ["dag_id", "dag_run_id", "state", "start_date", "end_date", "result"],
      "additionalProperties": true,
    ],
    effect: .always(.reattachable), connection: .required(kind: AirflowAPI.kind), place: .outside,
    examples: [
      .init(
        Bilingual("A DAG, and a spider where Airflow is down", pt: "Uma DAG, e um spider se o Airflow cair"),
        yaml: """
          collect:
            uses: airflow.run_dag
            connection: airflow
            with: {dag_id: aneel_news_daily, conf: {run_id: "${{ job.key }}"}, result: collect}
            timeout: 30m
            rescue:
              classes: [transient, timeout, circuit_open]
              uses: scrapy.crawl
              with: {spider: aneel_news, arguments: {run_id: "${{ job.key }}"}}
          """)
    ],
    failures: ServiceNotes.calling + [
      ServiceNotes.airflowUnknown,
      .init(
        .configuration, code: "airflow-paused",
        Bilingual("the DAG is paused", pt: "a DAG está pausada"),
        remedy: Bilingual(
          "Unpause it in Airflow, or say `unpause: true`.",
          pt: "Tire a pausa no Airflow, ou diga `unpause: true`.")),
      .init(
        .data, code: "airflow-refused",
        Bilingual("Airflow does not take the run", pt: "o Airflow não aceita a execução"),
        remedy: Bilingual("The message has its words.", pt: "A mensagem traz as palavras dele.")),
      .init(
        .exit, code: "airflow-failed",
        Bilingual("the run failed, or was removed", pt: "a execução falhou, ou foi removida"),
        remedy: Bilingual(
          "See its log in Airflow; `retry: {classes: [exit]}` starts another run.",
          pt: "Veja o log no Airflow; `retry: {classes: [exit]}` inicia outra execução.")),
      .init(
        .data, code: "airflow-no-result",
        Bilingual("the task of `result` returned nothing", pt: "a task de `result` não devolveu nada"),
        remedy: Bilingual(
          "Name a task that returns a value.", pt: "Indique uma task que devolva um valor.")),
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    var work = try await AirflowWork(attempt, client)
    try await work.begin()
    if attempt.with["wait"] == false { return work.started() }
    return try await work.finish()
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    var work = try await AirflowWork(attempt, client)
    guard try await work.isThere() else { return nil }
    if attempt.with["wait"] == false { return work.started() }
    return try await work.finish()
  }
}

/// `airflow.list_dags`: what there is to run.
struct AirflowList: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let page = 100
  static let most = 5_000

  static let description = ConnectorDescription(
    name: "airflow.list_dags",
    title: Bilingual("List the DAGs of Airflow", pt: "Listar as DAGs do Airflow"),
    summary: Bilingual(
      "Lists the active DAGs that the credential may see, at most 5,000.",
      pt: "Lista as DAGs ativas que a credencial pode ver, no máximo 5.000."),
    with: WebSchema.object([
      (
        "tags",
        [
          "type": "array", "items": ["type": "string", "minLength": 1], "maxItems": 20,
          "description": "Only those with one of them.",
        ]
      )
    ]),
    output: [
      "type": "object",
      "properties": [
        "dags": [
          "type": "array",
          "items": [
            "type": "object",
            "properties": [
              "dag_id": ["type": "string"], "is_paused": ["type": "boolean"],
              "description": ["type": ["string", "null"]],
              "tags": ["type": "array", "items": ["type": "string"]],
            ],
            "required": ["dag_id", "is_paused", "description", "tags"], "additionalProperties": false,
          ],
        ],
        "count": ["type": "integer"],
        "truncated": ["type": "boolean", "description": "True where there are more than 5,000."],
      ],
      "required": ["dags", "count", "truncated"], "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .required(kind: AirflowAPI.kind), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("What is tagged", pt: "O que tem a etiqueta"),
        yaml: """
          dags:
            uses: airflow.list_dags
            connection: airflow
            with: {tags: [scrapers]}
          """)
    ], failures: ServiceNotes.calling)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    var api = try AirflowAPI(attempt, client)
    let tags = (attempt.with["tags"]?.array ?? []).compactMap(\.string).map { (name: "tags", value: $0) }
    var found: [JSON] = []
    var total: Int64 = 0
    repeat {
      let answer = try await api.ask(
        "GET", "/dags", query: [("limit", "\(Self.page)"), ("offset", "\(found.count)")] + tags)
      try answer.check(saying: AirflowAPI.words(answer))
      let page = answer.json["dags"]?.array ?? []
      total = answer.json["total_entries"]?.int ?? 0
      found += page.map(Self.shown)
      if page.isEmpty { break }
    } while found.count < total && found.count < Self.most
    return AttemptOutput([
      "dags": .array(found), "count": .int(Int64(found.count)), "truncated": .bool(found.count < total),
    ])
  }

  private static func shown(_ one: JSON) -> JSON {
    [
      "dag_id": one["dag_id"] ?? "", "is_paused": .bool(one["is_paused"] == true),
      "description": one["description"] ?? .null,
      "tags": .array((one["tags"]?.array ?? []).compactMap { $0["name"] }),
    ]
  }
}
