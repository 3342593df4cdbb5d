public import Model
internal import Pipelines

/// Which queue a trigger reads, and how: the map below `queue:`.
public struct QueueTriggerSpec: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// Of Redis; messages are taken from its left end, or from its right one.
    case list(String, takesLeft: Bool)
    /// Of Redis, as a member of this group of consumers.
    case stream(String, group: String)
    /// Of Kafka, as a member of this group of consumers.
    case topic(String, group: String)
    /// Of RabbitMQ, Cloudflare or SQS, as the connection says.
    case queue(String)

    public var name: String {
      switch self {
      case .list(let name, _), .stream(let name, _), .topic(let name, _), .queue(let name): name
      }
    }
  }

  public var connection: String
  public var source: Source
  /// Where at the broker what cannot be read goes, beside the dead letters here.
  public var deadLetter: String?
  /// Messages that are in hand at once.
  public var prefetch: Int
  /// After so long without a sign of its reader, its messages are somebody else's.
  public var visibility: Duration
  /// What no trigger of the queue wants is let go, and is no dead letter.
  public var dropsUnwanted: Bool

  public static let defaultPrefetch = 16
  public static let defaultVisibility = Duration.seconds(60)
  public static let defaultGroup = "esteira"

  public init(
    connection: String, source: Source, deadLetter: String? = nil, prefetch: Int = defaultPrefetch,
    visibility: Duration = defaultVisibility, dropsUnwanted: Bool = false
  ) {
    (self.connection, self.source, self.deadLetter) = (connection, source, deadLetter)
    (self.prefetch, self.visibility, self.dropsUnwanted) = (prefetch, visibility, dropsUnwanted)
  }

  /// Nil for a map that the reader of the file would have refused.
  public init?(spec: JSON) {
    guard let connection = spec["connection"]?.string, let source = Self.source(spec) else { return nil }
    let prefetch = spec["prefetch"]?.int ?? spec["batch_size"]?.int ?? Int64(Self.defaultPrefetch)
    guard QueueLimits.prefetch.contains(prefetch) else { return nil }
    let text = spec["visibility"]?.string
    let visibility = text.map { Duration(text: $0) } ?? Self.defaultVisibility
    guard let visibility, QueueLimits.visibility.contains(visibility) else { return nil }
    self.init(
      connection: connection, source: source, deadLetter: spec["dead_letter"]?.string,
      prefetch: Int(min(prefetch, spec["batch_size"]?.int ?? prefetch)), visibility: visibility,
      dropsUnwanted: spec["unwanted"]?.string == "drop")
  }

  private static func source(_ spec: JSON) -> Source? {
    let group = spec["group"]?.string ?? defaultGroup
    let names = ["list", "stream", "topic", "queue"].filter { spec[$0] != nil }
    guard names.count == 1, let kind = names.first, let name = spec[kind]?.string else { return nil }
    return switch kind {
    case "list": .list(name, takesLeft: spec["take"]?.string != "right")
    case "stream": .stream(name, group: group)
    case "topic": .topic(name, group: group)
    case _: .queue(name)
    }
  }
}

/// What a trigger does with a message that a limit with `when_full: skip` turns away (S25).
enum FullRule: String {
  /// A row says so.
  case skip
  case deadLetter = "dead_letter"
  /// It is tried again until there is room.
  case requeue

  init(_ entry: TriggerBook.Entry?) {
    let word =
      entry?.trigger.kind == TriggerMessageRow.queueKind ? entry?.trigger.spec["when_full"]?.string : nil
    self = word.flatMap(FullRule.init(rawValue:)) ?? .skip
  }
}
