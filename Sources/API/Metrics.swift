public import Model

/// Endpoints that sum up how work goes, out of what the store holds.
public enum MetricsCalls {
  public static let summary = Endpoint<MetricsQuery, MetricsSummary>(
    .get, "/metrics/summary", .needs("metrics", "read"),
    "Jobs an hour, how many succeed and how long they take, what waits, and why jobs fail.")
  public static let exposition = BytesEndpoint<Nothing>(
    "/metrics", .needs("metrics", "read"),
    "Numbers for Prometheus, as its text or as OpenMetrics; also at /metrics without /api/v1.")
  public static let pipeline = Endpoint<PipelineMetricsQuery, PipelineMetrics>(
    .get, "/metrics/pipelines/{id}", .needs("metrics", "read"), "The same of one pipeline.")
  public static let connector = Endpoint<ConnectorMetricsQuery, ConnectorMetrics>(
    .get, "/metrics/connectors/{name}", .needs("metrics", "read"),
    "How long the newest steps of a connector took, and why they failed.")
}

public struct MetricsQuery: Wire, Hashable {
  /// Nil: a day ago.
  public var since: Timestamp?
  public var namespace: String?
  public init(since: Timestamp? = nil, namespace: String? = nil) {
    (self.since, self.namespace) = (since, namespace)
  }

  static let since = Schema.Member(
    "since", .time, required: false, "The window's begin, at most 31 days ago; a day ago without it.")

  public static let schema = Schema.request(
    [since, .namespace], name: "MetricsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (since, namespace) = (try fields.optionalTime("since"), try fields.optionalText("namespace"))
  }

  public var json: JSON { members(["since": since?.wire, "namespace": namespace?.wire]) }
}

public struct PipelineMetricsQuery: Wire, Hashable {
  /// `namespace~name`.
  public var id: String
  public var since: Timestamp?
  public init(id: String, since: Timestamp? = nil) { (self.id, self.since) = (id, since) }

  public static let schema = Schema.request(
    [.id, MetricsQuery.since],
    name: "PipelineMetricsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, since) = (try fields.text("id"), try fields.optionalTime("since"))
  }

  public var json: JSON { members(["id": id.wire, "since": since?.wire]) }
}

public struct ConnectorMetricsQuery: Wire, Hashable {
  public var name: String
  public var since: Timestamp?
  public var namespace: String?
  public init(name: String, since: Timestamp? = nil, namespace: String? = nil) {
    (self.name, self.since, self.namespace) = (name, since, namespace)
  }

  public static let schema = Schema.request(
    [
      ConnectorPath.name, MetricsQuery.since, .namespace,
    ], name: "ConnectorMetricsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, since) = (try fields.text("name"), try fields.optionalTime("since"))
    namespace = try fields.optionalText("namespace")
  }

  public var json: JSON {
    members(["name": name.wire, "since": since?.wire, "namespace": namespace?.wire])
  }
}

/// How long things took, of those that have a begin and an end.
public struct DurationSummary: Wire, Hashable {
  public var count: Int
  /// In milliseconds; nil where there is nothing.
  public var mean: Int64?
  public var p95: Int64?
  public init(count: Int, mean: Int64?, p95: Int64?) {
    (self.count, self.mean, self.p95) = (count, mean, p95)
  }

  public static let schema = Schema.object(
    [
      .init("count", .count, "How many were measured."),
      .optional("mean_ms", .count), .optional("p95_ms", .count),
    ], name: "DurationSummary")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    count = try fields.int("count")
    (mean, p95) = (try fields.optionalInteger("mean_ms"), try fields.optionalInteger("p95_ms"))
  }

  public var json: JSON {
    members([
      "count": count.wire, "mean_ms": mean.map { .int($0) }, "p95_ms": p95.map { .int($0) },
    ])
  }
}

/// A stretch of a series.
public struct SeriesItem: Wire, Hashable {
  /// Its begin.
  public var at: Timestamp
  /// Made in it; of a connector, begun in it.
  public var started: Int
  /// Of those: how many ended well, and how many did not.
  public var succeeded: Int
  public var failed: Int

  public init(at: Timestamp, started: Int = 0, succeeded: Int = 0, failed: Int = 0) {
    (self.at, self.started, self.succeeded, self.failed) = (at, started, succeeded, failed)
  }

  public static let schema = Schema.object(
    [
      .init("at", .time, "The stretch's begin."), .init("started", .count),
      .init("succeeded", .count, "Of those."), .init("failed", .count, "Of those."),
    ], name: "SeriesItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    at = try fields.time("at")
    started = try fields.int("started")
    (succeeded, failed) = (try fields.int("succeeded"), try fields.int("failed"))
  }

  public var json: JSON {
    members([
      "at": at.wire, "started": started.wire, "succeeded": succeeded.wire, "failed": failed.wire,
    ])
  }
}
