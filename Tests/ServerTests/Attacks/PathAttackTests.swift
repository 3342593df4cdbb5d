import API
import Net
import Testing

@testable import Server

/// Kestra CVE-2026-53576 and -49869: an address that ends otherwise, or is written otherwise, passed by the
/// sign-in.
@Suite("Attacks by the spelling of an address", .timeLimit(.minutes(2)))
struct PathAttackTests {
  /// What is put behind a path, or in its place.
  static let spellings: [@Sendable (String) -> String] = [
    { $0 }, { $0 + "/configs" }, { $0 + "/health" }, { $0 + "/" }, { $0 + "//" }, { $0 + "." },
    { $0 + ";x" }, { $0 + ";jsessionid=1" }, { $0 + "%00" }, { $0 + "%20" }, { $0 + ".json" },
    { $0 + "/../health" }, { $0 + "/%2e%2e/health" }, { $0 + "/..%2fhealth" }, { $0 + "%2f..%2fhealth" },
    { $0 + "?x=/api/v1/health" }, { $0 + "%3fx" }, { "/" + $0 }, { "//x" + $0 }, { "/." + $0 },
    { "/health/.." + $0 }, { $0.replacing("/api/", with: "/API/") }, { $0.replacing("/v1/", with: "/v1//") },
    { $0.replacing("/v1/", with: "/v1/./") }, { $0.replacing("/v1/", with: "/v1%2f") },
    { $0.replacing("/v1/", with: "/v1%252f") }, { $0.replacing("/v1/", with: "/%76%31/") },
    { $0.replacing("/api/v1/", with: "/api/v1/health/../") },
  ]

  @Test("nobody who has not signed in gets anything else than by the plain address: 401, or it is not there")
  func everyRoute() async throws {
    let world = try await NetworkedServer()
    var asked = 0
    for shape in EndpointCatalog.shapes where shape.permission != .open {
      let path = shape.path.replacing("{", with: "").replacing("}", with: "")
      for spelling in Self.spellings {
        let answer = await world.ask(shape.method.rawValue, spelling(path))
        #expect(
          [401, 404, 405].contains(answer.status), "\(shape.method) \(spelling(path)) \(answer.status)")
        asked += 1
      }
      #expect(await world.ask(shape.method.rawValue, path).status == 401, "\(shape.method) \(path)")
    }
    #expect(asked > 3_000)
  }

  /// Of servers that read the address, the method or the caller from a header.
  static let headers = [
    ("x-original-url", "/api/v1/users"), ("x-rewrite-url", "/api/v1/users"),
    ("x-http-method-override", "DELETE"), ("x-method-override", "DELETE"), ("x-http-method", "DELETE"),
    ("x-forwarded-for", "127.0.0.1"), ("x-real-ip", "127.0.0.1"), ("forwarded", "for=127.0.0.1"),
    ("x-forwarded-user", "admin"), ("x-remote-user", "admin"), ("x-forwarded-prefix", "/api/v1/users"),
    ("x-forwarded-host", "localhost"), ("x-custom-ip-authorization", "127.0.0.1"),
  ]

  @Test("no header stands for the address, the method or the caller", arguments: headers)
  func header(_ name: String, _ value: String) async throws {
    let world = try await NetworkedServer()
    let plain = await world.ask("GET", "/api/v1/health", as: nil)
    #expect(await world.ask("GET", "/api/v1/health", as: nil, [(name, value)]).text == plain.text)
    #expect(await world.ask("GET", "/api/v1/users", as: nil, [(name, value)]).status == 401)
    let viewed = await world.ask("GET", "/api/v1/pipelines/demo~none", as: "viewer", [(name, value)])
    #expect(viewed.code == "no-pipeline", "It is asked as GET, and not as DELETE.")
  }

  @Test("a method that is not taken is told with those that are, on a path that is there")
  func methods() async throws {
    let world = try await NetworkedServer()
    for method in ["OPTIONS", "TRACE", "PUT"] {
      let answer = await world.ask(method, "/api/v1/users", as: "admin", [("origin", "https://evil.example")])
      #expect(answer.status == 405 && answer.code == "wrong-method")
      #expect(answer.headers["allow"] == "GET, HEAD, POST")
      #expect(answer.headers.fields.allSatisfy { !$0.name.hasPrefix("access-control") })
      #expect(await world.ask(method, "/api/v1/nothing", as: "admin").status == 404)
    }
  }
}
