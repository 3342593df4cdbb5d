internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// Turns a request into a job that needs only its place in the store.
struct Preparation {
  let configuration: NodeConfiguration
  let request: JobRequest

  init(_ configuration: NodeConfiguration, _ request: JobRequest) {
    (self.configuration, self.request) = (configuration, request)
  }

  func prepare() throws(Problem) -> PreparedJob {
    let (record, stored) = try read()
    let plan = try configuration.plan(record)
    let now = configuration.clock.now
    var generator = ByteGenerator(bytes: configuration.random)
    let id = ID<Job>.generate(at: now, using: &generator)
    let admitted = try Admission(
      plan: plan, request: request, revision: record.number, id: id, settings: request.settings ?? stored,
      now: now, random: RandomSource(take: configuration.random)
    ).admit()
    let key = SymmetricKey.generate()
    return PreparedJob(
      id: id, pipeline: record.pipeline, revision: record.number, plan: plan, key: admitted.key,
      context: admitted.context, triggerType: "manual", triggerID: admitted.triggerID, actor: request.actor,
      idempotencyKey: admitted.idempotencyKey, requestHash: requestHash, dataKey: key,
      wrappedKey: configuration.wrap(key))
  }

  private func read() throws(Problem) -> (RevisionRecord, JSONObject) {
    do throws(StoreError) {
      let record = try configuration.readModel.readRevision(of: request.pipeline, number: request.revision)
      if let record { return (record, try configuration.readModel.settings(of: request.pipeline.namespace)) }
    } catch {
      throw .store(error)
    }
    throw .noPipeline(request.pipeline, revision: request.revision)
  }

  /// Over what the caller asked for: the same idempotency key must mean the same request.
  private var requestHash: [UInt8] {
    let asked: JSON = [
      "inputs": .object(request.inputs), "message": request.message ?? .null,
      "revision": request.revision.map { .int(Int64($0)) } ?? .null,
      "settings": request.settings.map { .object($0) } ?? .null,
    ]
    return SHA256.digest(asked.canonical.serialized())
  }
}

extension JSON {
  /// The same with every object's members in the order of their keys.
  fileprivate var canonical: JSON {
    switch self {
    case .object(let object):
      .object(
        JSONObject(
          object.members.sorted { ScalarString($0.key) < ScalarString($1.key) }
            .map { ($0.key, $0.value.canonical) }))
    case .array(let elements): .array(elements.map(\.canonical))
    case .null, .bool, .int, .double, .string: self
    }
  }
}

private struct ByteGenerator: RandomNumberGenerator {
  let bytes: @Sendable (Int) -> [UInt8]
  mutating func next() -> UInt64 { bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

private struct RandomSource: RandomBytes {
  let take: @Sendable (Int) -> [UInt8]
  func bytes(_ count: Int) -> [UInt8] { take(count) }
}
