public import Model

/// What stays, whatever the rules of retention say: a job, all jobs of a pipeline, or all of a namespace.
public struct Hold: Sendable, Hashable, Identifiable {
  /// How many there may be at a time.
  public static let most = 1_000

  public enum Subject: Sendable, Hashable {
    case namespace
    case pipeline(String)
    case job(ID<Job>)
  }

  public var id: ID<Hold>
  public var namespace: String
  public var subject: Subject
  public var reason: String
  public var by: String
  public var at: Timestamp

  public init(
    id: ID<Hold>, namespace: String, subject: Subject, reason: String, by: String, at: Timestamp
  ) {
    (self.id, self.namespace, self.subject) = (id, namespace, subject)
    (self.reason, self.by, self.at) = (reason, by, at)
  }

  /// Whether a job of this pipeline stays. Nil: something of the pipeline that belongs to no job; and of no
  /// pipeline either, something of the namespace.
  public func holds(_ job: ID<Job>?, of pipeline: String?, in namespace: String) -> Bool {
    guard ScalarString(namespace) == ScalarString(self.namespace) else { return false }
    return switch subject {
    case .namespace: true
    case .pipeline(let name): pipeline.map { ScalarString($0) == ScalarString(name) } ?? false
    case .job(let id): id == job
    }
  }
}

/// What people say of a namespace beside what stands in it: with it the namespace is there though empty.
public struct NamespaceRecord: Sendable, Hashable {
  public var name: String
  public var title: String
  public var summary: String
  public var by: String
  public var at: Timestamp
  public init(name: String, title: String, summary: String, by: String, at: Timestamp) {
    (self.name, self.title, self.summary) = (name, title, summary)
    (self.by, self.at) = (by, at)
  }
}
