public import Model

/// A credential without its values.
public struct CredentialItem: Wire, Hashable {
  public var id: String
  public var type: String
  public var version: Int
  public var createdAt: Timestamp
  public var createdBy: String
  public var expiresAt: Timestamp?
  public var lastUsedAt: Timestamp?
  public var lastUsedBy: String?
  /// The versions before this one that may still be used, and until when.
  public var former: [FormerVersion]

  public struct FormerVersion: Wire, Hashable {
    public var version: Int
    public var usableUntil: Timestamp
    public init(version: Int, usableUntil: Timestamp) {
      (self.version, self.usableUntil) = (version, usableUntil)
    }

    public static let schema = Schema.object(
      [.init("version", .count), .init("usable_until", .time)], name: "FormerVersion")

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      version = try fields.int("version")
      usableUntil = try fields.time("usable_until")
    }
    public var json: JSON { members(["version": version.wire, "usable_until": usableUntil.wire]) }
  }

  public init(
    id: String, type: String, version: Int, createdAt: Timestamp, createdBy: String,
    expiresAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil, lastUsedBy: String? = nil,
    former: [FormerVersion] = []
  ) {
    (self.id, self.type, self.version) = (id, type, version)
    (self.createdAt, self.createdBy, self.expiresAt) = (createdAt, createdBy, expiresAt)
    (self.lastUsedAt, self.lastUsedBy, self.former) = (lastUsedAt, lastUsedBy, former)
  }

  public static let schema = Schema.object(
    [
      .id, .init("type", .text, "`bearer`, `basic`, `hmac` or another type."),
      .init("version", .integer(1...Int.max)), .init("created_at", .time), .init("created_by", .text),
      .optional("expires_at", .time), .optional("last_used_at", .time), .optional("last_used_by", .text),
      .optional(
        "former", .list(of: FormerVersion.schema), "The versions before that may still be used."),
    ], name: "CredentialItem", "A credential without its values.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, type) = (try fields.text("id"), try fields.text("type"))
    version = try fields.int("version")
    createdAt = try fields.time("created_at")
    createdBy = try fields.optionalText("created_by") ?? ""
    (expiresAt, lastUsedAt) = (
      try fields.optionalTime("expires_at"), try fields.optionalTime("last_used_at")
    )
    lastUsedBy = try fields.optionalText("last_used_by")
    former = try fields.list("former", of: FormerVersion.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "type": type.wire, "version": version.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire, "expires_at": expiresAt?.wire, "last_used_at": lastUsedAt?.wire,
      "last_used_by": lastUsedBy?.wire, "former": former.isEmpty ? JSON?.none : former.wire,
    ])
  }
}

extension CredentialItem: Tagged {
  /// What of it a change is made on: its use, and how long older versions last, is no other credential.
  public var state: DefinitionTag {
    let made: JSON = [type.wire, createdAt.wire, createdBy.wire, expiresAt?.wire ?? .null]
    return DefinitionTag(revision: version, sha256: DefinitionTag.checksum(made.serialized()))
  }
  public var tag: String { state.text(shownAs: json.serialized()) }
}

/// The one place where secret values travel, inwards only.
public struct CredentialRequest: Wire {
  public var id: String
  /// Of `CredentialType.all`, or another, which may have any members.
  public var type: String
  /// Such as `{"token": "…"}`: every value is text.
  public var values: JSONObject
  public var expiresAt: Timestamp?
  /// How long the version before stays usable, such as `24h`; nil: it is of no use at once.
  public var overlap: String?
  /// The version that this one follows: refused where another came between.
  public var ifVersion: Int?

  public init(
    id: String, type: String, values: JSONObject, expiresAt: Timestamp? = nil, overlap: String? = nil,
    ifVersion: Int? = nil
  ) {
    (self.id, self.type, self.values) = (id, type, values)
    (self.expiresAt, self.overlap, self.ifVersion) = (expiresAt, overlap, ifVersion)
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
      .optional("expires_at", .time),
      .optional("overlap", .text(.duration), "How long the version before stays usable."),
      .optional("if_version", .count, "Refused where another version came between."),
    ], name: "CredentialRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, type, values) = (try fields.text("id"), try fields.text("type"), try fields.map("data"))
    (expiresAt, overlap) = (try fields.optionalTime("expires_at"), try fields.optionalText("overlap"))
    ifVersion = try fields.optionalInt("if_version")
  }

  public var json: JSON {
    members([
      "id": id.wire, "type": type.wire, "data": .object(values), "expires_at": expiresAt?.wire,
      "overlap": overlap?.wire, "if_version": ifVersion?.wire,
    ])
  }
}
