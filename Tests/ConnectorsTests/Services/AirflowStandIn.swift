import Crypto
import Foundation
import Model
import Net
import Synchronization

/// Plays Airflow as its own pages describe it, and takes nothing else:
/// https://airflow.apache.org/docs/apache-airflow/2.10.5/stable-rest-api-ref.html
/// https://airflow.apache.org/docs/apache-airflow/3.1.5/stable-rest-api-ref.html
/// https://airflow.apache.org/docs/apache-airflow/3.1.5/security/api.html (`POST /auth/token`)
final class AirflowStandIn: Sendable {
  struct State {
    /// What a run is asked for says next; the last stays.
    var course: [String]
    var runs: [String: (conf: JSON, course: [String])] = [:]
    var created: [String] = []
    var stopped: [String] = []
    var isPaused = false
    var returned: JSON?
    var token = 0
    /// So many answers are 503 first.
    var down = 0
    var asked: [String] = []
  }

  let version: Int
  private let state: Mutex<State>

  init(_ version: Int, _ course: String...) {
    self.version = version
    state = Mutex(State(course: course))
  }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
  var now: State { state.withLock { $0 } }
  private var root: String { version == 2 ? "/api/v1" : "/api/v2" }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    state.withLock { state in
      state.asked.append("\(request.method) \(request.path)")
      return answer(request, &state)
    }
  }

  private func answer(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
    let words = "\(request.method) \(request.path)"
    if words == "GET /api/v2/version" {
      return version == 3
        ? .json(200, ["version": "3.1.5", "git_version": .null])
        : HTTPResponse(status: 404, type: "text/html", Array("<html>lots of circles</html>".utf8))
    }
    if state.down > 0 {
      state.down -= 1
      return HTTPResponse(status: 503)
    }
    if words == "POST /auth/token", version == 3 { return signIn(request, &state) }
    guard request.path.hasPrefix(root + "/dags") else { return problem(404, "Not Found") }
    guard isAllowed(request, state) else { return problem(401, "Unauthorized") }
    let parts = (request.segments ?? []).dropFirst(3).map { $0 }
    switch (request.method, parts.count) {
    case ("GET", 0): return list(request)
    case (_, 1...) where parts[0] != "aneel_news_daily": return problem(404, "DAG not found")
    case ("GET", 1): return .json(200, ["dag_id": "aneel_news_daily", "is_paused": .bool(state.isPaused)])
    case ("PATCH", 1):
      guard request.json == ["is_paused": false] else { return problem(400, "Bad Request") }
      state.isPaused = false
      return .json(200, ["dag_id": "aneel_news_daily", "is_paused": false])
    case ("POST", 2) where parts[1] == "dagRuns": return create(request, &state)
    case ("GET", 3), ("PATCH", 3): return run(request, parts[2], &state)
    case ("GET", 4) where parts[3] == "taskInstances":
      guard request.query("state") == ["failed"] else { return problem(400, "Bad Request") }
      return .json(200, ["task_instances": [["task_id": "load", "state": "failed"]], "total_entries": 1])
    case ("GET", 7)
    where parts[3] == "taskInstances" && parts[5] == "xcomEntries" && parts[6] == "return_value":
      guard request.query == "stringify=false" else { return problem(400, "Bad Request") }
      guard parts[4] == "collect", let value = state.returned else { return problem(404, "XCom not found") }
      return .json(200, ["key": "return_value", "value": value, "task_id": "collect"])
    default: return problem(405, "Method Not Allowed")
    }
  }

  private func signIn(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
    guard request.headers["authorization"] == nil,
      request.json == ["username": "ana", "password": "s3cr3t-pw"]
    else { return problem(401, "Invalid credentials") }
    state.token += 1
    return .json(201, ["access_token": .string("jwt-\(state.token)")])
  }

  private func isAllowed(_ request: HTTPRequest, _ state: State) -> Bool {
    let found = request.headers["authorization"]
    if found == "Bearer t0ken-of-ana" { return true }
    if version == 3 { return found == "Bearer jwt-\(state.token)" }
    return found == "Basic \(Base64.encode(Array("ana:s3cr3t-pw".utf8)))"
  }

  /// What stands at a path is described in `detail`, as both versions do.
  private func problem(_ status: Int, _ detail: String) -> HTTPResponse {
    .json(
      status,
      version == 2 ? ["title": .string(detail), "status": .int(Int64(status))] : ["detail": .string(detail)])
  }

  private func create(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
    let known = ["dag_run_id", "conf", "note", "logical_date"]
    guard request.headers["content-type"] == "application/json", let body = request.json?.object,
      body.keys.allSatisfy({ known.contains($0) }), let id = body["dag_run_id"]?.string,
      let conf = body["conf"], conf.object != nil
    else { return problem(version == 2 ? 400 : 422, "is not valid") }
    // Version 3 requires the key, version 2 refuses a null.
    guard (version == 3) == (body["logical_date"]?.isNull == true) else {
      return problem(version == 2 ? 400 : 422, "logical_date")
    }
    if conf["bad"] != nil { return problem(400, "Invalid input for param bad") }
    if state.runs[id] != nil { return problem(409, "DAGRun already exists") }
    state.runs[id] = (conf, state.course)
    state.created.append(id)
    return .json(200, ["dag_run_id": .string(id), "state": "queued", "conf": conf])
  }

  private func run(_ request: HTTPRequest, _ id: String, _ state: inout State) -> HTTPResponse {
    guard var run = state.runs[id] else { return problem(404, "DAGRun not found") }
    if request.method == "PATCH" {
      guard request.json == ["state": "failed"] else { return problem(400, "Bad Request") }
      run.course = ["failed"]
      state.stopped.append(id)
    }
    let word = run.course[0]
    if run.course.count > 1 { run.course.removeFirst() }
    state.runs[id] = run
    return .json(
      200,
      [
        "dag_id": "aneel_news_daily", "dag_run_id": .string(id), "state": .string(word), "conf": run.conf,
        "start_date": "2026-01-31T06:00:00Z", "end_date": word == "running" ? .null : "2026-01-31T06:10:00Z",
      ])
  }

  private func list(_ request: HTTPRequest) -> HTTPResponse {
    guard request.query("limit") == ["100"], let offset = request.query("offset").first.flatMap({ Int($0) }),
      request.query("tags") == ["scrapers"]
    else { return problem(400, "Bad Request") }
    let page = (offset..<min(150, offset + 100)).map { number -> JSON in
      [
        "dag_id": .string("d\(number)"), "is_paused": .bool(number == 0), "description": .null,
        "tags": [["name": "scrapers"]], "fileloc": "/x.py",
      ]
    }
    return .json(200, ["dags": .array(page), "total_entries": 150])
  }
}
