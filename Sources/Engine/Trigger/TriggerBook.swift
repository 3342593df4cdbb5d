internal import Expressions
internal import Model
public import Pipelines

/// The triggers of the pipelines as they stand: those of each newest revision that this build fires.
public struct TriggerBook: Sendable {
  public struct Entry: Sendable {
    public var pipeline: PipelineName
    public var revision: Int
    public var trigger: TriggerPlan
    /// What `enabled:` gave over the settings as they were read.
    public var isEnabled: Bool
    /// Of a trigger `schedule`; nil where its zone is not on this machine.
    public var schedule: ScheduleSpec?
    /// Of a schedule that stands beside the file.
    public var added: AddedSchedule?

    /// Whether the files of a batch that is being taken are this trigger's, also while it is not enabled.
    func watches(_ row: TriggerMessageRow) -> Bool {
      ScalarString(trigger.name) == ScalarString(row.trigger) && trigger.kind == row.kind
    }
  }

  /// Who hears of a job's end.
  struct Subscription: Hashable {
    var pipeline: PipelineName
    var trigger: String
  }

  /// The triggers of some pipelines as they were read; none where a pipeline is gone or has none.
  struct Reading: Sendable {
    /// Of two readings the one that began later counts, however they come: each begins after the commit that
    /// it is about, so the last one has seen all of them.
    var number = 0
    var entries: [PipelineName: [Entry]] = [:]
  }

  /// The reading that counts, also of a pipeline that has no triggers any more.
  private var readings: [PipelineName: Int] = [:]
  private var entries: [PipelineName: [Entry]] = [:]
  private var subscriptions: [PipelineName: [(subscription: Subscription, statuses: [JobStatus])]] = [:]

  public init() {}

  /// In the order of the pipelines' names.
  public var all: [Entry] {
    entries.sorted { $0.key.description < $1.key.description }.flatMap(\.value)
  }

  public subscript(pipeline: PipelineName, trigger: String) -> Entry? {
    entries[pipeline]?.first { ScalarString($0.trigger.name) == ScalarString(trigger) }
  }

  public func entries(of pipeline: PipelineName) -> [Entry] { entries[pipeline] ?? [] }

  /// Takes the triggers of these pipelines as they are from now on.
  mutating func replace(by reading: Reading) {
    for (pipeline, list) in reading.entries where readings[pipeline, default: 0] <= reading.number {
      readings[pipeline] = reading.number
      entries[pipeline] = list.isEmpty ? nil : list
    }
    subscriptions = [:]
    for entry in all {
      guard let completion = entry.trigger.completion, entry.isEnabled else { continue }
      for source in completion.sources {
        let name = PipelineName(namespace: entry.pipeline.namespace, name: source)
        let subscription = Subscription(pipeline: entry.pipeline, trigger: entry.trigger.name)
        subscriptions[name, default: []].append((subscription, completion.statuses))
      }
    }
  }

  func subscribers(of pipeline: PipelineName, ending status: JobStatus) -> [Subscription] {
    guard let list = subscriptions[pipeline] else { return [] }
    return list.filter { $0.statuses.contains(status) }.map(\.subscription)
  }
}

/// Reads triggers out of stored definitions. Blocks: not for the engine's thread.
struct TriggerReading {
  let configuration: NodeConfiguration
  /// The word that a file with triggers contains, in YAML and JSON alike.
  private static let word = Array("triggers".utf8)

  /// Of all pipelines: what a node begins with. A revision that this build cannot read any more has no
  /// triggers: its jobs say why, and the node must start all the same.
  func all() throws(StoreError) -> [PipelineName: [TriggerBook.Entry]] {
    var found: [PipelineName: [TriggerBook.Entry]] = [:]
    let added = Dictionary(grouping: try configuration.readModel.addedSchedules(in: nil), by: \.pipeline)
    for summary in try configuration.readModel.pipelines(in: nil) {
      found[summary.pipeline] = try entries(of: summary.pipeline, added[summary.pipeline] ?? [])
    }
    return found.filter { !$0.value.isEmpty }
  }

  func entries(of pipeline: PipelineName) throws(StoreError) -> [TriggerBook.Entry] {
    try entries(of: pipeline, try configuration.readModel.addedSchedules(of: pipeline))
  }

  private func entries(
    of pipeline: PipelineName, _ added: [AddedSchedule]
  ) throws(StoreError) -> [TriggerBook.Entry] {
    guard let record = try configuration.readModel.readRevision(of: pipeline, number: nil) else { return [] }
    let hasTriggers = record.source.contains(Self.word)
    if !hasTriggers, added.isEmpty { return [] }
    let settings = try configuration.readModel.settings(of: pipeline.namespace)
    var triggers: [TriggerPlan] = []
    if hasTriggers {
      guard let plan = try? configuration.plan(record) else { return [] }
      triggers = plan.triggers
    }
    var entries = triggers.map { trigger in
      TriggerBook.Entry(
        pipeline: pipeline, revision: record.number, trigger: trigger,
        isEnabled: isEnabled(trigger, settings), schedule: schedule(trigger, of: pipeline, settings))
    }
    let names = Set(triggers.map { ScalarString($0.name) })
    for row in added where !names.contains(ScalarString(row.name)) {
      entries.append(
        TriggerBook.Entry(
          pipeline: pipeline, revision: record.number, trigger: row.trigger, isEnabled: true,
          schedule: schedule(row.trigger, of: pipeline, settings), added: row))
    }
    return entries
  }

  /// Of a pipeline that must exist.
  func known(_ pipeline: PipelineName) throws(Problem) -> [TriggerBook.Entry] {
    let found: [TriggerBook.Entry]?
    do throws(StoreError) {
      let isThere = try configuration.readModel.readRevision(of: pipeline, number: nil) != nil
      found = isThere ? try entries(of: pipeline) : nil
    } catch { throw .store(error) }
    guard let found else { throw .noPipeline(pipeline, revision: nil) }
    return found
  }

  /// What these writes change, read after their commit.
  func changed(by writes: [CatalogWrite], _ book: TriggerBook) throws(StoreError) -> [PipelineName:
    [TriggerBook.Entry]]
  {
    var names: Set<PipelineName> = []
    for write in writes {
      switch write {
      case .revision(let record): names.insert(record.pipeline)
      case .deletePipeline(let pipeline, at: _, by: _): names.insert(pipeline)
      case .setting(let namespace, name: _, value: _, by: _, at: _):
        names.formUnion(book.all.lazy.map(\.pipeline).filter { $0.namespace == namespace })
      case .addedSchedule(let schedule): names.insert(schedule.pipeline)
      case .removeAddedSchedule(let pipeline, name: _): names.insert(pipeline)
      case .connection, .removeConnection, .credential, .removeCredential, .namespaceKey, .pause, .resume,
        .retention, .keepForEver, .hold, .releaseHold, .namespace, .masterKey, .keyRotation, .rewrap,
        .retireVersions, .forgetVersions, .credentialUses, .addedDestination, .removeAddedDestination,
        .subjectKey, .erasure:
        break
      }
    }
    var found: [PipelineName: [TriggerBook.Entry]] = [:]
    for name in names { found[name] = try entries(of: name) }
    return found
  }

  /// A calendar is a setting of the namespace.
  private func schedule(
    _ trigger: TriggerPlan, of pipeline: PipelineName, _ settings: JSONObject
  ) -> ScheduleSpec? {
    if trigger.kind != "schedule" { return nil }
    return ScheduleSpec(
      trigger.spec, of: pipeline, trigger: trigger.name, zones: configuration.zones, settings: settings)
  }

  /// An `enabled:` that cannot be evaluated is no yes.
  private func isEnabled(_ trigger: TriggerPlan, _ settings: JSONObject) -> Bool {
    guard let enabled = trigger.enabled else { return true }
    let resolver = AdmissionResolver(
      context: ["settings": .object(settings)], job: [:], now: configuration.clock.now)
    guard case .bool(let answer)? = try? enabled.value(resolver) else { return false }
    return answer
  }
}

extension CatalogWrite {
  var resumes: Bool { if case .resume = self { true } else { false } }

  /// The pipeline whose pause begins, changes or ends.
  var paused: PipelineName? {
    switch self {
    case .pause(let pause): pause.pipeline
    case .resume(let pipeline): pipeline
    case .revision, .connection, .removeConnection, .credential, .removeCredential, .namespaceKey, .setting,
      .deletePipeline, .retention, .keepForEver, .hold, .releaseHold, .namespace, .masterKey, .keyRotation,
      .rewrap, .retireVersions,
      .forgetVersions, .credentialUses, .addedSchedule, .removeAddedSchedule, .addedDestination,
      .removeAddedDestination, .subjectKey, .erasure:
      nil
    }
  }
}
