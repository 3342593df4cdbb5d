import Foundation
import Model
import Testing

/// Kestra CVE-2026-34612, Windmill CVE-2026-23696: text of a filter became a part of a statement. Here on the
/// real store, with the parameters of the server's own document.
@Suite("Attacks by what a filter, an order or a name says", .timeLimit(.minutes(3)))
struct InjectionAttackTests {
  static let payloads = [
    "' OR '1'='1", "' OR 1=1 --", "\" OR \"\"=\"", "'; DROP TABLE job_executions; --", "1) OR (1=1",
    "x' UNION SELECT sealed FROM credentials --", "%' OR '%'='", "created_at; DELETE FROM pipelines",
    "(CASE WHEN 1=1 THEN created_at ELSE id END)", "created_at, (SELECT 1)", "\u{0}' OR 1=1", "\\' OR 1=1 --",
    "${7*7}", "{{7*7}}", "${{ 7 * 7 }}", "_%", "*", "' GLOB '*", "1e309", "-1", "99999999999999999999",
  ]
  private static let pipeline = """
    apiVersion: esteira/v1
    id: hello
    namespace: demo
    steps: {greet: {value: "${{ 'hello' }}"}}

    """

  @Test("find nothing that a name does not find, and leave the store as it was")
  func queries() async throws {
    let installation = try Installation()
    let server = try installation.startServer(["ESTEIRA_LISTEN": "none"])
    defer { server.stop() }
    try installation.write("hello.yaml", Self.pipeline)
    #expect(try installation.run("pipeline", "apply", installation.place("hello.yaml")).status == 0)
    for _ in 0..<3 { #expect(try installation.run("job", "start", "demo/hello").status == 0) }
    let probe = try await Probe(installation)
    let before = try installation.sql("SELECT count(*) FROM job_executions")
    var (asked, empty) = (0, 0)
    for operation in probe.operations where operation.method == "GET" && operation.pathNames.isEmpty {
      for name in operation.queryNames {
        for payload in Self.payloads {
          let (status, text) = try await probe.get("\(operation.path)?\(name)=\(payload.escaped)")
          let place = "\(operation.path) \(name)=\(payload): \(status) \(text.prefix(200))"
          #expect([200, 400, 404, 422].contains(status), "\(place)")
          #expect(!text.lowercased().contains("sqlite") && !text.contains("syntax error"), "\(place)")
          asked += 1
          // A search of these is for everything, as it says.
          let isStar = name == "q" && ["*", "_%", "-1"].contains(payload)
          guard status == 200, name != "sort", name != "limit", !isStar else { continue }
          let items = try JSON(parsing: text)["items"]?.array
          if operation.path == "/api/v1/jobs" {
            #expect(items?.isEmpty == true, "\(place)")
            empty += 1
          }
        }
      }
    }
    #expect(asked > 1_000 && empty > 50, "\(asked) \(empty)")
    #expect(try installation.sql("SELECT count(*) FROM job_executions") == before && before == ["3"])
    #expect(try installation.sql("PRAGMA integrity_check") == ["ok"])
  }
}
