internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// Turns a request into a job that needs only its place in the store.
struct Preparation {
  let configuration: NodeConfiguration
  let request: JobRequest
  /// Nil: nobody's sub-job.
  let origin: CallOrigin?

  init(_ configuration: NodeConfiguration, _ request: JobRequest, calledBy origin: CallOrigin? = nil) {
    (self.configuration, self.request, self.origin) = (configuration, request, origin)
  }

  func prepare() throws(Problem) -> PreparedJob {
    let (record, stored) = try read()
    let plan = try configuration.plan(record)
    let now = configuration.clock.now
    var generator = ByteGenerator(bytes: configuration.random)
    let id = ID<Job>.generate(at: now, using: &generator)
    let admitted = try Admission(
      plan: plan, request: request, revision: record.number, id: id, settings: request.settings ?? stored,
      now: now, random: RandomSource(take: configuration.random), origin: origin
    ).admit()
    let key = SymmetricKey.generate()
    var prepared = PreparedJob(
      id: id, pipeline: record.pipeline, revision: record.number, plan: plan, key: admitted.key,
      context: admitted.context,
      triggerType: request.origin?.kind ?? (origin == nil ? "manual" : "call"),
      triggerID: admitted.triggerID, actor: request.actor,
      idempotencyKey: admitted.idempotencyKey, requestHash: requestHash, dataKey: key,
      wrappedKey: configuration.wrap(key), identity: admitted.identity)
    prepared.subjects = try NamedSubject.all(of: plan, in: admitted.context)
    if let fired = request.origin {
      // Whatever the trigger's key says is the same is the same, also where the message reads otherwise.
      prepared.isKeyTrusted = true
      if let backfill = fired.backfill {
        prepared.triggerID = "\(fired.name)/\(backfill)"
        if plan.identity.priority == nil {
          prepared.identity.priority = BackfillRow.priority
          prepared.context = prepared.context.with("priority", .int(Int64(BackfillRow.priority)))
        }
      }
      if !fired.lineage.isEmpty { prepared.context = prepared.context.with("lineage", .array(fired.lineage)) }
    }
    if let calls = try calls(of: plan) { prepared.context = prepared.context.with("calls", calls) }
    if let origin {
      prepared.context = prepared.context.with("parent", origin.parent)
        .with("lineage", .array(origin.lineage))
      prepared.identity.inherit(origin, plan.identity)
      prepared.context = prepared.identity.pinned(in: prepared.context)
    }
    if !request.update.isEmpty {
      prepared.identity = try Self.updated(prepared.identity, request.update, request.pipeline)
      prepared.context = prepared.identity.pinned(in: prepared.context)
        .with("labels", prepared.identity.labelsJSON)
    }
    if let trace = trace { prepared.context = prepared.context.with("trace", .string(trace.header)) }
    if let runAt = request.runAt, runAt > now {
      prepared.context = prepared.context.with("run_at", .string(runAt.rfc3339))
    }
    if origin == nil { prepared.pause = try pause(now) }
    return prepared
  }

  /// That of the request; of a webhook the header that came with it; of a sub-job its caller's.
  private var trace: TraceParent? {
    if let trace = request.trace ?? origin?.trace { return trace }
    guard let fired = request.origin, fired.kind == TriggerMessageRow.hookKind else { return nil }
    // One that came twice is one text with a comma, which is none.
    return fired.members["headers"]?["traceparent"]?.string.flatMap { TraceParent(header: $0) }
  }

  /// With what a start or a rerun says in place of the file, or of the earlier job.
  static func updated(
    _ identity: JobIdentity, _ update: JobUpdate, _ pipeline: PipelineName
  ) throws(Problem) -> JobIdentity {
    let labels = update.labels(of: identity)
    if let labels, labels.count > max(JobUpdate.mostLabels, identity.labels.count) {
      throw .tooManyLabels(pipeline, labels.count)
    }
    var identity = identity
    identity.priority = update.priority ?? identity.priority
    identity.labels = labels ?? identity.labels
    return identity
  }

  /// The newest revisions of the pipelines that the plan calls: the job's sub-jobs are pinned like the job.
  func calls(of plan: Plan) throws(Problem) -> JSON? {
    var calls = JSONObject()
    for step in plan.steps {
      guard case .call(let call) = step.kind, call.revision == nil else { continue }
      let name = PipelineName(namespace: call.namespace, name: call.pipeline)
      if calls[name.description] != nil { continue }
      let record: RevisionRecord?
      do throws(StoreError) { record = try configuration.readModel.readRevision(of: name, number: nil) } catch
      {
        throw .store(error)
      }
      if let record { calls[name.description] = .int(Int64(record.number)) }
    }
    return calls.members.isEmpty ? nil : .object(calls)
  }

  /// The pause that the pipeline is in now (S31). A live job goes on, its sub-jobs too.
  private func pause(_ now: Timestamp) throws(Problem) -> PauseRecord? {
    do throws(StoreError) {
      return try configuration.readModel.pause(of: request.pipeline).flatMap { $0.holds(at: now) ? $0 : nil }
    } catch {
      throw .store(error)
    }
  }

  private func read() throws(Problem) -> (RevisionRecord, JSONObject) {
    do throws(StoreError) {
      let record = try configuration.readModel.readRevision(of: request.pipeline, number: request.revision)
      // A deleted pipeline has revisions and no newest one: only jobs that live may still call it.
      var isThere = true
      if origin == nil, request.revision != nil {
        isThere = try configuration.readModel.readRevision(of: request.pipeline, number: nil) != nil
      }
      if let record, isThere {
        return (record, try configuration.readModel.settings(of: request.pipeline.namespace))
      }
    } catch {
      throw .store(error)
    }
    throw .noPipeline(request.pipeline, revision: request.revision)
  }

  /// Over what the caller asked for: the same idempotency key must mean the same request.
  private var requestHash: [UInt8] {
    var asked: JSON = [
      "inputs": .object(request.inputs), "message": request.message ?? .null,
      "revision": request.revision.map { .int(Int64($0)) } ?? .null,
      "settings": request.settings.map { .object($0) } ?? .null,
    ]
    asked.add(request.update)
    if let runAt = request.runAt { asked = asked.with("run_at", .string(runAt.rfc3339)) }
    return SHA256.digest(asked.canonical.serialized())
  }
}

extension JobIdentity {
  var labelsJSON: JSON { .object(JSONObject(labels.map { ($0.name, .string($0.value)) })) }
}

extension JSON {
  /// Nothing where nothing is said, as it was before a request could say it.
  mutating func add(_ update: JobUpdate) {
    if let priority = update.priority { self = with("priority", .int(Int64(priority))) }
    if update.labels.isEmpty { return }
    let labels = update.labels.map { ($0.name, $0.value.map { JSON.string($0) } ?? .null) }
    self = with("labels", .object(JSONObject(labels)))
  }

  func with(_ name: String, _ value: JSON) -> JSON {
    var object = object ?? JSONObject()
    object[name] = value
    return .object(object)
  }
}

extension JobIdentity {
  /// What a sub-job's own file does not say is that of its caller.
  fileprivate mutating func inherit(_ origin: CallOrigin, _ plan: IdentityPlan) {
    (parent, parentNode) = (origin.number, origin.node)
    if correlation == nil { correlation = origin.identity.correlation }
    if owner == nil { owner = origin.identity.owner }
    if fairKey == nil { fairKey = origin.identity.fairKey }
    if plan.priority == nil { priority = origin.identity.priority }
    if labels.isEmpty { labels = origin.identity.labels }
  }
}

struct ByteGenerator: RandomNumberGenerator {
  let bytes: @Sendable (Int) -> [UInt8]
  mutating func next() -> UInt64 { bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

struct RandomSource: RandomBytes {
  let take: @Sendable (Int) -> [UInt8]
  func bytes(_ count: Int) -> [UInt8] { take(count) }
}
