internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// Turns an ended job into a new one that repeats it (`semantics.md`, S29).
struct RerunPreparation {
  let configuration: NodeConfiguration
  let request: RerunRequest
  /// As much of earlier results as a rerun carries along.
  static let mostResults = 64 << 20

  struct Prepared {
    var job: PreparedJob
    var earlier: EarlierJob
    /// The plan's steps that run again because the request says so.
    var forced: Set<Int>
  }

  init(_ configuration: NodeConfiguration, _ request: RerunRequest) {
    (self.configuration, self.request) = (configuration, request)
  }

  func prepare() throws(Problem) -> Prepared {
    let earlier = try JobHistory(configuration).earlier(request.job)
    let record = try revision(earlier.summary)
    let plan = try configuration.plan(record)
    let now = configuration.clock.now
    var generator = ByteGenerator(bytes: configuration.random)
    let id = ID<Job>.generate(at: now, using: &generator)
    let admitted = try Admission(
      plan: plan, request: jobRequest(earlier, plan), revision: record.number, id: id,
      settings: earlier.state.context?.value["settings"]?.object ?? JSONObject(), now: now,
      random: RandomSource(take: configuration.random)
    ).admit()
    let forced = try forced(plan)
    let context = try context(admitted.context, earlier, plan, isSame: isSame(earlier, record), forced)
    let key = SymmetricKey.generate()
    var job = PreparedJob(
      id: id, pipeline: record.pipeline, revision: record.number, plan: plan, key: admitted.key,
      context: context, triggerType: "rerun", triggerID: nil, actor: request.actor,
      idempotencyKey: request.idempotencyKey, requestHash: requestHash, dataKey: key,
      wrappedKey: configuration.wrap(key))
    var identity = try Preparation.updated(earlier.summary.identity, request.update, record.pipeline)
    (identity.parent, identity.parentNode, identity.rerunOf) = (nil, nil, request.job)
    job.identity = identity
    job.context = identity.pinned(in: context).with("labels", identity.labelsJSON)
    job.subjects = try NamedSubject.all(of: plan, in: context)
    return Prepared(job: job, earlier: earlier, forced: forced)
  }

  private func revision(_ summary: JobSummary) throws(Problem) -> RevisionRecord {
    let number = request.latest ? nil : summary.revision
    do throws(StoreError) {
      if let record = try configuration.readModel.readRevision(of: summary.pipeline, number: number) {
        return record
      }
    } catch { throw .store(error) }
    throw .noPipeline(summary.pipeline, revision: number)
  }

  private func isSame(_ earlier: EarlierJob, _ record: RevisionRecord) -> Bool {
    record.number == earlier.summary.revision && request.inputs.isEmpty
  }

  /// The inputs of the earlier job that the revision still knows, under those of the request.
  private func jobRequest(_ earlier: EarlierJob, _ plan: Plan) -> JobRequest {
    var inputs = JSONObject()
    for member in earlier.state.context?.value["inputs"]?.object ?? JSONObject()
    where plan.inputs.contains(where: { ScalarString($0.name) == ScalarString(member.key) }) {
      inputs[member.key] = member.value
    }
    for member in request.inputs { inputs[member.key] = member.value }
    return JobRequest(
      pipeline: earlier.summary.pipeline, inputs: inputs,
      key: request.sameKeys ? earlier.state.creation?.key : nil, actor: request.actor)
  }

  /// What was drawn or came from outside stays as it was, where the file and the inputs are the same.
  private func context(
    _ fresh: JSON, _ earlier: EarlierJob, _ plan: Plan, isSame: Bool, _ forced: Set<Int>
  ) throws(Problem) -> JSON {
    var context = fresh.object ?? JSONObject()
    let old = earlier.state.context?.value
    context["trigger"] = old?["trigger"]
    if isSame { context["vars"] = old?["vars"] }
    var rerun = JSONObject([("of", .string(request.job.description))])
    if request.sameKeys { rerun["keys_of"] = .string(earlier.state.keyJob(request.job).description) }
    rerun["results"] = try results(earlier, plan, forced)
    let preparation = Preparation(configuration, jobRequest(earlier, plan))
    context["calls"] = try preparation.calls(of: plan)
    context["rerun"] = .object(rerun)
    if let trace = request.trace { context["trace"] = .string(trace.header) }
    return .object(context)
  }

  private func results(
    _ earlier: EarlierJob, _ plan: Plan, _ forced: Set<Int>
  ) throws(Problem) -> JSON {
    if request.from == .start { return .object(JSONObject()) }
    let forcedPaths = Set(forced.map { ScalarString(plan.steps[$0].path) })
    var (results, size) = (JSONObject(), 0)
    for path in earlier.collected.results.keys.sorted() {
      guard let result = earlier.collected.results[path], let step = earlier.collected.steps[path],
        !forcedPaths.contains(ScalarString(earlier.plan.steps[step].path))
      else { continue }
      results[path.string] = result.json
      size += result.output?.text.utf8.count ?? 0
    }
    guard size <= Self.mostResults else { throw Self.tooLarge(request.job) }
    return .object(results)
  }

  /// The step that the request names, what is inside it, and all that wait for it or for what holds it.
  private func forced(_ plan: Plan) throws(Problem) -> Set<Int> {
    guard case .step(let path) = request.from else { return [] }
    guard let start = plan.steps.firstIndex(where: { ScalarString($0.path) == ScalarString(path) }) else {
      throw .noStep(path, request.job)
    }
    var forced: Set<Int> = []
    var current: Int? = start
    while let step = current {
      mark(followersOf: step, plan, &forced)
      current = plan.scopes[plan.steps[step].scope].owner?.position
    }
    mark(start, plan, &forced)
    return forced
  }

  private func mark(followersOf step: Int, _ plan: Plan, _ forced: inout Set<Int>) {
    for follower in plan.steps[step].successors where !forced.contains(follower.step.position) {
      mark(follower.step.position, plan, &forced)
      mark(followersOf: follower.step.position, plan, &forced)
    }
  }

  private func mark(_ step: Int, _ plan: Plan, _ forced: inout Set<Int>) {
    forced.insert(step)
    for scope in plan.scopes where scope.owner?.position == step {
      for inner in scope.steps where !forced.contains(inner) { mark(inner, plan, &forced) }
    }
  }

  private var requestHash: [UInt8] {
    var asked: JSON = [
      "rerun_of": .string(request.job.description), "from": .string("\(request.from)"),
      "latest": .bool(request.latest), "inputs": .object(request.inputs),
      "same_keys": .bool(request.sameKeys),
    ]
    asked.add(request.update)
    return SHA256.digest(asked.canonical.serialized())
  }

  private static func tooLarge(_ id: ID<Job>) -> Problem {
    Problem(
      "results-too-large",
      Bilingual(
        "The results of \(id) are larger than \(mostResults >> 20) MiB together.",
        pt: "Os resultados de \(id) somam mais de \(mostResults >> 20) MiB."),
      remedy: Bilingual("Run it whole: leave --from out.", pt: "Rode tudo: não use --from."))
  }
}
