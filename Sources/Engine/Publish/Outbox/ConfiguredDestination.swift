internal import Model

/// A destination as the operator set it up: what it is told of, how often it is tried, and what delivers.
public struct ConfiguredDestination: Sendable {
  public enum Ordering: String, Sendable, Hashable, CaseIterable {
    /// A message that ran out makes way for the next of its lane.
    case lane
    /// A message that ran out keeps its lane closed until a person replays or discards it.
    case strict
  }

  /// Unique in the installation.
  public var name: String
  /// Nil: it is told of all namespaces.
  public var namespace: String?
  /// Such as `webhook`; for people.
  public var kind: String
  /// Where it leads, for people and without secrets.
  public var address: String
  /// As they were written.
  public var patterns: [String]
  public var events: EventTypes
  /// Empty: of all pipelines. What belongs to no pipeline is told only where this is empty.
  public var pipelines: [PipelinePattern]
  public var ordering: Ordering
  public var plan: DeliveryPlan
  public var receiver: any Destination
  /// What a call made; nil of one that stands in the file.
  public var added: AddedDestination?

  /// Destinations of one node.
  public static let most = 100
  public static let longestName = 64

  public init(
    name: String, namespace: String? = nil, kind: String, address: String = "", events: [String],
    pipelines: [PipelinePattern] = [], ordering: Ordering = .lane, plan: DeliveryPlan = .internal,
    receiver: any Destination
  ) {
    (self.name, self.namespace, self.kind, self.address) = (name, namespace, kind, address)
    (patterns, self.pipelines, self.ordering) = (events, pipelines, ordering)
    self.events = events.reduce(into: []) { $0.formUnion(EventType.matching($1)) }
    (self.plan, self.receiver) = (plan, receiver)
  }

  /// What of this pipeline it is told; of nil, what belongs to none.
  public func types(of pipeline: PipelineName?, in namespace: String) -> EventTypes {
    if let own = self.namespace, ScalarString(own) != ScalarString(namespace) { return [] }
    if pipelines.isEmpty { return events }
    guard let pipeline else { return [] }
    return pipelines.contains { $0.matches(pipeline) } ? events : []
  }
}

/// `name`, `namespace/name`, or one of the two with `*` for any characters of the name.
public struct PipelinePattern: Sendable, Hashable {
  public let text: String
  private let namespace: String?
  private let name: NamePattern

  /// Nil where no pipeline can match it.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), let last = parts.last, let name = NamePattern(last) else {
      return nil
    }
    if parts.count == 2, parts[0].isEmpty || parts[0] == "*" { return nil }
    (self.text, self.name, namespace) = (text, name, parts.count == 2 ? parts[0] : nil)
  }

  func matches(_ pipeline: PipelineName) -> Bool {
    if let namespace, ScalarString(namespace) != ScalarString(pipeline.namespace) { return false }
    return name.matches(pipeline.name)
  }
}

/// The pauses between the tries of a message (S32).
public struct DeliveryPlan: Sendable, Hashable {
  /// One fewer than there are tries.
  public var pauses: [Duration]
  public init(pauses: [Duration]) { self.pauses = pauses }

  /// So many tries, with pauses that double up to the longest.
  public init(tries: Int, first: Duration, longest: Duration) {
    var (pauses, pause): ([Duration], Duration) = ([], first)
    for _ in 1..<max(1, tries) {
      pauses.append(min(pause, longest))
      pause = min(pause, longest) * 2
    }
    self.pauses = pauses
  }

  public var tries: Int { pauses.count + 1 }

  /// 10 tries over about three days, as Standard Webhooks proposes.
  public static let webhook = DeliveryPlan(
    pauses: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map { Duration.seconds($0) })
  /// 5 tries over about 10 minutes.
  public static let `internal` = DeliveryPlan(pauses: [5, 30, 120, 450].map { Duration.seconds($0) })

  public static let mostTries = 20
  /// Of a pause, and of what a receiver may ask for.
  public static let longestPause = Duration.seconds(86_400)
  /// Up to this part of a pause is added by chance, so that many messages do not come back at once.
  static let jitter = 0.2

  /// How long to wait after so many tries; nil where there is none left. `chance` is from 0 to 1.
  func pause(after tries: Int, asked: Duration?, chance: Double) -> Duration? {
    guard tries < self.tries else { return nil }
    let own = pauses[max(0, tries - 1)] * (1 + Self.jitter * chance)
    return max(own, min(asked ?? .zero, Self.longestPause))
  }
}
