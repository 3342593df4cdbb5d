import Crypto
import Engine
import Glibc
import Model
import Net

/// `celery.task`: one task of a Celery application, and its result.
struct CeleryTask: Connector {
  let brokers: Brokers
  var description: ConnectorDescription { Self.description }

  private static let duration: JSON = ["type": "string"]

  static let description = ConnectorDescription(
    name: "celery.task",
    title: Bilingual("Celery task", pt: "Task do Celery"),
    summary: Bilingual(
      """
      Sends a task to Celery workers (protocol 2, over Redis or RabbitMQ) and waits for its result, without \
      a thread and without asking again and again. The task's id is made from the step's key and the \
      attempt: a server that is started again waits on for the same task and sends no second one. A \
      cancelled step revokes its task.
      """,
      pt: """
        Envia uma task a workers do Celery (protocolo 2, por Redis ou RabbitMQ) e espera o resultado, sem \
        thread e sem perguntar repetidamente. O id da task é feito da chave do passo e da tentativa: um \
        servidor reiniciado continua esperando a mesma task e não envia outra. Um passo cancelado revoga \
        sua task.
        """),
    with: WebSchema.object(
      [
        ("task", ["type": "string", "minLength": 1, "maxLength": 255, "description": "The task's name."]),
        ("args", ["type": "array"]), ("kwargs", ["type": "object"]),
        (
          "queue",
          ["type": "string", "minLength": 1, "maxLength": 200, "description": "`celery` where missing."]
        ),
        ("eta", ["type": "string", "description": "Not before this time, RFC 3339."]),
        ("delay", ["type": "string", "description": "Not before so long from now, such as `5m`."]),
        ("expires", ["type": "string", "description": "No worker begins it later, such as `1h`."]),
        ("priority", ["type": "integer", "minimum": 0, "maximum": 9]),
        ("time_limit", ["type": "string", "description": "The worker kills it after so long."]),
        ("soft_time_limit", ["type": "string", "description": "The task is told after so long."]),
        ("headers", ["type": "object", "description": "Beside `traceparent`, which names job and step."]),
        (
          "result",
          [
            "enum": ["value", "artifact", "ignore"], "default": "value",
            "description": "`ignore` ends once the broker has the task.",
          ]
        ),
        (
          "visibility",
          [
            "type": "string",
            "description":
              "After a restart, where nobody knows whether the task was sent: so long it is waited for. 5 m.",
          ]
        ),
      ], required: ["task"]),
    output: [
      "type": "object",
      "properties": [
        "task_id": ["type": "string"], "status": ["enum": ["SUCCESS", "SENT"]],
        "result": [
          "description":
            "What the task returned, a map's members beside it too; null with `artifact` and `ignore`."
        ],
        "file": ["type": ["artifact", "null"], "description": "The result as JSON, with `artifact`."],
        "date_done": ["type": ["string", "null"]],
      ],
      "required": ["task_id", "status", "result", "file", "date_done"],
      "additionalProperties": true,
    ],
    effect: .always(.reattachable), connection: .required(kind: "celery"), place: .outside,
    examples: [
      .init(
        Bilingual("Process a document", pt: "Processar um documento"),
        yaml: """
          process:
            uses: celery.task
            connection: celery
            with: {task: process_document, args: [doc-17], queue: documents, expires: 1h}
            timeout: 300s
          """)
    ],
    failures: BrokerNotes.calling(.redis) + [
      .init(
        .exit, code: "celery-failure",
        Bilingual("the task raised an exception", pt: "a task levantou uma exceção"),
        remedy: Bilingual(
          "Mend it; `retry: {classes: [exit]}` sends a new task.",
          pt: "Corrija-a; `retry: {classes: [exit]}` envia uma nova task.")),
      .init(
        .exit, code: "celery-revoked",
        Bilingual("the task was revoked or has expired", pt: "a task foi revogada ou venceu"),
        remedy: Bilingual("Look at the workers and at `expires`.", pt: "Verifique os workers e `expires`.")),
      .init(
        .data, code: "celery-result",
        Bilingual("the result is no JSON of Celery", pt: "o resultado não é um JSON do Celery"),
        remedy: Bilingual(
          "Set `result_serializer = \"json\"`.", pt: "Defina `result_serializer = \"json\"`.")),
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let run = try CeleryRun(attempt, brokers)
    do throws(Failure) {
      if attempt.with["result"]?.string == "ignore" {
        try await run.send()
        return Self.output(run.message.id, "SENT")
      }
      let result = try await run.result(sends: true, within: nil)
      if let result { return try await end(run, result) }
    } catch {
      // A worker may have the task before the broker's confirmation is here: it is told to stop, too.
      guard Task.isCancelled, error.errorClass == .cancelled else { throw error }
    }
    return try await end(run, nil)
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    let run = try CeleryRun(attempt, brokers)
    switch await run.known() {
    case .unsent: return nil
    case .sent:
      if attempt.with["result"]?.string == "ignore" { return Self.output(run.message.id, "SENT") }
      return try await end(run, try await run.result(sends: false, within: nil))
    case .unknown:
      if attempt.effect == .keyed { return nil }
      let visibility =
        try AMQPSending.duration(attempt.with["visibility"], "visibility") ?? Self.defaultVisibility
      let found = try await run.result(sends: false, within: visibility)
      guard found != nil || Task.isCancelled else {
        throw Failure(
          .lost, code: "effect-unknown",
          "Nobody knows whether the task \(run.message.id) was sent, and nothing came of it for "
            + "\(visibility.text)."
        )
      }
      return try await end(run, found)
    }
  }

  private static let defaultVisibility = Duration.seconds(300)

  private static func output(_ id: String, _ status: String) -> AttemptOutput {
    AttemptOutput([
      "task_id": .string(id), "status": .string(status), "result": .null, "file": .null, "date_done": .null,
    ])
  }

  private func end(_ run: CeleryRun, _ result: CeleryResult?) async throws(Failure) -> AttemptOutput {
    let (attempt, id) = (run.attempt, run.message.id)
    switch result {
    case .success(let value, let doneAt)?:
      var output = JSONObject([
        ("task_id", .string(id)), ("status", "SUCCESS"), ("result", value), ("file", .null),
        ("date_done", doneAt.map { .string($0) } ?? .null),
      ])
      guard attempt.with["result"]?.string == "artifact" else {
        for member in value.object ?? JSONObject() where output[member.key] == nil {
          output[member.key] = member.value
        }
        return AttemptOutput(.object(output))
      }
      let handle = try await keep(value, attempt)
      (output["result"], output["file"]) = (.null, handle.json)
      return AttemptOutput(.object(output), artifacts: [handle])
    case .failure(let type, let text, let traceback)?:
      if let traceback { attempt.services.log(.error, traceback) }
      throw Failure(
        .exit, code: "celery-failure", "The task \(run.message.task) raised \(type): \(text.prefix(1_000))")
    case .revoked?:
      throw Failure(.exit, code: "celery-revoked", "The task \(id) was revoked, or expired before it began.")
    case .pending?, nil:
      // The server itself is stopped: the next one waits on.
      if !attempt.services.endsWithNode() { await run.revoke() }
      throw Failure(
        .cancelled, code: "requested", "The task \(id) was told to stop; whether it did is not known.")
    }
  }

  private func keep(_ value: JSON, _ attempt: Attempt) async throws(Failure) -> ArtifactHandle {
    let path = "\(attempt.services.workFolder)/result.json"
    let bytes = value.serialized()
    guard let file = fopen(path, "we") else {
      throw Failure(.transient, code: "work-folder", "The work folder cannot be written.")
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw Failure(.transient, code: "work-folder", "The work folder cannot be written.")
    }
    return try await attempt.services.storeArtifact("result.json", path, "application/json")
  }
}
