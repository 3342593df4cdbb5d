/// `ask:`: a question to people. It takes no worker and no slot, and is never tried again.
public struct AskPlan: Sendable {
  public struct Choice: Sendable {
    public var name: String
    /// What the button says; nil: the name.
    public var label: Template?
    /// Expiry never takes a choice that approves.
    public var approves: Bool
    /// What the answer's `form` must agree with; nil: no form is taken.
    public var form: JSONSchema?

    public init(name: String, label: Template?, approves: Bool, form: JSONSchema?) {
      (self.name, self.label, self.approves, self.form) = (name, label, approves, form)
    }
  }

  public enum Expiry: Sendable, Hashable {
    case fail, skip
    /// One of the choices that do not approve.
    case choice(String)
  }

  public struct People: Sendable {
    /// Each gives a name, or a list of names.
    public var users: Template?
    public var groups: Template?
    public init(users: Template?, groups: Template?) { (self.users, self.groups) = (users, groups) }
  }

  public struct Escalation: Sendable {
    public var after: Timing
    public var to: People
    public init(after: Timing, to: People) { (self.after, self.to) = (after, to) }
  }

  public var title: Template
  /// What the person sees and answers; its hash binds the answer. An object, empty where the file has none.
  public var show: Template
  public var to: People
  public var requesterMayAnswer: Bool
  /// How many people must make the same choice; each counts once.
  public var quorum: Count
  public var choices: [Choice]
  public var expires: Timing
  public var onExpiry: Expiry
  /// A reminder is due each time that so much has passed without a decision.
  public var remindEvery: Timing?
  /// Who else may answer once so much has passed.
  public var escalate: Escalation?
  /// Choices that fail the step when they are taken: `reject` of `human.approve`.
  public var failing: Set<String>

  public static let defaultExpiry = Duration.seconds(7 * 86_400)

  public init(
    title: Template, show: Template, to: People, requesterMayAnswer: Bool = true, quorum: Count = .fixed(1),
    choices: [Choice], expires: Timing = .fixed(defaultExpiry), onExpiry: Expiry = .fail,
    remindEvery: Timing? = nil, escalate: Escalation? = nil, failing: Set<String> = []
  ) {
    (self.title, self.show, self.to, self.requesterMayAnswer) = (title, show, to, requesterMayAnswer)
    (self.quorum, self.choices, self.expires, self.onExpiry) = (quorum, choices, expires, onExpiry)
    (self.remindEvery, self.escalate, self.failing) = (remindEvery, escalate, failing)
  }
}
