import Foundation
import Model
import Net
import Testing

/// Asks a server over its socket, and knows of every operation from its own document.
struct Probe {
  let client: UnixHTTPClient
  let operations: [Operation]

  struct Operation {
    var method: String
    var path: String
    var pathNames: [String]
    /// Of the query.
    var queryNames: [String]
  }

  init(_ installation: Installation) async throws {
    client = UnixHTTPClient(path: installation.data + "/api.sock")
    let answer = try await client.send("GET", "/api/v1/openapi.json")
    var found: [Operation] = []
    for path in try #require(JSON(parsing: answer.body)["paths"]?.object) {
      for method in path.value.object ?? JSONObject() {
        let operation = method.value
        // A stream has no end to wait for.
        let content = operation["responses"]?["200"]?["content"]
        if content?["text/event-stream"] != nil { continue }
        let parameters = operation["parameters"]?.array ?? []
        let names = { (place: JSON) in
          parameters.filter { $0["in"] == place }.compactMap { $0["name"]?.string }
        }
        let word = method.key.uppercased()
        found.append(
          Operation(
            method: word, path: path.key, pathNames: names("path"), queryNames: names("query")))
      }
    }
    operations = found
  }

  func get(_ target: String) async throws -> (status: Int, text: String) {
    let answer = try await client.send("GET", target)
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }
}

extension String {
  /// Percent-encoded whole, so that no byte of it means anything to the reader of an address.
  var escaped: String { utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
