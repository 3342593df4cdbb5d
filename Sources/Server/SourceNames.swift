public import Engine
import Model

/// Names that other systems gave to the same numbers, for their dashboards; shown where they are switched on.
public enum MetricAlias: String, Sendable, Hashable, CaseIterable {
  case etl, cursor

  /// What pipelines tell by events, under the source's names.
  public var counters: [EventCounter] {
    switch self {
    case .etl: []
    case .cursor:
      [
        EventCounter(
          "cursor_sources_executed", help: "Sources that were run, by what ran them.",
          event: "source_execution_complete", labels: ["handler_id"]),
        EventCounter(
          "cursor_documents_processed", help: "Documents of ingests that ended.",
          event: "daily_ingest_complete", add: "documents_count"),
      ]
    }
  }
}

/// The names of the source systems, with their buckets.
struct SourceNames {
  var counts: Tally.Counts
  var active: Int
  var queued: Int
  var usage: NodeUsage
  private static let jobBounds: Set<Double> = [60, 300, 600, 1_800, 3_600, 7_200]
  private static let stepBounds: Set<Double> = [10, 30, 60, 300, 600, 1_800]

  func add(_ alias: MetricAlias, to exposition: inout Exposition) {
    switch alias {
    case .etl: addETL(to: &exposition)
    case .cursor: addCursor(to: &exposition)
    }
  }

  private func addETL(to exposition: inout Exposition) {
    exposition.family(
      "etl_jobs", .counter, "Jobs that ended.",
      counts.jobs.sorted { $0.key.order < $1.key.order }.map { key, count in
        .init(
          count,
          [
            "pipeline": key.pipeline.shown, "status": key.status.word, "trigger_type": key.trigger,
          ])
      })
    exposition.family(
      "etl_steps", .counter, "Steps of connectors that ended.",
      counts.steps.sorted { $0.key.order < $1.key.order }.map { key, count in
        .init(count, ["connector": key.connector, "status": key.status.word])
      })
    addDurations("etl_job_duration_seconds", to: &exposition)
    exposition.family(
      "etl_step_duration_seconds", .histogram, unit: "seconds", "How long steps of connectors took.",
      counts.stepDurations.sorted { $0.key < $1.key }.flatMap { name, durations in
        durations.samples(Self.stepBounds) {
          ["connector": name, "le": $0]
        } without: {
          ["connector": name]
        }
      })
    exposition.family("etl_active_jobs", .gauge, "Jobs that run.", [.init(active)])
    exposition.family("etl_queue_depth", .gauge, "Jobs that have not begun.", [.init(queued)])
    exposition.family(
      "etl_workers_available", .gauge, "Places for steps that are free.",
      [.init(usage.free)])
  }

  /// A message is processed when the job that it started has ended.
  private func addCursor(to exposition: inout Exposition) {
    let messages = counts.jobs.filter { $0.key.trigger == "queue" }
    exposition.family(
      "cursor_messages_processed", .counter, "Jobs of messages that ended.",
      messages.sorted { $0.key.order < $1.key.order }.map { key, count in
        .init(count, ["pipeline": key.pipeline.shown, "status": key.status.word])
      })
    addDurations("cursor_processing_duration_seconds", to: &exposition)
    exposition.family(
      "cursor_errors", .counter, "Steps of connectors that failed, by class of error.",
      counts.shownErrors.map { .init($0.count, ["type": $0.name]) })
  }

  private func addDurations(_ name: String, to exposition: inout Exposition) {
    exposition.family(
      name, .histogram, unit: "seconds", "How long jobs took that ended.",
      counts.jobDurations.sorted { $0.key.id < $1.key.id }.flatMap { name, durations in
        durations.samples(Self.jobBounds) {
          ["pipeline": name.shown, "le": $0]
        } without: {
          ["pipeline": name.shown]
        }
      })
  }
}

extension Tally.Counts {
  /// In the order of their names.
  var shownErrors: [(name: String, count: Int)] {
    errors.map { ($0.key.rawValue, $0.value) }.sorted { $0.0 < $1.0 }
  }
}

extension Tally.Durations {
  /// Buckets that each hold those before it, the sum and the count. `only`: of these bounds; nil: of all.
  func samples(
    _ only: Set<Double>? = nil, _ bucket: (String) -> KeyValuePairs<String, String>,
    without: () -> KeyValuePairs<String, String>
  ) -> [Exposition.Sample] {
    var (samples, sum): ([Exposition.Sample], Int) = ([], 0)
    for (bound, count) in zip(bounds, counts) {
      sum += count
      if only?.contains(bound) ?? true { samples.append(.init(sum, bucket("\(bound)"), suffix: "_bucket")) }
    }
    samples.append(.init(count, bucket("+Inf"), suffix: "_bucket"))
    return samples + [.init(self.sum, without(), suffix: "_sum"), .init(count, without(), suffix: "_count")]
  }
}

extension Tally.Jobs {
  var order: String { "\(pipeline.id)~\(status.word)~\(trigger)" }
}

extension Tally.Steps {
  var order: String { "\(connector)~\(status.word)" }
}

extension PipelineName {
  /// Empty where there were more names than are kept.
  fileprivate var shown: String { self == Tally.others ? "" : "\(self)" }
}
