import API
import Engine
import Model

/// Goes where a connection leads, with the credential that it names.
struct ConnectionTesting: Sendable {
  var backend: Backend
  var desk: VaultDesk

  func test(_ request: ConnectionTestRequest) async throws(Problem) -> AccessTest {
    _ = try backend.writer()
    let name = try NamespacedName(request.id)
    let found = try reading { () throws(StoreError) in
      try backend.readModel.connections(in: name.namespace)
    }.first { ScalarString($0.name) == ScalarString(name.name) }
    guard let connection = found else { throw AccessRoutes.unknown("connection", "a conexão", name) }
    guard let wanted = connection.credential else {
      return try await AccessTest.timed { () throws(Problem) in
        try await desk.testConnection(connection, nil, request.path)
      }
    }
    let record = try reading { () throws(StoreError) in
      try backend.readModel.credentials(in: name.namespace)
    }.first { ScalarString($0.name) == ScalarString(wanted) }
    guard let record else {
      return AccessTest(checks: [.init("opens", false, "There is no credential \(wanted).")], milliseconds: 0)
    }
    return try await AccessTest.timed { () throws(Problem) in
      [.expiry(of: record, at: backend.now())]
        + (try await desk.testConnection(connection, record, request.path))
    }
  }
}

extension AccessTest {
  /// With how long it took.
  static func timed(_ checks: () async throws(Problem) -> [Check]) async throws(Problem) -> AccessTest {
    let start = ContinuousClock.now
    let found = try await checks()
    return AccessTest(checks: found, milliseconds: Int((ContinuousClock.now - start).microseconds / 1_000))
  }
}

extension AccessTest.Check {
  static func expiry(of record: CredentialRecord, at now: Timestamp) -> AccessTest.Check {
    guard let time = record.expiresAt else { return .init("expiry", nil, "No expiry was given.") }
    return time > now
      ? .init("expiry", true, "Expires at \(time.rfc3339).")
      : .init("expiry", false, "Expired at \(time.rfc3339).")
  }
}
