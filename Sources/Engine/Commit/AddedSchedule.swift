public import Model
public import Pipelines

/// A schedule that stands beside its pipeline's file: a call made it, and no new revision takes it away.
/// Where the file has a trigger of the same name, that one counts as long as it is there.
public struct AddedSchedule: Sendable, Hashable {
  public var pipeline: PipelineName
  public var name: String
  /// The map below `schedule:`, as a file would have it.
  public var spec: JSON
  /// What each job is given, as it stands here.
  public var inputs: JSONObject
  /// From 1; each change adds one.
  public var version: Int
  public var createdAt: Timestamp
  public var createdBy: String
  public var updatedAt: Timestamp
  public var updatedBy: String

  /// Of one pipeline.
  public static let most = 100

  public init(
    pipeline: PipelineName, name: String, spec: JSON, inputs: JSONObject, version: Int = 1,
    createdAt: Timestamp, createdBy: String, updatedAt: Timestamp, updatedBy: String
  ) {
    (self.pipeline, self.name, self.spec, self.inputs) = (pipeline, name, spec, inputs)
    (self.version, self.createdAt, self.createdBy) = (version, createdAt, createdBy)
    (self.updatedAt, self.updatedBy) = (updatedAt, updatedBy)
  }

  /// As a file would have it.
  public var trigger: TriggerPlan {
    TriggerPlan(
      name: name, kind: TriggerMessageRow.scheduleKind, spec: spec, condition: nil,
      inputs: inputs.members.isEmpty ? nil : .literal(.object(inputs)), idempotencyKey: nil)
  }
}

/// What is asked about them.
public protocol AddedScheduleReader: Sendable {
  /// By pipeline and name; of one namespace, or of all.
  func addedSchedules(in namespace: String?) throws(StoreError) -> [AddedSchedule]
  func addedSchedules(of pipeline: PipelineName) throws(StoreError) -> [AddedSchedule]
}
