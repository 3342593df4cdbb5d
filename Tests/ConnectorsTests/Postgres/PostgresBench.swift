import Engine
import Foundation
import Model
import Net

@testable import Connectors

/// The PostgreSQL of the tests, started once; each test has a schema of its own.
struct PostgresBench {
  static let server: Service? =
    FileManager.default.fileExists(atPath: "/usr/lib/postgresql") ? Service("postgres_server.py") : nil
  static let absent = "PostgreSQL is absent: scripts/setup.sh tests installs it."

  let bench: Bench
  let schema: String
  private let port: Int64
  private let certificate: String

  /// `ddl` runs in the new schema.
  init(_ ddl: String = "") throws {
    guard let server = Self.server else { throw Failure(.internal, "no server") }
    let parts = server.greeting.split(separator: " ").map(String.init)
    (port, certificate) = (Int64(parts[0]) ?? 0, parts[1] + "/server.crt")
    bench = try Bench(clock: { SystemClock().now })
    schema = "t_" + UUID().uuidString.lowercased().prefix(8)
    try sql("CREATE SCHEMA \(schema); GRANT USAGE ON SCHEMA \(schema) TO reader")
    if !ddl.isEmpty { try sql(ddl) }
  }

  /// As the superuser and in the schema, beside what is tested.
  func sql(_ text: String) throws { try open().execute("SET search_path TO \(schema); \(text)") }

  /// The rows of a query as text, columns joined by `|`.
  func rows(_ query: String) throws -> [String] {
    let connection = try open()
    try connection.execute("SET search_path TO \(schema)")
    let text = PostgresText(query)
    let shape = try connection.prepare(text)
    let rows = try connection.run(text, [])
    var found: [String] = []
    while try rows.next() {
      let cells = try shape.columns.indices.map { place -> String in
        switch try rows.value(place) {
        case .null: return "∅"
        case .integer(let integer): return "\(integer)"
        case .real(let real): return "\(real)"
        case .boolean(let yes): return "\(yes)"
        case .text(let text), .document(let text): return text
        case .bytes(let bytes): return "\(bytes)"
        }
      }
      found.append(cells.joined(separator: "|"))
    }
    return found
  }

  func open(stop: SQLStop = SQLStop()) throws -> PostgresConnection {
    let place = PostgresPlace(
      host: "localhost", port: UInt16(port), database: "postgres", user: "esteira", password: "s3cret",
      authorities: certificate,
      egress: Egress(allow: [CIDR("127.0.0.0/8"), CIDR("::1/128")].compactMap(\.self)))
    return try PostgresConnection.open(place, stop: stop)
  }

  func connection(_ more: JSONObject = [:], allow: [String] = ["127.0.0.0/8", "::1/128"]) -> Connection {
    var address = JSONObject([
      ("host", "localhost"), ("port", .int(port)), ("database", "postgres"),
      ("ca_file", .string(certificate)),
    ])
    for member in more { address[member.key] = member.value }
    return Connection(
      namespace: "demo", name: "db", kind: "postgresql", address: .object(address), allowedEgress: allow,
      credential: "user")
  }

  static func credential(_ user: String = "esteira", _ password: String = "s3cret") -> Credential {
    Credential(
      name: "user", type: "database", values: [("username", Secret(user)), ("password", Secret(password))])
  }

  func attempt(
    _ with: JSON, effect: EffectClass = .keyed, on connection: Connection? = nil,
    as credential: Credential = credential()
  ) -> Attempt {
    bench.attempt(with, effect: effect, connection: connection ?? self.connection(), credential: credential)
  }

  func run(_ connector: some Connector, _ with: JSON) async throws -> JSON {
    try await connector.execute(attempt(with)).value
  }

  func refusal(
    _ connector: some Connector, _ with: JSON, effect: EffectClass = .keyed, on connection: Connection? = nil,
    as credential: Credential = credential()
  ) async -> Failure? {
    let attempt = attempt(with, effect: effect, on: connection, as: credential)
    return await failure { () async throws(Failure) in try await connector.execute(attempt).value }
  }
}
