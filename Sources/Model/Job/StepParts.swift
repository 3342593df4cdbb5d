/// A question that is open.
public struct OpenAsk: Sendable, Hashable {
  public var id: ID<Ask>
  /// `{title, show, choices: [{name, label, approves, form?}], to: {users, groups, except?},
  /// requester?, requester_may_answer, quorum, on_expiry, shown_sha256, expires_at, remind_every?,
  /// escalate?: {at, to}}`; `to` changes by delegation and escalation.
  public var content: JSON
  /// Where the sealed content lies as it was asked.
  public var place: BodyPlace
  /// Those that count: of each person the last one.
  public var answers: [Answer]
  public var reminders: UInt32
  public var remindedAt: Timestamp
  public var isEscalated: Bool
  public var openedAt: Timestamp

  init(id: ID<Ask>, _ body: Body, openedAt: Timestamp) {
    (self.id, content, place, self.openedAt) = (id, body.value, body.place, openedAt)
    (answers, reminders, remindedAt, isEscalated) = ([], 0, .never, false)
  }

  public struct Answer: Sendable, Hashable {
    public var by: String
    /// `{choice, form?, comment?, on_behalf_of?, shown_sha256}`.
    public var content: JSON
    public var at: Timestamp

    /// Who counts: the person for whom another one answered, or the one who did.
    public var person: String { content["on_behalf_of"]?.string ?? by }
  }
}

/// The job that a `call` step waits for.
public struct SubJob: Sendable, Hashable {
  public var pipeline: String
  public var revision: Int
  public var inputs: JSON
  /// Nil: it is still to be admitted.
  public var id: ID<Job>?
}

/// Steps that stand beside the inside of a node and that it waits for: its rescue, or a group's handlers.
public struct Aside: Sendable, Hashable {
  public var kind: AsideKind
  public var first: NodeNumber
  public var step: UInt32
  public var count: UInt32
  public var open: UInt32
}

/// How the inside of a node ended, while its handlers still run.
public struct Settlement: Sendable, Hashable {
  public var status: StepStatus
  public var output: Body?
  public var failure: Failure?
}

/// The executions of one `after_each` step that have not ended, in the order of their numbers: the first runs
/// or is about to, the others wait for it.
public struct AfterLane: Sendable, Hashable {
  private var nodes: [NodeNumber] = []
  private var head = 0

  public var first: NodeNumber? { head < nodes.count ? nodes[head] : nil }
  public var all: ArraySlice<NodeNumber> { nodes[head...] }

  mutating func append(_ node: NodeNumber) { nodes.append(node) }

  /// A lane of thousands is left from its front; an end elsewhere in it is rare.
  mutating func remove(_ node: NodeNumber) {
    if first == node {
      head += 1
    } else if let index = nodes[head...].firstIndex(of: node) {
      nodes.remove(at: index)
    }
    guard head > Self.slack, head * 2 > nodes.count else { return }
    nodes.removeSubrange(0..<head)
    head = 0
  }

  private static let slack = 256
}
