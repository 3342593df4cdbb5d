public import Model

/// Endpoints about credentials, connections and settings. `{id}` is `namespace~name`.
public enum AccessCalls {
  public static let credentials = Endpoint<ListQuery, Page<CredentialItem>>(
    .get, "/credentials", .needs("credentials", "read"), "Names, types and versions; never a value.",
    audit: .read)
  public static let setCredential = Endpoint<CredentialRequest, CredentialItem>(
    .put, "/credentials/{id}", .needs("credentials", "update"), "Stores a new version of a credential.",
    example: CredentialRequest(id: "demo~shop", type: "bearer", values: ["token": "…"]))
  public static let deleteCredential = Endpoint<NamePath, Nothing>(
    .delete, "/credentials/{id}", .needs("credentials", "delete"), "Removes a credential.")
  public static let connections = Endpoint<ListQuery, Page<ConnectionItem>>(
    .get, "/connections", .needs("connections", "read"), "Where connections lead.")
  public static let setConnection = Endpoint<ConnectionItem, ConnectionItem>(
    .put, "/connections/{id}", .needs("connections", "update"), "Creates or changes a connection.",
    example: ConnectionItem(
      id: "demo~shop", kind: "http", address: ["base_url": "https://shop.example"],
      allowedEgress: ["shop.example"], credential: "shop"))
  public static let deleteConnection = Endpoint<NamePath, Nothing>(
    .delete, "/connections/{id}", .needs("connections", "delete"), "Removes a connection.")
  public static let settings = Endpoint<ListQuery, JSON>(
    .get, "/settings", .needs("namespaces", "read"), "The operator values of a namespace.")
  public static let setSetting = Endpoint<SettingRequest, Nothing>(
    .put, "/settings/{id}", .needs("namespaces", "update"), "Sets one operator value; null removes it.",
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

public struct CredentialItem: Wire, Hashable {
  public var id: String
  public var type: String
  public var version: Int
  public var createdAt: Timestamp
  public var createdBy: String

  public init(id: String, type: String, version: Int, createdAt: Timestamp, createdBy: String) {
    (self.id, self.type, self.version) = (id, type, version)
    (self.createdAt, self.createdBy) = (createdAt, createdBy)
  }

  public static let schema = Schema.object(
    [
      .id,
      .init("type", .text, "`bearer`, `basic`, `hmac` or another type."),
      .init("version", .integer(1...Int.max)),
      .init("created_at", .time),
      .init("created_by", .text),
    ], name: "CredentialItem", "A credential without its values.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, type) = (try fields.text("id"), try fields.text("type"))
    version = try fields.int("version")
    createdAt = try fields.time("created_at")
    createdBy = try fields.optionalText("created_by") ?? ""
  }

  public var json: JSON {
    members([
      "id": id.wire, "type": type.wire, "version": version.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire,
    ])
  }
}

/// The one place where secret values travel, inwards only.
public struct CredentialRequest: Wire {
  public var id: String
  /// `bearer`, `basic`, `hmac` or another type.
  public var type: String
  /// Such as `{"token": "…"}`: every value is text.
  public var values: JSONObject

  public init(id: String, type: String, values: JSONObject) {
    (self.id, self.type, self.values) = (id, type, values)
  }

  /// Of one value, in characters, and how many of them there may be.
  public static let (longestValue, mostValues) = (65_536, 100)

  public static let schema = Schema.request(
    [
      .id,
      .init(
        "type", .text(1...Schema.Member.longestName).examples("bearer"),
        "`bearer`, `basic`, `hmac` or another type."),
      .init(
        "data", .map(of: .text(0...longestValue), most: mostValues).examples(["token": "…"]),
        "The secret values; nobody can read them again."),
    ], name: "CredentialRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, type, values) = (try fields.text("id"), try fields.text("type"), try fields.map("data"))
  }

  public var json: JSON { members(["id": id.wire, "type": type.wire, "data": .object(values)]) }
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
