import Engine
import Model
import Net

/// One run in Airflow that an attempt begins or finds, and waits for.
struct AirflowWork: Sendable {
  private let attempt: Attempt
  private var api: AirflowAPI
  private let run: OutsideRun
  private let name: String
  /// So long Airflow may take to stop a run.
  private static let stopTimeout = Duration.seconds(15)

  init(_ attempt: Attempt, _ client: CurlClient) async throws(Failure) {
    self.attempt = attempt
    api = try AirflowAPI(attempt, client)
    name = attempt.with["dag_id"]?.string ?? ""
    run = try await OutsideRun(attempt)
  }

  private var path: String { "/dags/\(ServiceCall.part(name))" }
  private var runPath: String { "\(path)/dagRuns/\(ServiceCall.part(run.name))" }

  /// Whether an earlier attempt began it.
  mutating func isThere() async throws(Failure) -> Bool {
    let answer = try await api.ask("GET", runPath)
    if answer.status == 404 { return false }
    try answer.check(saying: AirflowAPI.words(answer))
    return true
  }

  /// Starts it; one of this name that is there already is this step's own.
  mutating func begin() async throws(Failure) {
    if try await isPaused() {
      if try await isThere() { return }
      guard attempt.with["unpause"] == true else {
        throw Failure(
          .configuration, code: "airflow-paused",
          "`\(name)` is paused in Airflow, so a run would wait without end; unpause it there, or say "
            + "`unpause: true`.")
      }
      let answer = try await api.ask("PATCH", path, json: ["is_paused": false])
      try answer.check(saying: AirflowAPI.words(answer))
    }
    var body = JSONObject([
      ("dag_run_id", .string(run.name)), ("conf", attempt.with["conf"] ?? .object(JSONObject())),
    ])
    // Version 3 wants it said that the run is of no date.
    if try await api.knownVersion() == .three { body["logical_date"] = .null }
    if let note = attempt.with["note"] { body["note"] = note }
    let answer = try await api.ask("POST", "\(path)/dagRuns", json: .object(body))
    switch answer.status {
    case 409:
      guard try await isThere() else {
        throw Failure(
          .transient, code: "airflow-refused",
          "Airflow has another run of `\(name)` at this instant: \(AirflowAPI.words(answer) ?? "409").")
      }
      attempt.services.log(.info, "The run \(run.name) is there already: it is waited for.")
    case 404: throw unknown
    case 400, 422:
      throw Failure(
        .data, code: "airflow-refused",
        "Airflow does not take the run of `\(name)`: \(AirflowAPI.words(answer) ?? "\(answer.status)")")
    case _: try answer.check(saying: AirflowAPI.words(answer))
    }
  }

  private mutating func isPaused() async throws(Failure) -> Bool {
    let answer = try await api.ask("GET", path)
    if answer.status == 404 { throw unknown }
    try answer.check(saying: AirflowAPI.words(answer))
    return answer.json["is_paused"] == true
  }

  private var unknown: Failure {
    Failure(
      .configuration, code: "airflow-unknown",
      "Airflow has no `\(name)`, or this credential may not see it; `airflow.list_dags` shows what there is.")
  }

  /// Waits for its end. Cancelling the attempt ends it there, unless the node itself stops: the next one
  /// waits on.
  mutating func finish() async throws(Failure) -> AttemptOutput {
    var polling = try Polling(attempt)
    while true {
      if Task.isCancelled { throw await stop() }
      do throws(Failure) {
        let answer = try await api.ask("GET", runPath)
        if answer.status == 404 {
          await run.ended()
          throw Failure(.exit, code: "airflow-failed", "The run \(run.name) is gone: somebody removed it.")
        }
        try answer.check(saying: AirflowAPI.words(answer))
        polling.heard()
        switch answer.json["state"]?.string {
        case "success": return try await output(answer.json)
        case "failed":
          await run.ended()
          throw await failed()
        case _: break
        }
      } catch {
        if error.errorClass == .cancelled { throw await stop() }
        try polling.passOver(error)
      }
      await polling.wait()
    }
  }

  /// Of one that is not waited for.
  func started() -> AttemptOutput { AttemptOutput(members(["state": "queued"], result: .null)) }

  private func members(_ found: JSON, result: JSON) -> JSON {
    var output = JSONObject([
      ("dag_id", .string(name)), ("dag_run_id", .string(run.name)), ("state", found["state"] ?? .null),
      ("start_date", found["start_date"] ?? .null), ("end_date", found["end_date"] ?? .null),
      ("result", result),
    ])
    for member in result.object ?? JSONObject() where output[member.key] == nil {
      output[member.key] = member.value
    }
    return .object(output)
  }

  private mutating func output(_ found: JSON) async throws(Failure) -> AttemptOutput {
    guard let task = attempt.with["result"]?.string else {
      return AttemptOutput(members(found, result: .null))
    }
    let entry = "\(runPath)/taskInstances/\(ServiceCall.part(task))/xcomEntries/return_value"
    // Versions before 2.10 do not know the word, and give a text of Python.
    var answer = try await api.ask("GET", entry, query: [("stringify", "false")])
    if answer.status == 400 { answer = try await api.ask("GET", entry) }
    if answer.status == 404 {
      throw Failure(
        .data, code: "airflow-no-result",
        "The run \(run.name) is done, and its task `\(task)` returned nothing.")
    }
    try answer.check(saying: AirflowAPI.words(answer))
    var value = answer.json["value"] ?? .null
    if let text = value.string, let parsed = try? JSON(parsing: Array(text.utf8)) { value = parsed }
    return AttemptOutput(members(found, result: value))
  }

  private mutating func failed() async -> Failure {
    var names: [String] = []
    // The names only say more; the run has failed all the same.
    if let answer = try? await api.ask(
      "GET", "\(runPath)/taskInstances", query: [("state", "failed"), ("limit", "20")]), answer.status == 200
    {
      names = (answer.json["task_instances"]?.array ?? []).compactMap { $0["task_id"]?.string }
    }
    let which = names.isEmpty ? "" : ": \(names.joined(separator: ", "))"
    return Failure(
      .exit, code: "airflow-failed", "The run \(run.name) of `\(name)` failed in Airflow\(which).")
  }

  private func stop() async -> Failure {
    if attempt.services.endsWithNode() {
      return Failure(.cancelled, code: "requested", "The run \(run.name) goes on in Airflow.")
    }
    let (api, runPath) = (api, runPath)
    // In a task of its own: this one is cancelled.
    let isStopped = await Task {
      var api = api
      api.hurry(Self.stopTimeout)
      let answer = try? await api.ask("PATCH", runPath, json: ["state": "failed"])
      return answer?.status == 200
    }.value
    await run.ended()
    return isStopped
      ? Failure(.cancelled, code: "confirmed", "The run \(run.name) was ended in Airflow.")
      : Failure(
        .cancelled, code: "requested",
        "Airflow was told to end the run \(run.name), and did not say that it did.")
  }
}
