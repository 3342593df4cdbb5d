public import Model

/// What a job's row says of how it went.
public struct JobMeasure: Sendable, Hashable {
  public var createdAt: Timestamp
  public var startedAt: Timestamp?
  public var completedAt: Timestamp?
  public var status: JobStatus
  public var errorClass: ErrorClass?

  public init(
    createdAt: Timestamp, startedAt: Timestamp?, completedAt: Timestamp?, status: JobStatus,
    errorClass: ErrorClass?
  ) {
    (self.createdAt, self.startedAt, self.completedAt) = (createdAt, startedAt, completedAt)
    (self.status, self.errorClass) = (status, errorClass)
  }
}

/// Which jobs are measured.
public struct MeasureFilter: Sendable, Hashable {
  public var namespace: String?
  /// The name within `namespace`.
  public var pipeline: String?
  /// Jobs that were made from here on.
  public var since: Timestamp
  public init(namespace: String? = nil, pipeline: String? = nil, since: Timestamp) {
    (self.namespace, self.pipeline, self.since) = (namespace, pipeline, since)
  }
}

/// Live jobs of a pipeline that have one status.
public struct LiveCount: Sendable, Hashable {
  public var pipeline: PipelineName
  public var status: JobStatus
  public var count: Int
  /// When the first of them was made.
  public var oldestAt: Timestamp
  public init(pipeline: PipelineName, status: JobStatus, count: Int, oldestAt: Timestamp) {
    (self.pipeline, self.status, self.count, self.oldestAt) = (pipeline, status, count, oldestAt)
  }
}

/// What lies before a trigger.
public struct LineCount: Sendable, Hashable {
  public var pipeline: PipelineName
  public var trigger: String
  public var kind: String
  public var count: Int
  /// When the first of it came.
  public var oldestAt: Timestamp
  public init(pipeline: PipelineName, trigger: String, kind: String, count: Int, oldestAt: Timestamp) {
    (self.pipeline, self.trigger, self.kind) = (pipeline, trigger, kind)
    (self.count, self.oldestAt) = (count, oldestAt)
  }
}

/// What is asked about how work goes. No answer looks at more rows than its limit or its window says.
public protocol MeasureReader: Sendable {
  /// Newest first.
  func measures(_ filter: MeasureFilter, limit: Int) throws(StoreError) -> [JobMeasure]
  /// By pipeline and status; of one namespace, or of all.
  func liveCounts(in namespace: String?) throws(StoreError) -> [LiveCount]
  /// By pipeline, trigger and kind; of one namespace, or of all.
  func lineCounts(in namespace: String?) throws(StoreError) -> [LineCount]
  /// Of all namespaces in which anything is stored that people put there, by name.
  func namespaces() throws(StoreError) -> [String]
}
