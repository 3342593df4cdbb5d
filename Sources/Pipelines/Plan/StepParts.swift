public import Model

/// `wait:`: nothing runs until a time has come or a message is there. The output is `{at}`, the moment as RFC
/// 3339 text, or of a signal its payload.
public enum WaitPlan: Sendable {
  case pause(Timing)
  /// A time stamp, or its RFC 3339 text; one that has passed waits no time.
  case until(BoundExpression)
  case signal(SignalPlan)
}

public struct SignalPlan: Sendable {
  public var name: Template
  /// Text; nil: the empty key.
  public var key: Template?
  /// What the payload must agree with; another ends the step with class `data`.
  public var schema: JSONSchema?
  /// It is given a copy of each signal that comes while it waits, and takes none that came before.
  public var broadcast: Bool

  public init(name: Template, key: Template?, schema: JSONSchema?, broadcast: Bool) {
    (self.name, self.key, self.schema, self.broadcast) = (name, key, schema, broadcast)
  }
}

/// `call:`: a sub-job. `output` of the step is its `outputs`.
public struct SubJobPlan: Sendable {
  /// Always literal; without a namespace it is that of the caller.
  public var namespace: String
  public var pipeline: String
  public var inputs: Template
  /// Nil: the newest at the admission of the calling job.
  public var revision: Int?
  /// The step ends with the start of the sub-job, whose end and cancel are its own affair.
  public var detach: Bool

  public init(namespace: String, pipeline: String, inputs: Template, revision: Int?, detach: Bool) {
    (self.namespace, self.pipeline, self.inputs) = (namespace, pipeline, inputs)
    (self.revision, self.detach) = (revision, detach)
  }
}

/// `end:`: closes the job early, from wherever the step stands.
public struct EndPlan: Sendable {
  /// `success`, `partial`, `failed` or `cancelled`.
  public var status: JobStatus
  /// The class of `job.error` where the status is `failed`.
  public var errorClass: ErrorClass
  public var message: Template?
  /// Take the place of the file's `outputs`.
  public var outputs: Template?

  public init(status: JobStatus, errorClass: ErrorClass, message: Template?, outputs: Template?) {
    (self.status, self.errorClass, self.message, self.outputs) = (status, errorClass, message, outputs)
  }
}

/// `rescue:`: another step, whose output becomes that of the step which failed. It sees the item of that step
/// and how it failed (`steps.x.error`), and stands outside its rounds.
public struct RescuePlan: Sendable {
  /// The failures that it is for; the file without `classes` means all but `cancelled`.
  public var classes: Set<ErrorClass>
  /// A scope of one step, named `rescue`.
  public var scope: Int
  public init(classes: Set<ErrorClass>, scope: Int) { (self.classes, self.scope) = (classes, scope) }
}

/// Handlers of a group: numbers of scopes. Their steps see the children of the group, its item and how it
/// ended (`steps.x.status`, `steps.x.error`).
public struct HandlersPlan: Sendable, Hashable {
  public var onFailure: Int?
  public var onCancel: Int?
  public var finally: Int?
  public static let none = HandlersPlan(onFailure: nil, onCancel: nil, finally: nil)
  public init(onFailure: Int?, onCancel: Int?, finally: Int?) {
    (self.onFailure, self.onCancel, self.finally) = (onFailure, onCancel, finally)
  }
}

/// Where an attempt runs. This build has the node itself and child processes.
public struct IsolationPlan: Sendable {
  /// `node`, `process`, `container` or `kubernetes`.
  public var place: String
  /// All of it, as the file says it.
  public var spec: JSON
  public init(place: String, spec: JSON) { (self.place, self.spec) = (place, spec) }
}
