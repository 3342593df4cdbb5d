public import Model

public struct AnswerRequest: Wire {
  public var id: String
  public var choice: String
  public var form: JSON?
  public var comment: String?
  /// `shown_sha256` of what the person saw.
  public var shown: String
  /// The person who answers, where the owner of the data folder passes on their word. Both are recorded.
  public var onBehalfOf: String?

  public init(
    id: String, choice: String, form: JSON? = nil, comment: String? = nil, shown: String,
    onBehalfOf: String? = nil
  ) {
    (self.id, self.choice, self.form, self.comment) = (id, choice, form, comment)
    (self.shown, self.onBehalfOf) = (shown, onBehalfOf)
  }

  public static let longestComment = 4_000

  public static let schema = Schema.request(
    [
      .shortID,
      .init("choice", .text(1...Schema.Member.longestName)),
      .optional("form", .any, "What the form of the choice asks for."),
      .optional("comment", .text(0...longestComment)),
      .init(
        "shown_sha256", .text(1...Schema.Member.longestName), "That of the question as the person saw it."),
      .optional(
        "on_behalf_of", .text(1...Schema.Member.longestName),
        "The person who answers, where the owner of the data folder passes on their word."),
    ], name: "AnswerRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, choice) = (try fields.text("id"), try fields.text("choice"))
    (form, comment) = (fields.object["form"], try fields.optionalText("comment"))
    (shown, onBehalfOf) = (try fields.text("shown_sha256"), try fields.optionalText("on_behalf_of"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "choice": choice.wire, "form": form, "comment": comment?.wire,
      "shown_sha256": shown.wire, "on_behalf_of": onBehalfOf?.wire,
    ])
  }
}

public struct HandoverRequest: Wire {
  public var id: String
  /// The name of another person.
  public var to: String
  /// As in `AnswerRequest`.
  public var onBehalfOf: String?

  public init(id: String, to: String, onBehalfOf: String? = nil) {
    (self.id, self.to, self.onBehalfOf) = (id, to, onBehalfOf)
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .init("to", .text(1...Schema.Member.longestName), "The name of another person."),
      .optional("on_behalf_of", .text(1...Schema.Member.longestName)),
    ], name: "HandoverRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, to) = (try fields.text("id"), try fields.text("to"))
    onBehalfOf = try fields.optionalText("on_behalf_of")
  }

  public var json: JSON { members(["id": id.wire, "to": to.wire, "on_behalf_of": onBehalfOf?.wire]) }
}

/// Where the question stands now.
public struct AskResult: Wire, Hashable {
  public var id: String
  public var job: String
  public var isDecided: Bool
  /// How many made the same choice, and how many must.
  public var votes: Int
  public var quorum: Int

  public init(id: String, job: String, isDecided: Bool, votes: Int, quorum: Int) {
    (self.id, self.job, self.isDecided) = (id, job, isDecided)
    (self.votes, self.quorum) = (votes, quorum)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("job", .text),
      .init("decided", .flag),
      .init("votes", .count, "How many made the same choice."),
      .init("quorum", .count, "How many must."),
    ], name: "AskResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, job, isDecided) = (try fields.text("id"), try fields.text("job"), try fields.flag("decided"))
    (votes, quorum) = (try fields.int("votes"), try fields.int("quorum"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "job": job.wire, "decided": .bool(isDecided), "votes": votes.wire,
      "quorum": quorum.wire,
    ])
  }
}
