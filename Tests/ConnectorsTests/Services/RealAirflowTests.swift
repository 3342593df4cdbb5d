import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

/// The Airflow that `make test-airflow` starts.
private enum RealAirflow {
  static let url = ProcessInfo.processInfo.environment["ESTEIRA_AIRFLOW"]
  static let version = ProcessInfo.processInfo.environment["ESTEIRA_AIRFLOW_VERSION"] ?? ""
}

/// With a real Airflow, of the version that is there.
@Suite(
  "A run in a real Airflow",
  .enabled(if: RealAirflow.url != nil, "There is no Airflow: make test-airflow starts one of each version."),
  .serialized, .timeLimit(.minutes(8)))
struct RealAirflowTests {
  private static let admin = Credential(
    name: "c", type: "basic", values: [("username", Secret("admin")), ("password", Secret("admin"))])

  private let services: ServiceBench
  private let client: CurlClient
  private let connector: AirflowRun
  private let url: String

  init() async throws {
    services = try ServiceBench()
    client = services.bench.client
    connector = AirflowRun(client: client)
    url = try #require(RealAirflow.url)
    // Until its API answers and all four are known to it; the suite's limit ends a wait without end.
    while await list()?["count"]?.int ?? 0 < 4 { await Self.rest(500) }
  }

  private static func rest(_ milliseconds: Int32) async {
    await OwnThread.run { _ = poll(nil, 0, milliseconds) }
  }

  private func attempt(
    _ with: JSON, _ credential: Credential = admin, key: String = UUID().uuidString, number: Int = 1,
    of connector: (any Connector)? = nil
  ) -> Attempt {
    var attempt = services.attempt(
      with, of: connector ?? self.connector, ServiceBench.connection("airflow", url), credential,
      number: number)
    attempt.stepKey = key
    attempt.services.pause = { time in await Self.rest(Int32(clamping: time.milliseconds)) }
    return attempt
  }

  private func list() async -> JSON? {
    let lister = AirflowList(client: client)
    return try? await lister.execute(attempt(["tags": ["scrapers"]], of: lister)).value
  }

  @Test("is of the version that was started, which was found out")
  func version() async throws {
    var api = try AirflowAPI(attempt(["dag_id": "collects"]), client)
    #expect(try await api.knownVersion().rawValue == RealAirflow.version)
    let paused = await list()?["dags"]?.array?.first { $0["dag_id"] == "paused" }
    #expect(paused?["is_paused"] == true)
  }

  @Test("is started once, however often it is asked for, and gives what its task returned")
  func runs() async throws {
    let key = UUID().uuidString
    let with: JSON = ["dag_id": "collects", "conf": ["run_id": "run_1"], "result": "collect", "note": "n"]
    let first = await services.run(connector, attempt(with, key: key))
    #expect(first.value?["items_count"] == 2, "\(first.failure?.message ?? "")")
    #expect(first.value?["documents"] == [["id": "d1"], ["id": "d2"]] && first.value?["run_id"] == "run_1")
    let again = await services.run(connector, attempt(with, key: key, number: 2))
    #expect(again.value?["dag_run_id"] == .string("esteira.\(key)"))
    #expect(again.value?["start_date"] == first.value?["start_date"], "It is the same run.")
    let lost = try await connector.outcome(ofLost: attempt(with, key: key))
    #expect(lost?.value["dag_run_id"] == .string("esteira.\(key)"))
    #expect(try await connector.outcome(ofLost: attempt(with)) == nil)
  }

  @Test("that fails names its task, and a further attempt is another run")
  func fails() async throws {
    let key = UUID().uuidString
    let found = await services.run(connector, attempt(["dag_id": "fails"], key: key)).failure
    #expect(found?.errorClass == .exit && found?.message.contains("load") == true, "\(found?.message ?? "")")
    let next = await services.run(connector, attempt(["dag_id": "fails"], key: key, number: 2)).failure
    #expect(next?.message.contains("esteira.\(key).2") == true, "\(next?.message ?? "")")
  }

  @Test("is ended when its step is cancelled")
  func cancelled() async throws {
    let key = UUID().uuidString
    let attempt = attempt(["dag_id": "sleeps"], key: key)
    let running = Task { await services.run(connector, attempt) }
    var api = try AirflowAPI(attempt, client)
    let path = "/dags/sleeps/dagRuns/esteira.\(key)"
    while try await api.ask("GET", path).json["state"] != "running" { await Self.rest(200) }
    running.cancel()
    let found = await running.value.failure
    #expect(found?.errorClass == .cancelled && found?.code == "confirmed", "\(found?.message ?? "")")
    #expect(try await api.ask("GET", path).json["state"] == "failed")
  }

  @Test("is refused: to a wrong password, of what is paused, of what is not there")
  func refused() async throws {
    let wrong = Credential(
      name: "c", type: "basic", values: [("username", Secret("admin")), ("password", Secret("other"))])
    let denied = await services.run(connector, attempt(["dag_id": "collects"], wrong)).failure
    #expect(denied?.errorClass == .credential, "\(denied?.message ?? "")")
    #expect(await services.run(connector, attempt(["dag_id": "paused"])).failure?.code == "airflow-paused")
    #expect(await services.run(connector, attempt(["dag_id": "none"])).failure?.code == "airflow-unknown")
    let unpaused = await services.run(connector, attempt(["dag_id": "paused", "unpause": true]))
    #expect(unpaused.value?["state"] == "success", "\(unpaused.failure?.message ?? "")")
  }
}
