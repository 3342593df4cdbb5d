public import Model
internal import Pipelines

/// An attempt that occupies a place of the node.
public struct RunningAttempt: Sendable, Hashable {
  public var job: ID<Job>
  public var pipeline: PipelineName
  public var connector: String
  public var place: ConnectorDescription.Place

  init(_ work: Executor.Work) {
    (job, pipeline) = (work.id, work.pipeline)
    (connector, place) = (work.call.connector.name, work.call.connector.place)
  }
}

/// How much of a node is in use. Work that needs no task of its own is over before anybody could see it.
public struct NodeUsage: Sendable, Hashable {
  public var name: String
  public var version: String
  /// Attempts at once, by place.
  public var slots: [ConnectorDescription.Place: Int]
  public var attempts: [RunningAttempt]

  public func used(_ place: ConnectorDescription.Place) -> Int { attempts.count { $0.place == place } }
}

extension Node {
  public var usage: NodeUsage {
    let setting = configuration.setting
    return NodeUsage(
      name: setting.name, version: setting.version,
      slots: [.node: setting.nodeSlots, .process: setting.processSlots], attempts: runningAttempts)
  }
}
