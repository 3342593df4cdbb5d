import Model

/// `ask:` on its way to a plan, and `human.approve`, which is one with two choices.
struct AskDraft {
  struct People {
    var users: TemplateDraft?
    var groups: TemplateDraft?
    var path: String
  }
  struct Choice {
    var name: String
    var label: TemplateDraft?
    var approves = false
    var form: JSONSchema?
  }
  struct Escalation {
    var after: TimingDraft
    var to: People
  }

  var path: String
  var title = TemplateDraft.literal(.string(""), 0..<0)
  var show = TemplateDraft.literal(.object(JSONObject()), 0..<0)
  var to: People
  var requesterMayAnswer = true
  var quorum = CountDraft.fixed(1)
  var choices: [Choice] = []
  var expires = TimingDraft.fixed(AskPlan.defaultExpiry, 0..<0)
  var onExpiry = AskPlan.Expiry.fail
  var remindEvery: TimingDraft?
  var escalate: Escalation?
  var failing: Set<String> = []
}

enum WaitDraft {
  case pause(TimingDraft)
  case until(Int)
  case signal(SignalDraft)
}

struct SignalDraft {
  var name: TemplateDraft
  /// Of the name, where a second wait for the same is reported.
  var span: Range<Int>
  var path: String
  var key: TemplateDraft?
  var schema: JSONSchema?
  var broadcast = false
}

/// `call:` on its way to a plan.
struct SubJobDraft {
  var namespace: String
  var pipeline: String
  var inputs = TemplateDraft.literal(.object(JSONObject()), 0..<0)
  var inputsPath: String
  var revision: Int?
  var detach = false
}

struct EndDraft {
  var status: JobStatus
  var errorClass = ErrorClass.data
  var message: TemplateDraft?
  var outputs: TemplateDraft?
  var outputsPath: String
}

struct RescueDraft {
  var classes: Set<ErrorClass>
  var scope: Int
}
