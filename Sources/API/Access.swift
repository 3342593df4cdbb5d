public import Model

/// Endpoints about credentials, connections and settings. `{id}` is `namespace~name`.
public enum AccessCalls {
  public static let credentials = Endpoint<CredentialsQuery, Page<CredentialItem>>(
    .get, "/credentials", .needs("credentials", "read"),
    "Names, types, versions, expiry and last use; never a value.")
  public static let credential = Endpoint<NamePath, CredentialItem>(
    .get, "/credentials/{id}", .needs("credentials", "read"),
    "One credential: what the list says of it, never a value.")
  public static let setCredential = Endpoint<CredentialRequest, CredentialItem>(
    .put, "/credentials/{id}", .needs("credentials", "update"),
    "Stores a new version of a credential; with If-Match only where it still is as it was.",
    problems: [412],
    example: CredentialRequest(id: "demo~shop", type: "bearer", values: ["token": "…"]))
  public static let deleteCredential = Endpoint<CredentialDeletion, Nothing>(
    .delete, "/credentials/{id}", .needs("credentials", "delete"),
    "Removes a credential; with If-Match only where it still is as it was.", problems: [412])
  public static let connections = Endpoint<ConnectionsQuery, Page<ConnectionItem>>(
    .get, "/connections", .needs("connections", "read"), "Where connections lead.")
  public static let connection = Endpoint<NamePath, ConnectionItem>(
    .get, "/connections/{id}", .needs("connections", "read"), "Where one connection leads.")
  public static let setConnection = Endpoint<ConnectionItem, ConnectionItem>(
    .put, "/connections/{id}", .needs("connections", "update"),
    "Creates or changes a connection; with If-Match only where it still is as it was.", problems: [412],
    dryRun: true,
    example: ConnectionItem(
      id: "demo~shop", kind: "http", address: ["base_url": "https://shop.example"],
      allowedEgress: ["shop.example"], credential: "shop"))
  public static let deleteConnection = Endpoint<NamePath, Nothing>(
    .delete, "/connections/{id}", .needs("connections", "delete"),
    "Removes a connection; with If-Match only where it still is as it was.", problems: [412], dryRun: true)
  public static let testConnection = Endpoint<ConnectionTestRequest, AccessTest>(
    .post, "/connections/{id}/test", .needs("connections", "test"),
    "Whether it leads where it should, with its credential; says what was tried.",
    example: ConnectionTestRequest(id: "demo~shop", path: "/status"))
  public static let settings = Endpoint<ListQuery, JSON>(
    .get, "/settings", .needs("namespaces", "read"), "The operator values of a namespace.")
  public static let setSetting = Endpoint<SettingRequest, Nothing>(
    .put, "/settings/{id}", .needs("namespaces", "update"), "Sets one operator value; null removes it.",
    dryRun: true,
    example: SettingRequest(id: "demo~limit", value: 20))
}

/// `namespace~name`.
public struct NamePath: Wire {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request(
    [.id], name: "NamePath")

  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct ConnectionItem: Wire, Hashable {
  public var id: String
  public var kind: String
  public var address: JSON
  public var allowedEgress: [String]
  /// A credential of the same namespace.
  public var credential: String?

  public init(id: String, kind: String, address: JSON, allowedEgress: [String], credential: String?) {
    (self.id, self.kind, self.address) = (id, kind, address)
    (self.allowedEgress, self.credential) = (allowedEgress, credential)
  }

  public static let mostHosts = 1_000

  private static let egress = Schema.request([
    .optional("allow", .list(of: .text(1...Schema.Member.longestName), most: mostHosts))
  ])

  public static let schema = Schema.request(
    [
      .id,
      .init("kind", .text(1...Schema.Member.longestName).examples("http")),
      .optional("address", .map, "Members as the kind wants them, such as `base_url`."),
      .optional("egress", egress, "Hosts that it may reach."),
      .optional("credential", .text(1...Schema.Member.longestName), "A credential of the same namespace."),
    ], name: "ConnectionItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, kind) = (try fields.text("id"), try fields.text("kind"))
    address = .object(try fields.map("address"))
    let egress = try Fields(.object(try fields.map("egress")), Self.egress)
    allowedEgress = try egress.list("allow", of: JSON.self).compactMap(\.string)
    credential = try fields.optionalText("credential")
  }

  public var json: JSON {
    members([
      "id": id.wire, "kind": kind.wire, "address": address,
      "egress": allowedEgress.isEmpty ? JSON?.none : members(["allow": .array(allowedEgress.map(\.wire))]),
      "credential": credential?.wire,
    ])
  }
}

extension ConnectionItem: Tagged {
  /// Named by what it is.
  public var state: DefinitionTag {
    DefinitionTag(revision: 0, sha256: DefinitionTag.checksum(json.serialized()))
  }
  public var tag: String { state.text(shownAs: []) }
}

public struct ConnectionTestRequest: Wire {
  /// `namespace~name`.
  public var id: String
  /// Of kind `http` behind its address, of kind `s3` a bucket.
  public var path: String?

  public init(id: String, path: String? = nil) { (self.id, self.path) = (id, path) }

  public static let schema = Schema.request(
    [
      .id,
      .optional("path", .text(0...2_000), "Of kind `http` behind its address, of kind `s3` a bucket."),
    ], name: "ConnectionTestRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, path) = (try fields.text("id"), try fields.optionalText("path"))
  }

  public var json: JSON { members(["id": id.wire, "path": path?.wire]) }
}

public struct SettingRequest: Wire {
  public var id: String
  public var value: JSON
  public init(id: String, value: JSON) { (self.id, self.value) = (id, value) }
  public static let schema = Schema.request(
    [
      .id,
      .init("value", .any, "Any value; null removes the setting."),
    ], name: "SettingRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, value) = (try fields.text("id"), try fields.json("value"))
  }
  public var json: JSON { members(["id": id.wire, "value": value]) }
}
