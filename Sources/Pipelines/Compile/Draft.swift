import Expressions
import Model

/// A file on its way to a plan: steps have their numbers, expressions are parsed, names are not yet bound.
final class Draft {
  let report: Report
  let zones: ZoneDatabase
  /// Gives a file beside the pipeline by its relative path; nil where there is none.
  let readFile: (String) -> [UInt8]?
  var head = HeadDraft()
  var steps: [StepDraft] = []
  var scopes: [ScopeDraft] = []
  var sites: [Site] = []
  /// Edges between siblings: `edges[step]` are what it waits for.
  var edges: [[Edge]] = []
  /// The steps of each scope by name, once all are read.
  var stepsByName: [[ScalarString: Int]] = []

  init(report: Report, zones: ZoneDatabase, readFile: @escaping (String) -> [UInt8]? = { _ in nil }) {
    (self.report, self.zones, self.readFile) = (report, zones, readFile)
  }
}

/// What stands above the steps.
struct HeadDraft {
  var namespace = ""
  var name = ""
  var title = ""
  var description = ""
  var labels: [(name: String, value: String)] = []
  var inputs: [InputDraft] = []
  var key: TemplateDraft?
  var vars: [NamedTemplate] = []
  var deadline: TimingDraft?
  var outputs: [NamedTemplate] = []
  var triggers: [TriggerDraft] = []
  var onFailure: Int?
  var onCancel: Int?
  var finally: Int?
  var afterEach: Int?
  var files: [FileMention] = []
  var identity = IdentityDraft()
}

/// A file beside the pipeline, where it is named.
struct FileMention {
  var name: String
  var span: Range<Int>
  var path: String
}

struct NamedTemplate {
  var name: String
  var path: String
  var value: TemplateDraft
  var type = CELType.dyn
}

struct InputDraft {
  var name: String
  var path: String
  var schema: JSONSchema
  var defaultValue: TemplateDraft?
}

struct TriggerDraft {
  var name: String
  var kind: String
  var spec: JSON
  var condition: Int?
  var inputs: TemplateDraft?
  var inputsPath: String
  var idempotencyKey: TemplateDraft?
  var enabled: Int?
  var deliver: DeliverDraft?
  var completion: CompletionDraft?
  var schema: JSONSchema?
}

struct ScopeDraft {
  enum Home: Hashable { case job, onFailure, onCancel, finally, afterEach }

  /// What the steps of a scope are to its owner, or to the job.
  enum Role: Hashable {
    case steps
    /// Of a `choose`: they do not see each other.
    case branches
    /// They see the children of the group, or the job's own steps, which may not have run.
    case handler
    /// One step, which sees how its owner failed.
    case rescue
  }

  var steps: Range<Int>
  var owner: Int?
  var role: Role
  var home: Home
}

struct StepDraft {
  var name: String
  var path: String
  /// Where it stands in the file: `steps.collect.choose.csv`.
  var keyPath: String
  var nameSpan: Range<Int>
  var scope: Int
  var kind: KindDraft = .unknown
  /// As the file has it, before the defaults.
  var source: Node?
  var definition = ""
  var condition: Int?
  var needs: [NeedDraft] = []
  var forEach: ForEachDraft?
  var loop: LoopDraft?
  var retry: RetryDraft?
  var timeout: TimingDraft?
  var queueTimeout: TimingDraft?
  var deadline: TimingDraft?
  var idempotent: Bool?
  var limits: StepLimitsDraft?
  var isolation: IsolationPlan?
  var output: TemplateDraft?
  var rescue: RescueDraft?
  var handlers = HandlersPlan.none
  var runsOnKill = false
  /// What one execution of its body gives.
  var type = CELType.dyn
  var itemType = CELType.dyn
  var carryType = CELType.dyn
  var isConditional: Bool

  /// A question that nobody answers in time may be passed over.
  var isSkippedBySilence: Bool {
    if case .ask(let ask) = kind, case .skip = ask.onExpiry { true } else { false }
  }

  /// Why it may have ended well without an output; nil: it never does.
  var absence: Bilingual? {
    if isConditional { return Bilingual("has an if", pt: "tem um if") }
    return isSkippedBySilence
      ? Bilingual("is skipped when nobody answers", pt: "é pulado quando ninguém responde") : nil
  }
}

enum KindDraft {
  case connector(CallDraft)
  case group(Int)
  case choose(Int)
  case value(TemplateDraft)
  case call(SubJobDraft)
  case ask(AskDraft)
  case wait(WaitDraft)
  case end(EndDraft)
  /// Broken, or of a later build: what it gives is not known.
  case unknown
}

struct CallDraft {
  /// As the file names it, without the major version.
  var name: String
  var major: Int?
  /// Nil where only a server could know it.
  var description: ConnectorDescription?
  var with: TemplateDraft
  /// Where a missing key of `with` is reported.
  var withSpan: Range<Int>
  var connection: String?
  var credential: String?
}

struct NeedDraft {
  var name: String
  var span: Range<Int>
  var path: String
  var strength: Need.Strength
}

struct ForEachDraft {
  var items: Int?
  var name: String
  var key: TemplateDraft?
  var maxParallel = CountDraft.fixed(16)
  var allowFailed = ForEachPlan.AllowFailed.count(0)
  var keep: ForEachPlan.Keep?
  var isLines = false
  var batch: CountDraft?
}

struct LoopDraft {
  var max = CountDraft.fixed(1)
  var carry = TemplateDraft.literal(.object(JSONObject()), 0..<0)
  var until: Int?
  var next: TemplateDraft?
  var nextPath = ""
  var delay: TimingDraft?
  var onMax = LoopPlan.OnMax.fail
}

struct RetryDraft {
  var attempts = CountDraft.fixed(1)
  var initial = TimingDraft.fixed(.seconds(1), 0..<0)
  var factor = 2.0
  var max = TimingDraft.fixed(.seconds(60), 0..<0)
  var jitter = 0.0
  var classes = RetryPlan.defaultClasses
}

enum TimingDraft {
  case fixed(Duration, Range<Int>)
  case computed(Int)
}

enum CountDraft {
  case fixed(Int)
  case computed(Int)
}

/// A value with expressions; each names its place among the sites.
indirect enum TemplateDraft {
  case literal(JSON, Range<Int>)
  case expression(Int, Range<Int>)
  case text([Part], Range<Int>)
  case list([TemplateDraft], Range<Int>)
  case map([Member], Range<Int>)

  enum Part {
    case literal(String)
    case expression(Int)
  }

  struct Member {
    var key: String
    var keySpan: Range<Int>
    var value: TemplateDraft
  }

  var span: Range<Int> {
    switch self {
    case .literal(_, let span), .expression(_, let span), .text(_, let span), .list(_, let span),
      .map(_, let span):
      span
    }
  }

  /// The value, where no expression stands in it.
  var json: JSON? {
    switch self {
    case .literal(let json, _): return json
    case .expression, .text: return nil
    case .list(let items, _):
      let values = items.map(\.json)
      return values.contains { $0 == nil } ? nil : .array(values.compactMap(\.self))
    case .map(let members, _):
      var object = JSONObject()
      for member in members {
        guard let value = member.value.json else { return nil }
        object[member.key] = value
      }
      return .object(object)
    }
  }

  /// The value as far as the file alone tells: null stands for what an expression will give.
  var known: JSON {
    switch self {
    case .literal(let json, _): return json
    case .expression, .text: return .null
    case .list(let items, _): return .array(items.map(\.known))
    case .map(let members, _):
      var object = JSONObject()
      for member in members { object[member.key] = member.value.known }
      return .object(object)
    }
  }
}

/// One expression of the file, what it may see, and what became of it.
struct Site {
  var node: Node
  /// Where its source begins in the node's text, in UTF-8.
  var offset: Int
  var path: String
  var view: View
  /// The step that waits for what it mentions.
  var step: Int?
  var parsed: ParsedExpression?
  var variables: [(name: String, type: VariableType, reference: Reference)] = []
  var bound: BoundExpression?
  var type = CELType.dyn
}

/// The type of a variable, which for steps, items and carried values is known only when their turn has come.
enum VariableType {
  case known(CELType)
  case step(Int, StepField)
  case item(Int)
  case carry(Int)
  case variable(Int)
}

/// What can be seen from a place in the file.
struct View {
  enum Part: Hashable {
    case inputDefault, key
    case variable(Int)
    case body, outputs, trigger
    /// What is evaluated at admission, after `vars` and before any step: keys of limits, labels, the owner.
    case identity
    /// `enabled` of a trigger, which sees the settings alone.
    case enabled
  }
  /// How far inside a step the place is: its own item is known from `item` on, its round from `round` on.
  enum Layer: Int { case outside, item, round }

  var part: Part
  /// Where the search for a step begins; nil: no step can be seen.
  var scope: Int?
  var step: Int?
  var layer = Layer.outside
  /// `until` and `next` of a step that is no group see the step itself.
  var seesItself = false
}

struct Edge {
  var step: Int
  var strength: Need.Strength
  var reason: String
  var place: Place
  var path: String

  /// A part of a node, whose place in the source is worked out only when it is reported.
  enum Place {
    case span(Range<Int>)
    case mention(Range<Int>, site: Int)
  }
}

extension Draft {
  /// Whether every connector is known, so that the plan can be run.
  var isWhole: Bool {
    steps.allSatisfy { step in
      if case .connector(let call) = step.kind { call.description != nil } else { true }
    }
  }
}
