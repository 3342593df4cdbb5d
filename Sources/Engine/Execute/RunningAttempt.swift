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

  /// Slots of the node and of its processes that are free. Whoever waits outside takes none of them.
  public var free: Int {
    [ConnectorDescription.Place.node, .process].reduce(0) { $0 + max(0, (slots[$1] ?? 0) - used($1)) }
  }
}

extension Node {
  public var usage: NodeUsage {
    let setting = configuration.setting
    let slots = ConnectorDescription.Place.allCases.map { ($0, setting.slots($0)) }
    return NodeUsage(
      name: setting.name, version: setting.version,
      slots: Dictionary(uniqueKeysWithValues: slots), attempts: runningAttempts)
  }
}
