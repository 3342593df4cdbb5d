import Crypto
import Foundation
import Model
import Net
import Synchronization
import Testing

@Suite("Work in a service of others", .serialized, .timeLimit(.minutes(5)))
struct ServiceRestartTests {
  @Test("goes on while its server is killed and started again, and is begun once")
  func airflow() async throws {
    let (airflow, station) = (PlayedAirflow(), try Station())
    let service = try PlayedService { airflow.answer($0) }
    try station.start()
    try station.connect("airflow", kind: "airflow", "{url: \"\(service.url)\", version: 2}")
    try station.apply(
      """
      apiVersion: esteira/v1
      id: outside
      namespace: demo
      steps:
        collect: {uses: airflow.run_dag, connection: airflow, with: {dag_id: d, poll: 1s}}
        tell:
          uses: shell
          with:
            env: {RUN: "${{ steps.collect.output.dag_run_id }}"}
            run: echo "$RUN" >> \(station.journal)
      """)
    try station.esteira("job", "start", "demo/outside")
    for _ in 1...2 {
      let polled = service.count("GET /api/v1/dags/d/dagRuns")
      try station.wait(for: "a question how far it is") {
        service.count("GET /api/v1/dags/d/dagRuns") > polled + 1
      }
      station.kill()
      try station.start()
    }
    airflow.finish()
    try station.wait("the end of the run") { !$0.isEmpty }
    #expect(try airflow.created.count == 1 && station.lines() == airflow.created)
    #expect(airflow.created.first?.hasPrefix("esteira.") == true)
    station.stop()
    await service.stop()
  }

  private final class Queue: Sendable {
    private struct State {
      var waiting = (0..<20).map { "m\($0)" }
      var leased: [String] = []
      var done: [String] = []
    }
    private let state = Mutex(State())
    var done: [String] { state.withLock { $0.done } }
    /// The time of all leases is over.
    func expire() {
      state.withLock { state in
        state.waiting = state.leased + state.waiting
        state.leased = []
      }
    }

    func answer(_ request: HTTPRequest) -> (Int, JSON) {
      state.withLock { state in
        let body = try? JSON(parsing: request.body)
        var result: JSON = .null
        if request.path.hasSuffix("/messages/pull") {
          let taken = state.waiting.prefix(Int(body?["batch_size"]?.int ?? 0))
          state.waiting.removeFirst(taken.count)
          state.leased += taken
          let messages = taken.map { id -> JSON in
            let text = Base64.encode(Array("{\"n\": \(id.dropFirst())}".utf8))
            return [
              "id": .string(id), "lease_id": .string(id), "body": .string(text), "attempts": 1,
              "metadata": ["CF-Content-Type": "json"],
            ]
          }
          result = ["messages": .array(messages)]
        } else {
          let acks = (body?["acks"]?.array ?? []).compactMap { $0["lease_id"]?.string }
          state.leased.removeAll { acks.contains($0) }
          state.waiting.removeAll { acks.contains($0) }
          state.done += acks
        }
        return (200, ["success": true, "errors": [], "result": result])
      }
    }
  }

  @Test(
    "as a queue of Cloudflare loses no message and does none twice while its server is killed",
    arguments: ["before-commit", "after-commit"])
  func cloudflare(point: String) async throws {
    let (queue, station) = (Queue(), try Station())
    let service = try PlayedService { queue.answer($0) }
    let id = String(repeating: "a", count: 32)
    try station.start()
    try station.connect("broker", kind: "cloudflare", "{url: \"\(service.url)\", account_id: \(id)}")
    try station.apply(station.quietPipeline("queue: \(id), prefetch: 3"))
    station.stop()
    queue.expire()
    for count in [2, 3, 5] {
      _ = try station.start(["ESTEIRA_TEST_CRASH": "\(point):\(count)"])
      try station.waitForDeath(jobs: 20)
      queue.expire()
    }
    try station.start()
    try station.expectEachOnce(0..<20)
    try station.wait(for: "every acknowledgement") { Set(queue.done).count == 20 }
    station.stop()
    await service.stop()
  }
}
