public import Model

/// Endpoints about namespaces and their operator values.
public enum NamespaceCalls {
  public static let list = Endpoint<NamespacesQuery, Page<NamespaceItem>>(
    .get, "/namespaces", .needs("namespaces", "read"),
    "The namespaces in which something is stored, and how much.")
  public static let create = Endpoint<NamespaceRequest, MadeNamespace>(
    .post, "/namespaces", .needs("namespaces", "create"),
    "Makes a namespace, which is there from then on though nothing stands in it.", success: [200, 201],
    dryRun: true)
  public static let update = Endpoint<NamespaceChange, NamespaceItem>(
    .patch, "/namespaces/{namespace}", .needs("namespaces", "update"),
    "Changes what is said of a namespace and what its jobs may take; with If-Match only where that still "
      + "is as it was.", problems: [412], dryRun: true)
  public static let get = Endpoint<NamespacePath, NamespaceItem>(
    .get, "/namespaces/{namespace}", .needs("namespaces", "read"), "One namespace.")
  public static let setting = Endpoint<SettingPath, SettingItem>(
    .get, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "read"), "An operator value.")
  public static let setSetting = Endpoint<SettingChange, SettingItem>(
    .put, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "update"),
    "Sets an operator value; with If-Match only where it still is as it was.", problems: [412], dryRun: true)
  public static let deleteSetting = Endpoint<SettingPath, Nothing>(
    .delete, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "update"),
    "Removes an operator value; with If-Match only where it still is as it was.", problems: [412],
    dryRun: true)
}

public struct NamespacesQuery: Wire, Hashable {
  /// Such as `-live_jobs`; nil: by name.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?
  public init(sort: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.sort, self.limit, self.cursor) = (sort, limit, cursor)
  }
  public static let schema = Schema.request(
    [.sort(by: ["name", "pipelines", "live_jobs"]), .limit(), .cursor], name: "NamespacesQuery")
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    sort = try fields.optionalText("sort")
    (limit, cursor) = (try fields.optionalInt("limit"), try fields.optionalText("cursor"))
  }
  public var json: JSON {
    members(["sort": sort?.wire, "limit": limit?.wire, "cursor": cursor?.wire])
  }
}

public struct NamespacePath: Wire, Hashable {
  public var namespace: String
  public init(namespace: String) { self.namespace = namespace }
  static let namespace = Schema.Member("namespace", .text(1...Schema.Member.longestName).examples("demo"))
  public static let schema = Schema.request([namespace], name: "NamespacePath")
  public init(_ json: JSON) throws(WireError) {
    namespace = try Fields(json, Self.schema).text("namespace")
  }
  public var json: JSON { members(["namespace": namespace.wire]) }
}

public struct NamespaceItem: Wire, Hashable {
  public var name: String
  public var pipelines: Int
  public var connections: Int
  public var credentials: Int
  public var settings: Int
  /// Jobs that have not ended.
  public var liveJobs: Int
  /// What people said of it.
  public var words: NamespaceWords

  public init(
    name: String, pipelines: Int, connections: Int, credentials: Int, settings: Int, liveJobs: Int,
    words: NamespaceWords = NamespaceWords()
  ) {
    self.words = words
    (self.name, self.pipelines, self.connections) = (name, pipelines, connections)
    (self.credentials, self.settings, self.liveJobs) = (credentials, settings, liveJobs)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("pipelines", .count), .init("connections", .count),
      .init("credentials", .count), .init("settings", .count),
      .init("live_jobs", .count, "Jobs that have not ended."),
    ] + NamespaceWords.members, name: "NamespaceItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    name = try fields.text("name")
    pipelines = try fields.int("pipelines")
    connections = try fields.int("connections")
    credentials = try fields.int("credentials")
    settings = try fields.int("settings")
    liveJobs = try fields.int("live_jobs")
    words = try NamespaceWords(fields)
  }

  public var json: JSON {
    words.added(to: [
      "name": name.wire, "pipelines": pipelines.wire, "connections": connections.wire,
      "credentials": credentials.wire, "settings": settings.wire, "live_jobs": liveJobs.wire,
    ])
  }
}

extension NamespaceItem: Tagged {
  /// What of it a change is made on: how much stands in it is no other namespace.
  public var state: DefinitionTag {
    DefinitionTag(revision: 0, sha256: DefinitionTag.checksum(words.json.serialized()))
  }
  public var tag: String { state.text(shownAs: json.serialized()) }
}

public struct SettingPath: Wire, Hashable {
  public var namespace: String
  public var name: String
  public init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }
  static let members: [Schema.Member] = [
    NamespacePath.namespace, .init("name", .text(1...Schema.Member.longestName)),
  ]
  public static let schema = Schema.request(members, name: "SettingPath")
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, name) = (try fields.text("namespace"), try fields.text("name"))
  }
  public var json: JSON { API.members(["namespace": namespace.wire, "name": name.wire]) }
}

public struct SettingChange: Wire, Hashable {
  public var namespace: String
  public var name: String
  public var value: JSON
  public init(namespace: String, name: String, value: JSON) {
    (self.namespace, self.name, self.value) = (namespace, name, value)
  }

  public static let schema = Schema.request(
    SettingPath.members + [.init("value", .anyButNull, "Anything but null: DELETE takes it away.")],
    name: "SettingChange")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, name) = (try fields.text("namespace"), try fields.text("name"))
    value = try fields.json("value")
  }

  public var json: JSON {
    members(["namespace": namespace.wire, "name": name.wire, "value": value])
  }
}

public struct SettingItem: Wire, Hashable, Tagged {
  public var namespace: String
  public var name: String
  public var value: JSON
  /// Named by the value alone.
  public var state: DefinitionTag
  public var tag: String { state.text(shownAs: []) }

  /// `sha256`: of the value.
  public init(namespace: String, name: String, value: JSON, sha256: String) {
    (self.namespace, self.name, self.value) = (namespace, name, value)
    state = DefinitionTag(revision: 0, sha256: sha256)
  }

  public static let schema = Schema.object(
    [.init("namespace", .text), .init("name", .text), .init("value", .any)], name: "SettingItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, name) = (try fields.text("namespace"), try fields.text("name"))
    (value, state) = (try fields.json("value"), DefinitionTag(revision: 0, sha256: ""))
  }

  public var json: JSON {
    members(["namespace": namespace.wire, "name": name.wire, "value": value])
  }
}
