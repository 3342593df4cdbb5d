public import Model

/// A trigger `pipeline:` what the ends of other pipelines' jobs start.
public struct CompletionPlan: Sendable {
  /// Of the own namespace; one, or those that a join waits for.
  public var sources: [String]
  /// The ends that count.
  public var statuses: [JobStatus]
  /// Only of a join: which ends belong together.
  public var join: Join?

  public struct Join: Sendable {
    /// Text over `trigger.job` of one of the ends, such as its date.
    public var key: Template
    /// How long the first waits for the last. What has not come together by then is a dead letter.
    public var within: Duration
    public init(key: Template, within: Duration) { (self.key, self.within) = (key, within) }
  }

  public static let defaultStatuses: [JobStatus] = [.success, .partial]
  public static let defaultWithin = Duration.seconds(86_400)
  public static let longestWithin = Duration.seconds(366 * 86_400)
  /// Pipelines of one join.
  public static let mostSources = 20

  public init(sources: [String], statuses: [JobStatus], join: Join? = nil) {
    (self.sources, self.statuses, self.join) = (sources, statuses, join)
  }
}
