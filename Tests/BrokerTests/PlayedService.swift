import Foundation
import Model
import Net
import Synchronization

/// A service that a test plays, and what it was asked.
final class PlayedService: Sendable {
  private let server: HTTPServer
  private let words: SeenWords
  var url: String { "http://127.0.0.1:\(server.port ?? 0)" }

  init(_ answer: @escaping @Sendable (HTTPRequest) -> (Int, JSON)) throws {
    let seen = SeenWords()
    server = try HTTPServer(.tcp(IPAddress(v4: 0x7F00_0001), port: 0)) { request in
      seen.add("\(request.method) \(request.path)")
      let (status, json) = answer(request)
      return HTTPResponse(status: status, type: "application/json", json.serialized())
    }
    words = seen
  }

  func count(_ prefix: String) -> Int { words.all.count { $0.hasPrefix(prefix) } }
  func stop() async { await server.stop(grace: .zero) }
}

private final class SeenWords: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ word: String) { list.withLock { $0.append(word) } }
  var all: [String] { list.withLock { $0 } }
}

/// An Airflow 2 whose runs all go on until the test lets them end.
final class PlayedAirflow: Sendable {
  private let state = Mutex<(created: [String], isDone: Bool)>(([], false))
  /// Each run once, in the order in which they were begun.
  var created: [String] { state.withLock { $0.created } }
  func finish() { state.withLock { $0.isDone = true } }

  func answer(_ request: HTTPRequest) -> (Int, JSON) {
    state.withLock { state in
      let parts = request.segments ?? []
      switch (request.method, parts.count) {
      case ("GET", 4): return (200, ["dag_id": "d", "is_paused": false])
      case ("POST", 5):
        let id = (try? JSON(parsing: request.body))?["dag_run_id"]?.string ?? ""
        if state.created.contains(id) { return (409, ["title": "Conflict"]) }
        state.created.append(id)
        return (200, ["dag_run_id": .string(id), "state": "queued"])
      case ("GET", 6) where state.created.contains(parts[5]):
        return (200, ["dag_run_id": .string(parts[5]), "state": state.isDone ? "success" : "running"])
      default: return (404, ["title": "Not Found"])
      }
    }
  }
}
