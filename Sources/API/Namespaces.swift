public import Model

/// Endpoints about namespaces and their operator values.
public enum NamespaceCalls {
  public static let list = Endpoint<Nothing, Page<NamespaceItem>>(
    .get, "/namespaces", .needs("namespaces", "read"),
    "The namespaces in which something is stored, and how much.")
  public static let get = Endpoint<NamespacePath, NamespaceItem>(
    .get, "/namespaces/{namespace}", .needs("namespaces", "read"), "One namespace.")
  public static let setting = Endpoint<SettingPath, SettingItem>(
    .get, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "read"), "An operator value.")
  public static let setSetting = Endpoint<SettingChange, SettingItem>(
    .put, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "update"),
    "Sets an operator value; with If-Match only where it still is as it was.")
  public static let deleteSetting = Endpoint<SettingPath, Nothing>(
    .delete, "/namespaces/{namespace}/settings/{name}", .needs("namespaces", "update"),
    "Removes an operator value; with If-Match only where it still is as it was.")
}

public struct NamespacePath: Wire, Hashable {
  public var namespace: String
  public init(namespace: String) { self.namespace = namespace }
  public static let schema = Schema.taken(
    [.init("namespace", .text(from: 1, to: 100))], name: "NamespacePath")
  public init(_ json: JSON) throws(WireError) {
    namespace = try Fields.taken(json, Self.schema).text("namespace")
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

  public init(
    name: String, pipelines: Int, connections: Int, credentials: Int, settings: Int, liveJobs: Int
  ) {
    (self.name, self.pipelines, self.connections) = (name, pipelines, connections)
    (self.credentials, self.settings, self.liveJobs) = (credentials, settings, liveJobs)
  }

  public static let schema = Schema.object(
    [
      .init("name", .text), .init("pipelines", .amount), .init("connections", .amount),
      .init("credentials", .amount), .init("settings", .amount),
      .init("live_jobs", .amount, "Jobs that have not ended."),
    ], name: "NamespaceItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    name = try fields.text("name")
    pipelines = Int(try fields.integer("pipelines"))
    connections = Int(try fields.integer("connections"))
    credentials = Int(try fields.integer("credentials"))
    settings = Int(try fields.integer("settings"))
    liveJobs = Int(try fields.integer("live_jobs"))
  }

  public var json: JSON {
    members([
      "name": name.wire, "pipelines": pipelines.wire, "connections": connections.wire,
      "credentials": credentials.wire, "settings": settings.wire, "live_jobs": liveJobs.wire,
    ])
  }
}

public struct SettingPath: Wire, Hashable {
  public var namespace: String
  public var name: String
  public init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }
  static let members: [Schema.Member] = [
    .init("namespace", .text(from: 1, to: 100)), .init("name", .text(from: 1, to: 100)),
  ]
  public static let schema = Schema.taken(members, name: "SettingPath")
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
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

  public static let schema = Schema.taken(
    SettingPath.members + [.init("value", .any, "Anything but null.")], name: "SettingChange")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields.taken(json, Self.schema)
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
  /// Made from the value alone.
  public var tag: String

  public init(namespace: String, name: String, value: JSON, tag: String) {
    (self.namespace, self.name, self.value, self.tag) = (namespace, name, value, tag)
  }

  public static let schema = Schema.object(
    [.init("namespace", .text), .init("name", .text), .init("value", .any)], name: "SettingItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (namespace, name) = (try fields.text("namespace"), try fields.text("name"))
    (value, tag) = (try fields.json("value"), "")
  }

  public var json: JSON {
    members(["namespace": namespace.wire, "name": name.wire, "value": value])
  }
}
