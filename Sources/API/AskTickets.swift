public import Model

extension AskCalls {
  public static let ticket = Endpoint<AskTicketRequest, AskTicketItem>(
    .post, "/asks/{id}/tickets", .needs("asks", "delegate"),
    "A ticket with which a person without an account answers this question, once.", success: [201],
    example: AskTicketRequest(id: "019a0c40", person: "ana@example.com", ttl: "1h"))
  public static let answerWithTicket = Endpoint<TicketAnswerRequest, AskResult>(
    .post, "/asks:answer", .open, "Answers the question of a ticket, which is used up.", problems: [403])
}

public struct AskTicketRequest: Wire {
  public var id: String
  /// Who may answer with it, as `to` of the question names them.
  public var person: String
  /// How long it lasts, such as `1h`; nil: an hour.
  public var ttl: String?

  public init(id: String, person: String, ttl: String? = nil) {
    (self.id, self.person, self.ttl) = (id, person, ttl)
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .init(
        "person", .text(1...Schema.Member.longestName),
        "Who may answer with it, as `to` of the question names them."),
      .optional("ttl", .text(.duration).examples("1h"), "From 1m to 7d; an hour without it."),
    ], name: "AskTicketRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, person) = (try fields.text("id"), try fields.text("person"))
    ttl = try fields.optionalText("ttl")
  }

  public var json: JSON { members(["id": id.wire, "person": person.wire, "ttl": ttl?.wire]) }
}

public struct AskTicketItem: Wire, Hashable, ShownOnce {
  public var ticket: String
  public var ask: String
  public var person: String
  public var expiresAt: Timestamp

  public init(ticket: String, ask: String, person: String, expiresAt: Timestamp) {
    (self.ticket, self.ask, self.person, self.expiresAt) = (ticket, ask, person, expiresAt)
  }

  public static let schema = Schema.object(
    [
      .init("ticket", .text, "Told only now."), .init("ask", .text), .init("person", .text),
      .init("expires_at", .time),
    ], name: "AskTicketItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (ticket, ask) = (try fields.text("ticket"), try fields.text("ask"))
    (person, expiresAt) = (try fields.text("person"), try fields.time("expires_at"))
  }

  public var json: JSON {
    members(["ticket": ticket.wire, "ask": ask.wire, "person": person.wire, "expires_at": expiresAt.wire])
  }
}

public struct TicketAnswerRequest: Wire {
  public var ticket: String
  public var choice: String
  public var form: JSON?
  public var comment: String?
  /// `shown_sha256` of what the person saw.
  public var shown: String

  public init(
    ticket: String, choice: String, form: JSON? = nil, comment: String? = nil, shown: String
  ) {
    (self.ticket, self.choice, self.form) = (ticket, choice, form)
    (self.comment, self.shown) = (comment, shown)
  }

  public static let schema = Schema.request(
    [
      .init("ticket", .text(1...2_000)),
      .init("choice", .text(1...Schema.Member.longestName)),
      .optional("form", .any, "What the form of the choice asks for."),
      .optional("comment", .text(0...AnswerRequest.longestComment)),
      .init(
        "shown_sha256", .text(1...Schema.Member.longestName), "That of the question as the person saw it."),
    ], name: "TicketAnswerRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (ticket, choice) = (try fields.text("ticket"), try fields.text("choice"))
    (form, comment) = (fields.object["form"], try fields.optionalText("comment"))
    shown = try fields.text("shown_sha256")
  }

  public var json: JSON {
    members([
      "ticket": ticket.wire, "choice": choice.wire, "form": form, "comment": comment?.wire,
      "shown_sha256": shown.wire,
    ])
  }
}
