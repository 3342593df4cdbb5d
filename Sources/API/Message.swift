public import Model

/// A request as routes see it, whatever carried it.
public struct APIRequest: Sendable {
  public var method: Shape.Method
  /// Percent-encoded, without the query.
  public var path: String
  /// Decoded, in the order in which they were written.
  public var query: [(name: String, value: String)]
  public var body: [UInt8]
  /// Echoed in problems and logs.
  public var requestID: String
  /// The language of sentences in the answer.
  public var language: Language
  /// Of `Last-Event-ID`: the stream goes on behind this event.
  public var lastEvent: String?
  /// Of `If-Match`, as it was sent: the state that the caller knows.
  public var ifMatch: String?
  public var accept: String?
  /// Of the body; nil where none was named.
  public var contentType: String?
  public var idempotencyKey: String?
  /// By name, as they were sent.
  public var cookies: [String: String] = [:]
  /// All header fields in the order in which they came, with names in small letters. Only calls with a raw
  /// body look here.
  public var headers: [(name: String, value: String)] = []
  /// Where the request comes from, for the audit and for limits.
  public var origin = RequestOrigin()

  public init(
    _ method: Shape.Method, _ path: String, query: [(name: String, value: String)] = [], body: [UInt8] = [],
    requestID: String = "", language: Language = .english, lastEvent: String? = nil
  ) {
    (self.method, self.path, self.query, self.body) = (method, path, query, body)
    (self.requestID, self.language, self.lastEvent) = (requestID, language, lastEvent)
  }
}

/// The other end of a request.
public struct RequestOrigin: Sendable, Hashable {
  /// An IP address, or `unix` for the data folder's socket.
  public var address: String
  public var userAgent: String
  public init(address: String = "unix", userAgent: String = "") {
    (self.address, self.userAgent) = (address, userAgent)
  }
}

public struct APIResponse: Sendable {
  public enum Body: Sendable {
    case bytes([UInt8])
    /// Ends when what is watched has ended, or throws when the connection is lost.
    case events(AsyncThrowingStream<APIEvent, any Error>)
    /// Of a known length.
    case chunks(Int64, AsyncThrowingStream<[UInt8], any Error>)
  }

  public var status: Int
  public var contentType: String
  public var body: Body
  /// Names this state of the thing, for `If-Match`; without quotes.
  public var entityTag: String?
  public var location: String?
  /// It holds a secret that nobody can read again.
  public var isShownOnce = false
  /// Others, such as cookies. Names in small letters.
  public var headers: [(name: String, value: String)] = []

  public init(status: Int = 200, contentType: String = "application/json", body: Body) {
    (self.status, self.contentType, self.body) = (status, contentType, body)
  }

  /// There is nothing to say.
  public static let nothing = APIResponse(status: 204, contentType: "", body: .bytes([]))

  public init(status: Int = 200, json: JSON) {
    self.init(status: status, body: .bytes(json.serialized()))
  }
}

/// An answer that names its state, so that a change can be made on condition that nobody else made one.
public protocol Tagged {
  /// Printable ASCII without quotes.
  var tag: String { get }
}

/// An answer with a secret that is told only now, such as a new token: it is never kept.
public protocol ShownOnce {}

/// An answer about something that has a path of its own.
public protocol Located {
  /// Nil where nothing was made.
  var location: String? { get }
}

/// One server-sent event.
public struct APIEvent: Sendable, Hashable {
  public var id: String
  public var data: String
  public init(id: String, data: String) { (self.id, self.data) = (id, data) }
}

/// An error as clients see it (RFC 9457), with the members that this project adds.
public struct ProblemDocument: Wire, Error, Hashable {
  public var status: Int
  /// Names a page of `docs/errors/`.
  public var code: String
  public var detail: String
  public var remedy: String?
  public var requestID: String
  public var errors: [FindingItem]

  public static let contentType = "application/problem+json"

  public init(
    status: Int, code: String, detail: String, remedy: String? = nil, requestID: String = "",
    errors: [FindingItem] = []
  ) {
    (self.status, self.code, self.detail, self.remedy) = (status, code, detail, remedy)
    (self.requestID, self.errors) = (requestID, errors)
  }

  public static let schema = Schema.object(
    [
      .init("type", .text),
      .init("title", .text),
      .init("status", .integer(400...599)),
      .init("detail", .text, "One sentence in the caller's language."),
      .init("code", .text, "Names a page of `docs/errors/`."),
      .optional("remedy", .text),
      .init("request_id", .text),
      .init("docs", .text),
      .optional("errors", .list(of: FindingItem.schema)),
    ], name: "ProblemDocument", "An error (RFC 9457).")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (status, code) = (try fields.int("status"), try fields.text("code"))
    (detail, remedy) = (try fields.text("detail"), try fields.optionalText("remedy"))
    requestID = try fields.text("request_id")
    errors = try fields.list("errors", of: FindingItem.self)
  }

  public var json: JSON {
    members([
      "type": .string("about:blank"), "title": .string(code), "status": status.wire, "detail": detail.wire,
      "code": code.wire, "remedy": remedy?.wire, "request_id": requestID.wire,
      "docs": .string("docs/errors/\(code).md"), "errors": errors.isEmpty ? JSON?.none : errors.wire,
    ])
  }
}

/// One fault of a file or a request.
public struct FindingItem: Wire, Hashable {
  public var code: String
  public var message: String
  /// `error` or `warning`.
  public var severity: String
  public var pointer: String?
  public var line: Int?
  public var column: Int?
  public var remedy: String?
  /// The whole text with the line of the file and a caret, as a terminal shows it.
  public var rendered: String?

  public init(
    code: String, message: String, severity: String = "error", pointer: String? = nil, line: Int? = nil,
    column: Int? = nil, remedy: String? = nil, rendered: String? = nil
  ) {
    (self.code, self.message, self.severity, self.pointer) = (code, message, severity, pointer)
    (self.line, self.column, self.remedy, self.rendered) = (line, column, remedy, rendered)
  }

  public static let schema = Schema.object(
    [
      .init("code", .text),
      .init("severity", .words(["error", "warning"])),
      .init("message", .text),
      .optional("pointer", .text, "A JSON pointer to what is wrong."),
      .optional("line", .count),
      .optional("column", .count),
      .optional("remedy", .text),
      .optional("rendered", .text, "The line of the file and a caret, as a terminal shows it."),
    ], name: "FindingItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (code, message) = (try fields.text("code"), try fields.text("message"))
    (severity, pointer) = (try fields.text("severity"), try fields.optionalText("pointer"))
    line = try fields.optionalInt("line")
    column = try fields.optionalInt("column")
    (remedy, rendered) = (try fields.optionalText("remedy"), try fields.optionalText("rendered"))
  }

  public var json: JSON {
    members([
      "code": code.wire, "severity": severity.wire, "message": message.wire, "pointer": pointer?.wire,
      "line": line?.wire, "column": column?.wire, "remedy": remedy?.wire, "rendered": rendered?.wire,
    ])
  }
}

/// One page of a list.
public struct Page<Item: Wire>: Wire {
  public static var limits: ClosedRange<Int> { 1...200 }
  public static var usual: Int { 50 }
  public var items: [Item]
  /// Given back as `cursor`, it leads to the next page; nil on the last.
  public var nextCursor: String?

  public init(_ items: [Item], nextCursor: String? = nil) {
    (self.items, self.nextCursor) = (items, nextCursor)
  }

  public static var schema: Schema {
    .object(
      [
        .init("items", .list(of: Item.schema)),
        .init("next_cursor", Schema.text.orNull, "Given back as `cursor`; null on the last page."),
      ], name: Item.schema.name.map { "\($0)Page" })
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    items = try fields.list("items", of: Item.self)
    nextCursor = try fields.optionalText("next_cursor")
  }

  public var json: JSON { members(["items": items.wire, "next_cursor": nextCursor?.wire ?? .null]) }
}
