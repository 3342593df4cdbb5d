public import Model

/// Endpoints about what happens, as it happens.
public enum StreamCalls {
  /// The permission is asked of each channel within its namespace.
  public static let stream = StreamEndpoint<StreamQuery, StreamItem>(
    "/stream", .needs("jobs", "read"),
    "One channel of the WebSocket as server-sent events: job:{id}, logs:{job}, global and more."
  )
}

public struct StreamQuery: Wire {
  public var channel: String
  /// Only what lies behind this sequence number; `Last-Event-ID` wins over it.
  public var after: Int64?
  /// Of log lines the least level, or `none`.
  public var level: String?
  public var step: String?
  public var attempt: Int?

  public init(
    channel: String, after: Int64? = nil, level: String? = nil, step: String? = nil, attempt: Int? = nil
  ) {
    (self.channel, self.after, self.level) = (channel, after, level)
    (self.step, self.attempt) = (step, attempt)
  }

  public static let schema = Schema.request([
    .init("channel", .text(1...1_024).examples("global"), "Such as job:{id} or global."),
    .optional("after", .count, "Only what lies behind this sequence number."),
    .optional("level", .words(["debug", "info", "warn", "error", "none"])),
    .optional("step", .text(1...Schema.Member.longestName)), .optional("attempt", .integer(1...1_000)),
  ])

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (channel, after) = (try fields.text("channel"), try fields.optionalInteger("after"))
    (level, step) = (try fields.optionalText("level"), try fields.optionalText("step"))
    attempt = try fields.optionalInt("attempt")
  }

  public var json: JSON {
    members([
      "channel": channel.wire, "after": after.map { .int($0) }, "level": level?.wire, "step": step?.wire,
      "attempt": attempt?.wire,
    ])
  }
}

/// A message of a channel: `{type, channel, seq?, timestamp, payload}`, as on the WebSocket.
public struct StreamItem: Wire, Hashable {
  /// What `Last-Event-ID` gives back: the channel's sequence number.
  public var id: String
  public var text: String

  public init(id: String, text: String) { (self.id, self.text) = (id, text) }

  public static let schema = Schema.object(
    [
      .init("type", .text), .optional("channel", .text), .optional("seq", .integer),
      .optional("timestamp", .time), .optional("payload", .any),
    ], name: "StreamMessage")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    id = try fields.optionalInteger("seq").map { String($0) } ?? ""
    text = json.text
  }

  /// What this server wrote it can read; anything else stays the text that it is.
  public var json: JSON { (try? JSON(parsing: Array(text.utf8))) ?? .string(text) }
}
