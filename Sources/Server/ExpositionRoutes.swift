import API
import Access
import Engine
import Model
import Watchdog

/// What a measuring system asks for now and then: counters of this node since it started, and how things
/// stand. Of the namespaces that the caller may see, and of the node itself for who may see all.
struct ExpositionRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .bytes(MetricsCalls.exposition, in: .granted) { _, caller in
        let forms: [Exposition.Form] = [.prometheus, .openMetrics]
        let type = Accepting.form(of: caller.request.accept, among: forms.map(\.mediaType))
        let form = forms.first { $0.mediaType == type } ?? .prometheus
        var response = APIResponse(
          contentType: form.contentType, body: .bytes(try text(form, caller.reach)))
        response.headers.append(("vary", "accept"))
        return response
      }
    ]
  }

  private func text(_ form: Exposition.Form, _ reach: Reach) throws(Problem) -> [UInt8] {
    let node = try backend.writer()
    let counts = node.tally.counts
    let live = try reading { () throws(StoreError) in try backend.readModel.liveCounts(in: nil) }
      .filter { reach.contains($0.pipeline.namespace) }
    var exposition = Exposition(form)
    exposition.family(
      "esteira_build", .info, "The version that runs.", [.init(1, ["version": backend.version.version])])
    Self.addJobs(counts, reach, to: &exposition)
    Self.addLive(live, to: &exposition)
    if reach == .everywhere {
      Self.addSteps(counts, to: &exposition)
      try addNode(node.usage, to: &exposition)
      Self.addEvents(node.tally, to: &exposition)
      let queued = live.filter { [.pending, .queued].contains($0.status) }.reduce(0) { $0 + $1.count }
      let running = live.filter { $0.status == .running }.reduce(0) { $0 + $1.count }
      let names = SourceNames(counts: counts, active: running, queued: queued, usage: node.usage)
      for alias in MetricAlias.allCases where backend.metricAliases.contains(alias) {
        names.add(alias, to: &exposition)
      }
    }
    return exposition.closed()
  }

  private static func addJobs(_ counts: Tally.Counts, _ reach: Reach, to exposition: inout Exposition) {
    let jobs = counts.jobs.filter { reach.contains($0.key.pipeline.namespace) || reach == .everywhere }
    exposition.family(
      "esteira_jobs", .counter, "Jobs that ended.",
      jobs.sorted { $0.key.order < $1.key.order }.map { key, count in
        .init(
          count,
          [
            "namespace": key.pipeline.namespace, "pipeline": key.pipeline.name, "status": key.status.word,
            "trigger_type": key.trigger,
          ])
      })
    let durations = counts.jobDurations.filter { reach.contains($0.key.namespace) || reach == .everywhere }
    exposition.family(
      "esteira_job_duration_seconds", .histogram, unit: "seconds", "How long jobs took that ended.",
      durations.sorted { $0.key.id < $1.key.id }.flatMap { name, durations in
        durations.samples {
          ["namespace": name.namespace, "pipeline": name.name, "le": $0]
        } without: {
          ["namespace": name.namespace, "pipeline": name.name]
        }
      })
  }

  private static func addSteps(_ counts: Tally.Counts, to exposition: inout Exposition) {
    exposition.family(
      "esteira_steps", .counter, "Steps of connectors that ended.",
      counts.steps.sorted { $0.key.order < $1.key.order }.map { key, count in
        .init(count, ["connector": key.connector, "status": key.status.word])
      })
    exposition.family(
      "esteira_step_duration_seconds", .histogram, unit: "seconds", "How long steps of connectors took.",
      counts.stepDurations.sorted { $0.key < $1.key }.flatMap { name, durations in
        durations.samples {
          ["connector": name, "le": $0]
        } without: {
          ["connector": name]
        }
      })
    exposition.family(
      "esteira_errors", .counter, "Steps of connectors that failed, by class of error.",
      counts.shownErrors.map { .init($0.count, ["class": $0.name]) })
  }

  private static func addEvents(_ tally: Tally, to exposition: inout Exposition) {
    let counts = tally.counts.events
    for counter in tally.counters {
      let sets = (counts[counter] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
      exposition.family(
        counter.name, .counter, counter.help,
        sets.map { values, count in .init(count, labels: zip(counter.labels, values).map { $0 }) })
    }
  }

  /// By namespace and status; one of a pipeline would be asked for by lists.
  private static func addLive(_ live: [LiveCount], to exposition: inout Exposition) {
    var sums: [String: [JobStatus: Int]] = [:]
    for count in live {
      sums[count.pipeline.namespace, default: [:]][count.status, default: 0] += count.count
    }
    exposition.family(
      "esteira_live_jobs", .gauge, "Jobs that have not ended.",
      sums.sorted { $0.key < $1.key }.flatMap { namespace, counts in
        JobStatus.allCases.compactMap { status in
          counts[status].map { .init($0, ["namespace": namespace, "status": status.word]) }
        }
      })
  }

  private func addNode(_ usage: NodeUsage, to exposition: inout Exposition) throws(Problem) {
    let places = ConnectorDescription.Place.allCases
    exposition.family(
      "esteira_worker_slots", .gauge, "Steps that may run at once.",
      places.map { .init(usage.slots[$0] ?? 0, ["place": "\($0)"]) })
    exposition.family(
      "esteira_worker_slots_used", .gauge, "Steps that run.",
      places.map { .init(usage.used($0), ["place": "\($0)"]) })
    let (queues, now) = (try QueueRoutes(backend: backend).all(), backend.now())
    let kinds = ["trigger", "jobs", "outbox"].map { kind in (kind, queues.filter { $0.kind == kind }) }
    exposition.family(
      "esteira_queue_depth", .gauge, "What waits: before triggers, for a place to run, and to leave.",
      kinds.map { kind, queues in .init(queues.reduce(0) { $0 + $1.waiting }, ["kind": kind]) })
    exposition.family(
      "esteira_queue_oldest_seconds", .gauge, unit: "seconds", "For how long the oldest of it has waited.",
      kinds.map { kind, queues in
        let oldest = queues.compactMap(\.oldestAt).min()
        let age = oldest.map { max(.zero, now - $0) } ?? .zero
        return .init(Double(age.microseconds) / 1_000_000, ["kind": kind])
      })
    guard let watcher = backend.watcher else { return }
    let open = try watcher.alerts([.firing, .acknowledged], limit: Self.mostAlerts)
    exposition.family(
      "esteira_alerts_open", .gauge, "Alerts that are not resolved; at most \(Self.mostAlerts) are counted.",
      [.init(open.count)])
  }

  private static let mostAlerts = 1_000
}
