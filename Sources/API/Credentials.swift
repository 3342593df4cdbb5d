public import Model

/// Endpoints about one credential, beside those of `AccessCalls`. Values travel inwards only.
public enum CredentialCalls {
  public static let create = Endpoint<CredentialRequest, CredentialItem>(
    .post, "/credentials", .needs("credentials", "create"), "Stores a credential that is not there yet.",
    success: [201], problems: [412])
  public static let usage = Endpoint<NamePath, CredentialUsage>(
    .get, "/credentials/{id}/usage", .needs("credentials", "read"),
    "The pipelines and connections that name it, and which attempts have it now.")
  public static let test = Endpoint<CredentialTestRequest, AccessTest>(
    .post, "/credentials/{id}/test", .needs("credentials", "test"),
    "Whether it works, as far as its type can be tried; says what was tried.")
  public static let types = Endpoint<Nothing, Page<CredentialTypeItem>>(
    .get, "/credential-types", .needs("credentials", "read"), "The known types with their members.")
}

public struct CredentialDeletion: Wire {
  /// `namespace~name`.
  public var id: String
  /// Also where pipelines use it.
  public var force: Bool
  public init(id: String, force: Bool = false) { (self.id, self.force) = (id, force) }

  public static let schema = Schema.request([
    .id, .optional("force", .flag, "Also where pipelines use it."),
  ])

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, force) = (try fields.text("id"), try fields.flag("force"))
  }
  public var json: JSON { members(["id": id.wire, "force": force.wire]) }
}

public struct CredentialUsage: Wire, Hashable {
  /// `namespace~name` of pipelines whose newest revision uses it.
  public var pipelines: [String]
  public var connections: [String]
  public var destinations: [String]
  /// Attempts that have it now.
  public var leases: [CredentialLeaseItem]

  public var isEmpty: Bool { pipelines.isEmpty && connections.isEmpty && destinations.isEmpty }

  public init(
    pipelines: [String], connections: [String], destinations: [String], leases: [CredentialLeaseItem]
  ) {
    (self.pipelines, self.connections) = (pipelines, connections)
    (self.destinations, self.leases) = (destinations, leases)
  }

  public static let schema = Schema.object(
    [
      .init("pipelines", .list(of: .text)), .init("connections", .list(of: .text)),
      .init("destinations", .list(of: .text)),
      .init("leases", .list(of: CredentialLeaseItem.schema), "Attempts that have it now."),
    ], name: "CredentialUsage")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    pipelines = try fields.texts("pipelines")
    connections = try fields.texts("connections")
    destinations = try fields.texts("destinations")
    leases = try fields.list("leases", of: CredentialLeaseItem.self)
  }

  public var json: JSON {
    members([
      "pipelines": .array(pipelines.map(\.wire)), "connections": .array(connections.map(\.wire)),
      "destinations": .array(destinations.map(\.wire)), "leases": leases.wire,
    ])
  }
}

public struct CredentialLeaseItem: Wire, Hashable {
  public var pipeline: String
  public var job: String
  public var step: String
  public var attempt: Int
  public var version: Int
  public var since: Timestamp

  public init(pipeline: String, job: String, step: String, attempt: Int, version: Int, since: Timestamp) {
    (self.pipeline, self.job, self.step) = (pipeline, job, step)
    (self.attempt, self.version, self.since) = (attempt, version, since)
  }

  public static let schema = Schema.object(
    [
      .init("pipeline", .text), .init("job", .text), .init("step", .text), .init("attempt", .count),
      .init("version", .count), .init("since", .time),
    ], name: "CredentialLease")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (pipeline, job) = (try fields.text("pipeline"), try fields.text("job"))
    (step, attempt) = (try fields.text("step"), try fields.int("attempt"))
    version = try fields.int("version")
    since = try fields.time("since")
  }

  public var json: JSON {
    members([
      "pipeline": pipeline.wire, "job": job.wire, "step": step.wire, "attempt": attempt.wire,
      "version": version.wire, "since": since.wire,
    ])
  }
}

public struct CredentialTestRequest: Wire {
  /// `namespace~name`.
  public var id: String
  /// The connection, of the same namespace, through which it is tried; nil: the only one that names it.
  public var connection: String?
  /// Behind the connection's address.
  public var path: String?

  public init(id: String, connection: String? = nil, path: String? = nil) {
    (self.id, self.connection, self.path) = (id, connection, path)
  }

  public static let schema = Schema.request(
    [
      .id,
      .optional(
        "connection", .text(1...Schema.Member.longestName),
        "Through which it is tried; left out: the only one that names it."),
      .optional("path", .text(0...2_000), "Behind the connection's address."),
    ], name: "CredentialTestRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, connection) = (try fields.text("id"), try fields.optionalText("connection"))
    path = try fields.optionalText("path")
  }
  public var json: JSON { members(["id": id.wire, "connection": connection?.wire, "path": path?.wire]) }
}

/// What was tried of a credential or a connection, and what came of it.
public struct AccessTest: Wire, Hashable {
  public struct Check: Wire, Hashable {
    /// `opens`, `shape`, `expiry` or `request`.
    public var name: String
    /// Nil: it was not tried, or says nothing.
    public var passed: Bool?
    public var note: String
    public init(_ name: String, _ passed: Bool?, _ note: String) {
      (self.name, self.passed, self.note) = (name, passed, note)
    }

    public static let schema = Schema.object(
      [
        .init("name", .words(["opens", "shape", "expiry", "request"])),
        .optional("passed", .flag, "Left out: it was not tried, or says nothing."), .init("note", .text),
      ], name: "AccessCheck")

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      (name, note) = (try fields.text("name"), try fields.text("note"))
      passed = json["passed"]?.bool
    }
    public var json: JSON {
      members(["name": name.wire, "passed": passed.map(JSON.bool), "note": note.wire])
    }
  }

  /// No check failed.
  public var ok: Bool
  public var checks: [Check]
  public var milliseconds: Int

  public init(checks: [Check], milliseconds: Int) {
    (ok, self.checks) = (!checks.contains { $0.passed == false }, checks)
    self.milliseconds = milliseconds
  }

  public static let schema = Schema.object(
    [
      .init("ok", .flag, "No check failed."), .init("checks", .list(of: Check.schema)),
      .init("duration_ms", .count),
    ], name: "AccessTest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    ok = json["ok"]?.bool ?? false
    checks = try fields.list("checks", of: Check.self)
    milliseconds = try fields.int("duration_ms")
  }
  public var json: JSON {
    members(["ok": .bool(ok), "checks": checks.wire, "duration_ms": milliseconds.wire])
  }
}

public struct CredentialTypeItem: Wire, Hashable {
  public struct Member: Wire, Hashable {
    public var name: String
    public var isRequired: Bool
    public var isSecret: Bool
    public var description: String
    public init(name: String, isRequired: Bool, isSecret: Bool, description: String) {
      (self.name, self.isRequired, self.isSecret) = (name, isRequired, isSecret)
      self.description = description
    }

    public static let schema = Schema.object(
      [
        .init("name", .text), .init("required", .flag), .init("secret", .flag), .init("description", .text),
      ], name: "CredentialTypeMember")

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      (name, description) = (try fields.text("name"), try fields.text("description"))
      (isRequired, isSecret) = (try fields.flag("required"), try fields.flag("secret"))
    }
    public var json: JSON {
      API.members([
        "name": name.wire, "required": .bool(isRequired), "secret": .bool(isSecret),
        "description": description.wire,
      ])
    }
  }

  public var name: String
  public var description: String
  public var members: [Member]

  public init(name: String, description: String, members: [Member]) {
    (self.name, self.description, self.members) = (name, description, members)
  }

  public static let schema = Schema.object(
    [.init("name", .text), .init("description", .text), .init("members", .list(of: Member.schema))],
    name: "CredentialType")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, description) = (try fields.text("name"), try fields.text("description"))
    members = try fields.list("members", of: Member.self)
  }
  public var json: JSON {
    API.members(["name": name.wire, "description": description.wire, "members": members.wire])
  }
}
