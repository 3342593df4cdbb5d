import Engine
import Model

/// What one can subscribe to.
enum HubTopic: Sendable, Hashable {
  case job(ID<Job>)
  case logs(ID<Job>)
  case pipeline(namespace: ScalarString, name: ScalarString)
  case namespace(ScalarString)
  /// All of them must stand on the job.
  case labels([Label])
  case global
  case asks
  /// Beside the changes of a job the lines of its log, under the name of the job's channel.
  case lines(ID<Job>)
  case rows(HubRows)

  struct Label: Sendable, Hashable {
    var name: ScalarString
    var value: ScalarString
  }

  /// Nil: there is no such channel.
  init?(_ text: String) {
    guard text.utf8.count <= HubLimits.name else { return nil }
    let parts = text.cut(at: ":", most: 2)
    let rest = parts.count == 2 ? parts[1] : nil
    switch (parts[0], rest) {
    case ("global", nil): self = .global
    case ("asks", "me"?): self = .asks
    case ("queues", nil): self = .rows(.queues)
    case ("workers", nil): self = .rows(.workers)
    case ("alerts", nil): self = .rows(.alerts)
    case ("operation", let id?) where !id.isEmpty: self = .rows(.operation(id))
    case ("job", let id?):
      guard let id = ID<Job>(id) else { return nil }
      self = .job(id)
    case ("logs", let id?):
      guard let id = ID<Job>(id) else { return nil }
      self = .logs(id)
    case ("namespace", let name?) where !name.isEmpty: self = .namespace(ScalarString(name))
    case ("pipeline", let name?):
      let halves = name.cut(at: "~", most: 2)
      guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty }) else { return nil }
      self = .pipeline(namespace: ScalarString(halves[0]), name: ScalarString(halves[1]))
    case ("label", let conditions?):
      guard let labels = Self.labels(conditions) else { return nil }
      self = .labels(labels)
    case _: return nil
    }
  }

  private static func labels(_ text: String) -> [Label]? {
    var labels: [Label] = []
    for condition in text.cut(at: ",") {
      let halves = condition.cut(at: "=", most: 2)
      guard halves.count == 2, !halves[0].isEmpty, labels.count < HubLimits.labels else { return nil }
      labels.append(
        Label(name: ScalarString(halves[0]), value: ScalarString(halves[1])))
    }
    return labels
  }

  /// As it stands in every message of the channel.
  var name: String {
    switch self {
    case .job(let id), .lines(let id): "job:\(id)"
    case .logs(let id): "logs:\(id)"
    case .pipeline(let namespace, let name): "pipeline:\(namespace.string)~\(name.string)"
    case .namespace(let name): "namespace:\(name.string)"
    case .labels(let labels):
      "label:" + labels.map { "\($0.name.string)=\($0.value.string)" }.joined(separator: ",")
    case .global: "global"
    case .asks: "asks:me"
    case .rows(let rows): rows.name
    }
  }

  var isLines: Bool {
    switch self {
    case .lines: true
    case .job, .logs, .pipeline, .namespace, .labels, .global, .asks, .rows: false
    }
  }

  /// Whether it follows the node's feed.
  var isFed: Bool {
    switch self {
    case .job, .pipeline, .namespace, .labels, .global, .asks: true
    case .logs, .lines, .rows: false
    }
  }

  /// Whether an entry of the feed belongs to it.
  func takes(_ entry: Feed.Entry) -> Bool {
    switch self {
    case .job(let id): entry.job.id == id
    case .pipeline(let namespace, let name):
      namespace == ScalarString(entry.job.pipeline.namespace) && name == ScalarString(entry.job.pipeline.name)
    case .labels(let labels):
      labels.allSatisfy { label in
        entry.job.labels.contains {
          ScalarString($0.name) == label.name && ScalarString($0.value) == label.value
        }
      }
    case .namespace(let name): name == ScalarString(entry.job.pipeline.namespace) && entry.isAboutJob
    case .global: entry.isAboutJob
    case .asks: entry.isAboutAsk
    case .logs, .lines, .rows: false
    }
  }
}

extension Feed.Entry {
  /// Whether it concerns the job as a whole: what those who watch many jobs are told.
  fileprivate var isAboutJob: Bool {
    switch news {
    case .emitted: return true
    case .change(let change):
      switch change.kind {
      case .job, .ended, .ask: return true
      case .step, .progress, .failed: return false
      }
    }
  }

  fileprivate var isAboutAsk: Bool {
    guard case .change(let change) = news, case .ask = change.kind else { return false }
    return true
  }
}
