public import Model

/// What a change of a webhook's secret takes.
public struct WebhookRotation: Wire, Hashable {
  public var id: String
  /// Such as `24h`; nil: the secret before signs nothing any more.
  public var overlap: String?

  public init(id: String, overlap: String? = nil) { (self.id, self.overlap) = (id, overlap) }

  public static let schema = Schema.request(
    [
      WebhookPath.id,
      .optional(
        "overlap", .text(.duration).examples("24h"),
        "How long the secret before signs each message, too; absent: no longer."),
    ], name: "WebhookRotation")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, overlap) = (try fields.text("id"), try fields.optionalText("overlap"))
  }

  public var json: JSON { members(["id": id.wire, "overlap": overlap?.wire]) }
}

/// A new secret of a webhook.
public struct WebhookSecret: Wire, Hashable, ShownOnce {
  public var id: String
  public var secret: String
  /// How long the secret before signs each message, too.
  public var formerSignsUntil: Timestamp?

  public init(id: String, secret: String, formerSignsUntil: Timestamp? = nil) {
    (self.id, self.secret, self.formerSignsUntil) = (id, secret, formerSignsUntil)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("secret", .text, "Never told again."),
      .optional("former_signs_until", .time, "How long the secret before signs each message, too."),
    ], name: "WebhookSecret")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, secret) = (try fields.text("id"), try fields.text("secret"))
    formerSignsUntil = try fields.optionalTime("former_signs_until")
  }

  public var json: JSON {
    members([
      "id": id.wire, "secret": secret.wire, "former_signs_until": formerSignsUntil?.wire,
    ])
  }
}
