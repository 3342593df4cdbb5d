internal import Crypto
internal import Engine
internal import Model

/// What is not a job, in the memory store.
struct MemoryCatalog {
  /// In the order of their numbers.
  var revisions: [Name: [RevisionRecord]] = [:]
  var connections: [Name: Connection] = [:]
  /// All versions, in the order in which they came.
  var credentials: [Name: [CredentialRecord]] = [:]
  var namespaceKeys: [ScalarString: [UInt8]] = [:]
  var subjectKeys: [ScalarString: [UInt8]] = [:]
  var erasures: [ID<Erasure>: Erasure] = [:]
  var settings: [ScalarString: [ScalarString: JSON]] = [:]
  var retentionRules: [Name: RetentionRule] = [:]
  var holds: [ID<Hold>: Hold] = [:]
  var namespaces: [ScalarString: NamespaceRecord] = [:]
  var pauses: [Name: PauseRecord] = [:]
  var deleted: Set<Name> = []
  var masterKeys: [KeyID: MasterKeyRow] = [:]
  var keyRotation: KeyRotationRow?
  var addedSchedules: [MemorySchedules.Trigger: AddedSchedule] = [:]
  var addedDestinations: [ScalarString: AddedDestination] = [:]

  /// The same revision again is allowed; another one of the same number is not.
  func allows(_ writes: [CatalogWrite]) -> Bool {
    var after = self
    for write in writes {
      switch write {
      case .revision(let record):
        let there = after.revisions[record.name]?.first { $0.number == record.number }
        if let there, there.sha256 != record.sha256 { return false }
      case .credential(let record):
        let versions = after.credentials[Name(record.namespace, record.name)] ?? []
        if versions.contains(where: { $0.version == record.version }) { return false }
      case .addedSchedule(let row):
        let known = after.addedSchedules[MemorySchedules.Trigger(row.pipeline, row.name)]
        if row.version != (known?.version ?? 0) + 1 { return false }
      case .addedDestination(let row):
        let known = after.addedDestinations[ScalarString(row.name)]
        if row.version != (known?.version ?? 0) + 1 { return false }
      case .connection, .removeConnection, .removeCredential, .namespaceKey, .setting, .pause, .resume,
        .deletePipeline, .retention, .keepForEver, .hold, .releaseHold, .namespace, .masterKey, .keyRotation,
        .rewrap, .retireVersions,
        .forgetVersions, .credentialUses, .removeAddedSchedule, .removeAddedDestination, .subjectKey,
        .erasure:
        break
      }
      after.apply(write)
    }
    return true
  }

  mutating func apply(_ writes: [CatalogWrite]) {
    for write in writes { apply(write) }
  }

  private mutating func apply(_ write: CatalogWrite) {
    switch write {
    case .revision(let record):
      deleted.remove(record.name)
      var records = revisions[record.name] ?? []
      if records.contains(where: { $0.number == record.number }) { return }
      records.append(record)
      revisions[record.name] = records.sorted { $0.number < $1.number }
    case .connection(let connection, at: _, by: _):
      connections[Name(connection.namespace, connection.name)] = connection
    case .removeConnection(let name, let namespace): connections[Name(namespace, name)] = nil
    case .credential(let record): store(record)
    case .removeCredential(let name, let namespace): credentials[Name(namespace, name)] = nil
    case .namespaceKey(let namespace, let wrapped):
      let namespace = ScalarString(namespace)
      if namespaceKeys[namespace] == nil { namespaceKeys[namespace] = wrapped }
    case .subjectKey(let namespace, let wrapped):
      let namespace = ScalarString(namespace)
      if subjectKeys[namespace] == nil { subjectKeys[namespace] = wrapped }
    case .erasure(let erasure): erasures[erasure.id] = erasure
    case .setting(let namespace, let name, let value, by: _, at: _):
      settings[ScalarString(namespace), default: [:]][ScalarString(name)] = value
    case .pause(let pause): pauses[Name(pause.pipeline.namespace, pause.pipeline.name)] = pause
    case .retention(let rule): retentionRules[Name(rule.namespace, rule.retained.rawValue)] = rule
    case .keepForEver(let retained, let namespace): retentionRules[Name(namespace, retained.rawValue)] = nil
    case .hold(let hold): holds[hold.id] = hold
    case .releaseHold(let id): holds[id] = nil
    case .namespace(let record): namespaces[ScalarString(record.name)] = record
    case .resume(let pipeline): pauses[Name(pipeline.namespace, pipeline.name)] = nil
    case .deletePipeline(let pipeline, at: _, by: _):
      deleted.insert(Name(pipeline.namespace, pipeline.name))
      addedSchedules = addedSchedules.filter { $0.value.pipeline != pipeline }
    case .masterKey(let row): masterKeys[row.id] = row
    case .keyRotation(let row): keyRotation = row
    case .rewrap(let rows): for row in rows { rewrap(row) }
    case .retireVersions(let name, let namespace, let version, let time):
      retire(Name(namespace, name), before: version, until: time)
    case .forgetVersions(let time):
      for name in credentials.keys {
        credentials[name]?.removeAll { $0.usableUntil.map { $0 <= time } ?? false }
      }
    case .credentialUses(let uses): for use in uses { note(use) }
    case .addedSchedule(let row): addedSchedules[MemorySchedules.Trigger(row.pipeline, row.name)] = row
    case .removeAddedSchedule(let pipeline, let name):
      addedSchedules[MemorySchedules.Trigger(pipeline, name)] = nil
    case .addedDestination(let row): addedDestinations[ScalarString(row.name)] = row
    case .removeAddedDestination(let name): addedDestinations[ScalarString(name)] = nil
    }
  }

  func isHeld(_ job: ID<Job>?, of pipeline: String?, in namespace: String) -> Bool {
    holds.values.contains { $0.holds(job, of: pipeline, in: namespace) }
  }

  func revision(of pipeline: PipelineName, number: Int?) -> RevisionRecord? {
    let name = Name(pipeline.namespace, pipeline.name)
    if number == nil, deleted.contains(name) { return nil }
    let records = revisions[name] ?? []
    guard let number else { return records.last }
    return records.first { $0.number == number }
  }

  func pipelines(in namespace: String?) -> [PipelineSummary] {
    revisions.filter { !deleted.contains($0.key) }.inOrder(namespace).compactMap { records in
      // The first that came is not always the lowest number, but the engine numbers them one by one.
      guard let first = records.first, let newest = records.last else { return nil }
      return PipelineSummary(
        pipeline: newest.pipeline, title: newest.title, revision: newest.number, createdAt: first.createdAt,
        updatedAt: newest.createdAt)
    }
  }
}

extension RevisionRecord {
  fileprivate var name: Name { Name(pipeline.namespace, pipeline.name) }
}

extension [CredentialRecord] {
  var newest: CredentialRecord? { self.max { $0.version < $1.version } }
}

extension Dictionary where Key == Name {
  /// In the order of namespace and name; of one namespace, or of all where it is nil.
  func inOrder(_ namespace: String?) -> [Value] {
    let wanted = namespace.map { ScalarString($0) }
    return filter { wanted == nil || $0.key.first == wanted }.sorted { $0.key < $1.key }.map(\.value)
  }
}
