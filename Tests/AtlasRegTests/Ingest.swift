import Foundation
import Model
import Testing

/// One daily ingest by the program itself: a site, a receiver and a server in a folder of their own.
final class Ingest: Sendable {
  let folder: TemporaryFolder
  let site: PythonServer
  private let receiver: PythonServer
  private let server: Child

  static let program = PythonServer.blueprint.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/debug/esteira").path
  static let name = "atlasreg/daily-ingest"

  /// `elsewhere` gives the sources whose addresses lead to another port.
  init(site: PythonServer, elsewhere: [String: String] = [:]) throws {
    let folder = try TemporaryFolder()
    (self.folder, self.site) = (folder, site)
    let secret = try folder.write(
      "secret", "whsec_" + Data("0123456789abcdef0123456789abcdef".utf8).base64EncodedString())
    receiver = try PythonServer(
      "receiver/receiver.py", ["--secret-file", secret, "--received", folder.path + "/received"])
    try FileManager.default.copyItem(
      atPath: PythonServer.blueprint.path, toPath: folder.path + "/atlasreg")
    server = try Child([Self.program, "server", "--data", folder.path + "/data"])
    while case let line = server.readLine(), !line.hasPrefix("Ready:") {
      if line.isEmpty {
        server.stop()
        try #require(Bool(false), "The server did not start.")
      }
    }
    try writeWatchlist(elsewhere)
    _ = try run("credential", "set", "atlasreg/hook_secret", "--type", "hmac", "--from-file", secret)
    let allowed = #""namespace": "atlasreg", "kind": "http", "egress": {"allow": ["127.0.0.0/8"]}"#
    let sources = try folder.write("sources.json", #"{\#(allowed), "name": "sources", "address": {}}"#)
    let hook = try folder.write(
      "hook.json",
      #"{\#(allowed), "name": "hook", "credential": "hook_secret", "#
        + #""address": {"url": "\#(receiver.address)"}}"#
    )
    _ = try run("connection", "apply", sources, hook)
    _ = try run("pipeline", "apply", folder.path + "/atlasreg/daily-ingest.yaml")
  }

  deinit { server.stop() }

  private func writeWatchlist(_ elsewhere: [String: String]) throws {
    let path = folder.path + "/atlasreg/config/watchlist.json"
    let bytes = Array(FileManager.default.contents(atPath: path) ?? Data())
    var list = try JSON(parsing: bytes).object ?? JSONObject()
    list["sources"] = .array(
      (list["sources"]?.array ?? []).map { source in
        var source = source.object ?? JSONObject()
        let address = elsewhere[source["id"]?.string ?? ""] ?? site.address
        source["url_feed"] = (source["url_feed"]?.string).map {
          .string($0.replacingOccurrences(of: "http://127.0.0.1:8080", with: address))
        }
        return .object(source)
      })
    _ = try folder.write("atlasreg/config/watchlist.json", JSON.object(list).text)
  }

  /// Runs a command to its end and gives what it printed; its exit code is one of `exits`.
  func run(_ arguments: String..., exits: Set<Int32> = [0]) throws -> String {
    let (output, exit) = try Child([Self.program] + arguments + ["--data", folder.path + "/data"]).finish()
    try #require(exits.contains(exit), "\(arguments) exited with \(exit): \(output)")
    return output
  }

  /// Starts the day's job by its message, waits for its end, and gives its id.
  func day(_ date: String = "2026-11-20", message id: String = "m1") throws -> String {
    let message = try folder.write(
      "message.json",
      #"{"type": "start_daily_ingest", "date": "\#(date)", "payload": {}, "message_id": "\#(id)"}"#)
    let job = try run(
      "job", "start", Self.name, "--message", message, "--idempotency-key", id, "-o", "id"
    ).split(separator: "\n").first.map(String.init)
    let started = try #require(job)
    _ = try run("job", "watch", started, "-q", exits: [0, 1, 8])
    return started
  }

  func job(_ id: String) throws -> JSON { try JSON(parsing: Array(run("job", "get", id, "-o", "json").utf8)) }

  func output(_ job: String, _ step: String) throws -> JSON {
    try JSON(parsing: Array(run("job", "step", job, step, "--outputs", "-o", "json").utf8))
  }

  /// The bytes of the gold file where the pipeline put it.
  func gold(_ job: String) throws -> Data {
    let location = try #require(try output(job, "publish")["location"]?.string)
    return try Data(contentsOf: URL(filePath: location))
  }

  func received() throws -> [JSON] {
    try folder.lines(of: "received").map { try JSON(parsing: Array($0.utf8)) }
  }
}
