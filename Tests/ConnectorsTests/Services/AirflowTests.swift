import Engine
import Foundation
import Glibc
import Model
import Net
import Testing

@testable import Connectors

@Suite("A run in Airflow", .timeLimit(.minutes(1)))
struct AirflowTests {
  private let with: JSON = ["dag_id": "aneel_news_daily", "conf": ["run_id": "run_1"], "poll": "5s"]

  /// One Airflow, and what calls it.
  private struct World {
    let stand: AirflowStandIn
    let site: Site
    let bench: ServiceBench
    var connector: AirflowRun { AirflowRun(client: site.client) }

    init(_ stand: AirflowStandIn) throws {
      self.stand = stand
      site = try Site { stand.answer($0) }
      bench = try ServiceBench()
    }

    func attempt(
      _ with: JSON, _ credential: Credential? = ServiceBench.basic, number: Int = 1,
      isNodeEnding: Bool = false
    ) -> Attempt {
      bench.attempt(
        with, of: connector, ServiceBench.connection("airflow", site.url), credential, number: number,
        isNodeEnding: isNodeEnding)
    }

    func run(
      _ with: JSON, _ credential: Credential? = ServiceBench.basic, number: Int = 1
    ) async -> Result<JSON, Failure> {
      await bench.run(connector, attempt(with, credential, number: number))
    }
  }

  @Test(
    "is started under the step's key, waited for ever more slowly, and gives what a task returned",
    arguments: [2, 3])
  func runs(version: Int) async throws {
    let world = try World(AirflowStandIn(version, "queued", "running", "running", "success"))
    world.stand.change { $0.returned = ["items_count": 3, "documents": [["id": "d1"]]] }
    var with = with.object ?? JSONObject()
    (with["result"], with["note"]) = ("collect", "of Esteira")
    let value = await world.run(.object(with)).value
    #expect(value?["dag_run_id"] == "esteira.k1" && value?["state"] == "success")
    #expect(value?["items_count"] == 3 && value?["result"]?["documents"] == [["id": "d1"]])
    #expect(world.stand.now.created == ["esteira.k1"])
    #expect(world.stand.now.runs["esteira.k1"]?.conf == ["run_id": "run_1"])
    #expect(world.bench.paused == [.seconds(1), .milliseconds(1_500), .milliseconds(2_250)])
    await world.site.stop()
  }

  @Test("that is there already is the step's own: no second one is started", arguments: [2, 3])
  func attached(version: Int) async throws {
    let world = try World(AirflowStandIn(version, "running", "success"))
    world.stand.change { $0.runs["esteira.k1"] = ([:], ["running", "success"]) }
    #expect(await world.run(with, number: 2).value?["state"] == "success")
    #expect(world.stand.now.created == [])
    await world.site.stop()
  }

  @Test("that was lost with its node is found again, and one that never began is not")
  func lost() async throws {
    let world = try World(AirflowStandIn(3, "running", "success"))
    #expect(try await world.connector.outcome(ofLost: world.attempt(with)) == nil)
    world.stand.change { $0.runs["esteira.k1"] = ([:], ["running", "success"]) }
    let found = try await world.connector.outcome(ofLost: world.attempt(with))
    #expect(found?.value["state"] == "success" && world.stand.now.created == [])
    await world.site.stop()
  }

  @Test("that failed names its tasks, and a further attempt starts another", arguments: [2, 3])
  func failed(version: Int) async throws {
    let world = try World(AirflowStandIn(version, "running", "failed"))
    let found = await world.run(with).failure
    #expect(found?.errorClass == .exit && found?.code == "airflow-failed")
    #expect(found?.message.contains("load") == true, "\(found?.message ?? "")")
    world.stand.change { $0.course = ["success"] }
    #expect(await world.run(with, number: 2).value?["dag_run_id"] == "esteira.k1.2")
    #expect(world.stand.now.created == ["esteira.k1", "esteira.k1.2"])
    await world.site.stop()
  }

  @Test("is ended when its step is cancelled, and left alone when its node stops", arguments: [false, true])
  func cancelled(isNodeEnding: Bool) async throws {
    let world = try World(AirflowStandIn(2, "running"))
    let attempt = world.attempt(with, isNodeEnding: isNodeEnding)
    let running = Task { await world.bench.run(world.connector, attempt) }
    await OwnThread.run {
      while !world.stand.now.asked.contains(where: { $0.hasSuffix("dagRuns/esteira.k1") }) { poll(nil, 0, 5) }
    }
    running.cancel()
    let found = await running.value.failure
    #expect(found?.errorClass == .cancelled)
    #expect(found?.code == (isNodeEnding ? "requested" : "confirmed"))
    #expect(world.stand.now.stopped == (isNodeEnding ? [] : ["esteira.k1"]))
    // The next attempt goes on with the run, or starts another.
    world.stand.change { state in
      state.course = ["success"]
      if isNodeEnding { state.runs["esteira.k1"]?.course = ["success"] }
    }
    let next = await world.run(with, number: 2).value
    #expect(next?["dag_run_id"] == (isNodeEnding ? "esteira.k1" : "esteira.k1.2"))
    await world.site.stop()
  }

  @Test("is refused to a wrong password, and a token that ran out is replaced once", arguments: [2, 3])
  func credentials(version: Int) async throws {
    let world = try World(AirflowStandIn(version, "running", "running", "success"))
    let refused = await world.run(with, ServiceBench.wrong).failure
    #expect(refused?.errorClass == .credential && refused?.message.contains("401") == true)
    #expect(await world.run(with, nil).failure?.errorClass == .credential)
    #expect(await world.run(with, ServiceBench.bearer).value?["state"] == "success")
    guard version == 3 else { return await world.site.stop() }
    let other = try World(AirflowStandIn(3, "running", "running", "success"))
    let attempt = other.attempt(with)
    var api = try AirflowAPI(attempt, other.site.client)
    #expect(try await api.ask("GET", "/dags/aneel_news_daily").status == 200)
    // Every token from before is none any more.
    other.stand.change { $0.token += 10 }
    #expect(try await api.ask("GET", "/dags/aneel_news_daily").status == 200)
    #expect(other.stand.now.asked.filter { $0 == "POST /auth/token" }.count == 2)
    await world.site.stop()
    await other.site.stop()
  }

  @Test("goes on while Airflow is away for a moment, and is given up after ten questions")
  func away() async throws {
    let world = try World(AirflowStandIn(2, "running", "success"))
    world.stand.change { $0.down = 1 }
    let first = await world.run(with).failure
    #expect(first?.errorClass == .transient, "Before it was started there is nothing to wait for.")
    world.stand.change { state in
      state.runs["esteira.k1"] = ([:], ["running", "success"])
    }
    var work = try await AirflowWork(world.attempt(with), world.site.client)
    world.stand.change { $0.down = 5 }
    #expect(try await work.finish().value["state"] == "success")
    world.stand.change { $0.down = 100 }
    let found = await failure { () async throws(Failure) in try await work.finish() }
    #expect(found?.errorClass == .transient && world.stand.now.down == 90)
    await world.site.stop()
  }

  @Test("of what is paused is not started, unless the step unpauses it")
  func paused() async throws {
    let world = try World(AirflowStandIn(3, "success"))
    world.stand.change { $0.isPaused = true }
    let found = await world.run(with).failure
    #expect(found?.errorClass == .configuration && found?.code == "airflow-paused")
    #expect(world.stand.now.created == [])
    var with = with.object ?? JSONObject()
    with["unpause"] = true
    #expect(await world.run(.object(with)).value?["state"] == "success")
    #expect(world.stand.now.isPaused == false)
    await world.site.stop()
  }

  @Test("that Airflow does not know or take says so", arguments: [2, 3])
  func refused(version: Int) async throws {
    let world = try World(AirflowStandIn(version, "success"))
    let unknown = await world.run(["dag_id": "other"]).failure
    #expect(unknown?.errorClass == .configuration && unknown?.code == "airflow-unknown")
    let bad = await world.run(["dag_id": "aneel_news_daily", "conf": ["bad": 1]]).failure
    #expect(bad?.errorClass == .data && bad?.code == "airflow-refused")
    #expect(bad?.message.contains("param bad") == true)
    let none = await world.run(["dag_id": "aneel_news_daily", "result": "other"]).failure
    #expect(none?.errorClass == .data && none?.code == "airflow-no-result")
    await world.site.stop()
  }

  @Test("may be started alone")
  func alone() async throws {
    let world = try World(AirflowStandIn(3, "running"))
    #expect(await world.run(["dag_id": "aneel_news_daily", "wait": false]).value?["state"] == "queued")
    await world.site.stop()
  }

  @Test("is one of what there is, page by page", arguments: [2, 3])
  func list(version: Int) async throws {
    let world = try World(AirflowStandIn(version))
    let connector = AirflowList(client: world.site.client)
    let value = await world.bench.run(
      connector,
      world.bench.attempt(
        ["tags": ["scrapers"]], of: connector,
        ServiceBench.connection("airflow", world.site.url, ["version": .string("\(version)")]),
        ServiceBench.basic)
    ).value
    #expect(value?["count"] == 150 && value?["truncated"] == false)
    #expect(
      value?["dags"]?[0] == ["dag_id": "d0", "is_paused": true, "description": .null, "tags": ["scrapers"]])
    await world.site.stop()
  }
}
