public import Model

extension JobCalls {
  public static let timeline = Endpoint<JobPath, JobTimeline>(
    .get, "/jobs/{id}/timeline", .needs("jobs", "read"),
    "What the job and each of its steps did when: queued, running, waiting, retrying.")
  public static let compare = Endpoint<ComparePath, JobComparison>(
    .get, "/jobs/{id}/compare/{other}", .needs("jobs", "read"),
    "Inputs, outputs, durations and revisions of two jobs side by side.")
  public static let stepLogs = Endpoint<LogsQuery, Page<LogLine>>(
    .get, "/jobs/{id}/steps/{path}/logs", .needs("jobs", "read"),
    "Log lines of one step, as JSON, as text (text/plain) or as lines of JSON (application/x-ndjson).")
  public static let followLogs = StreamEndpoint<LogsQuery, NumberedLine>(
    "/jobs/{id}/logs/stream", .needs("jobs", "read"),
    "Log lines as they are written, until the job has ended. Last-Event-ID goes on behind what was seen.")
}

/// Spans for a chart over time.
public struct JobTimeline: Wire, Hashable {
  public var id: String
  public var spans: [TimelineSpan]
  /// There are more spans than are shown.
  public var isCut: Bool

  public init(id: String, spans: [TimelineSpan], isCut: Bool) {
    (self.id, self.spans, self.isCut) = (id, spans, isCut)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, isCut) = (try fields.text("id"), try fields.flag("cut"))
    spans = try fields.list("spans", of: TimelineSpan.self)
  }

  public var json: JSON { members(["id": id.wire, "spans": spans.wire, "cut": .bool(isCut)]) }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("spans", .list(of: TimelineSpan.schema), "In the order in which they began."),
      .init("cut", .flag, "There are more spans than are shown."),
    ], name: "JobTimeline")
}

public struct TimelineSpan: Wire, Hashable {
  /// Of the step; nil: of the job itself.
  public var path: String?
  /// `queued`, `running`, `waiting`, `retrying`, `needs_attention`; of the job any of its live statuses.
  public var state: String
  /// Of a running step, from 1.
  public var attempt: Int?
  public var from: Timestamp
  /// Nil: it goes on.
  public var to: Timestamp?
  /// How the step or the job ended with this span.
  public var outcome: String?

  public init(
    path: String?, state: String, attempt: Int?, from: Timestamp, to: Timestamp? = nil, outcome: String? = nil
  ) {
    (self.path, self.state, self.attempt) = (path, state, attempt)
    (self.from, self.to, self.outcome) = (from, to, outcome)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (path, state) = (try fields.optionalText("path"), try fields.text("state"))
    attempt = try fields.optionalInt("attempt")
    from = try fields.time("from")
    (to, outcome) = (try fields.optionalTime("to"), try fields.optionalText("outcome"))
  }

  public var json: JSON {
    members([
      "path": path?.wire, "state": state.wire, "attempt": attempt?.wire, "from": from.wire, "to": to?.wire,
      "outcome": outcome?.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("path", .text, required: false, "Of the step; absent: of the job itself."),
      .init(
        "state", .words(["pending", "queued", "running", "waiting", "retrying", "needs_attention"])),
      .init("attempt", .integer, required: false), .init("from", .time),
      .init("to", .time, required: false, "Absent: it goes on."),
      .init("outcome", .text, required: false, "How it ended with this span."),
    ], name: "TimelineSpan")
}

/// A log line with its place among all lines, which is where a stream goes on.
public struct NumberedLine: Wire, Hashable {
  /// From 1.
  public var number: Int
  public var line: LogLine

  public init(number: Int, line: LogLine) { (self.number, self.line) = (number, line) }

  public init(_ json: JSON) throws(WireError) {
    number = try Fields(json, Self.schema).int("number")
    line = try LogLine(json)
  }

  public var json: JSON {
    var object = line.json.object ?? JSONObject()
    object["number"] = number.wire
    return .object(object)
  }

  public static let schema = Schema.object(
    [.init("number", .count, "Its place among all lines, from 1.")] + LogLine.schema.members,
    name: "NumberedLine")
}
