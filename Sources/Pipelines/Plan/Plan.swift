public import Model

/// A step's place in its plan. Names are resolved once, when the plan is made.
public struct StepIndex: Hashable, Sendable, Comparable {
  public let value: UInt32
  public init(_ value: Int) { self.value = UInt32(value) }
  public var position: Int { Int(value) }
  public static func < (left: StepIndex, right: StepIndex) -> Bool { left.value < right.value }
}

/// The steps of one `steps:` block (or the branches of one `choose`): they start together and see each other.
public struct Scope: Sendable {
  /// Places in `Plan.steps`: the steps of a scope always lie side by side, in the order of the file.
  public var steps: Range<Int>
  /// The group or `choose` whose inside this is; nil for the job's own steps and for its handlers.
  public var owner: StepIndex?

  public init(steps: Range<Int>, owner: StepIndex?) { (self.steps, self.owner) = (steps, owner) }
}

/// A pipeline's revision, resolved: steps are numbers, every edge is turned round, every expression is
/// typed and its names are bound.
///
/// One plan is shared by all jobs of a revision, so it is an immutable class: a job holds 8 bytes of it.
/// Steps are numbered scope by scope in the order of the file, and that numbering is part of the stored
/// history: the same source gives the same numbers in every version of this program.
public final class Plan: Sendable {
  public let namespace: String
  public let name: String
  public let title: String
  public let description: String
  public let labels: [(name: String, value: String)]
  public let inputs: [InputPlan]
  /// `key:`, drawn once at admission.
  public let key: Template?
  /// `vars:`, evaluated once at admission in this order; each sees those before it.
  public let vars: [(name: String, value: Template)]
  /// From admission to the end.
  public let deadline: Timing?
  public let steps: [StepPlan]
  /// The job's own steps are `scopes[0]`.
  public let scopes: [Scope]
  public let onFailure: Int?
  public let onCancel: Int?
  public let finally: Int?
  public let outputs: [(name: String, value: Template)]
  public let triggers: [TriggerPlan]
  /// Files beside the pipeline that a revision takes in, relative to the pipeline file.
  public let files: [String]
  public let identity: IdentityPlan
  /// `after_each:` a scope whose steps run after every step execution that matches their `if`.
  public let afterEach: Int?

  public init(
    namespace: String, name: String, title: String = "", description: String = "",
    labels: [(name: String, value: String)] = [], inputs: [InputPlan] = [], key: Template? = nil,
    vars: [(name: String, value: Template)] = [], deadline: Timing? = nil, steps: [StepPlan],
    scopes: [Scope], onFailure: Int? = nil, onCancel: Int? = nil, finally: Int? = nil,
    outputs: [(name: String, value: Template)] = [], triggers: [TriggerPlan] = [], files: [String] = [],
    identity: IdentityPlan = .none, afterEach: Int? = nil
  ) {
    (self.namespace, self.name, self.title, self.description) = (namespace, name, title, description)
    (self.labels, self.inputs, self.key, self.vars) = (labels, inputs, key, vars)
    (self.deadline, self.steps, self.scopes) = (deadline, steps, scopes)
    (self.onFailure, self.onCancel, self.finally) = (onFailure, onCancel, finally)
    (self.outputs, self.triggers, self.files) = (outputs, triggers, files)
    (self.identity, self.afterEach) = (identity, afterEach)
  }
}

/// One property of `inputs`.
public struct InputPlan: Sendable {
  public var name: String
  public var schema: JSONSchema
  /// Without one the input is required.
  public var defaultValue: Template?
  /// `x-personal-data: true`.
  public var isPersonal: Bool

  public init(name: String, schema: JSONSchema, defaultValue: Template?, isPersonal: Bool) {
    (self.name, self.schema, self.defaultValue, self.isPersonal) = (name, schema, defaultValue, isPersonal)
  }
}

/// A trigger, checked and stored.
public struct TriggerPlan: Sendable {
  public var name: String
  /// `schedule queue webhook files pipeline`.
  public var kind: String
  public var spec: JSON
  public var condition: BoundExpression?
  /// Members of `inputs:` of the trigger, or one expression for the whole map.
  public var inputs: Template?
  public var idempotencyKey: Template?
  /// `enabled:`, over settings alone; nil: always.
  public var enabled: BoundExpression?
  /// Instead of starting a job.
  public var deliver: DeliverPlan?
  /// Of a trigger `pipeline`.
  public var completion: CompletionPlan?
  /// Of a trigger `queue`: what its messages must agree with.
  public var schema: JSONSchema?

  public init(
    name: String, kind: String, spec: JSON, condition: BoundExpression?, inputs: Template?,
    idempotencyKey: Template?, enabled: BoundExpression? = nil, deliver: DeliverPlan? = nil,
    completion: CompletionPlan? = nil, schema: JSONSchema? = nil
  ) {
    (self.completion, self.schema) = (completion, schema)
    (self.enabled, self.deliver) = (enabled, deliver)
    (self.name, self.kind, self.spec) = (name, kind, spec)
    (self.condition, self.inputs, self.idempotencyKey) = (condition, inputs, idempotencyKey)
  }
}
