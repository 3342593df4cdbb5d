public import Engine
internal import Model
internal import Synchronization

extension MemoryCatalog {
  mutating func store(_ record: CredentialRecord) {
    let name = Name(record.namespace, record.name)
    credentials[name, default: []].append(record)
    // What belongs to the credential and not to a version.
    guard let newest = credentials[name]?.newest, newest.version == record.version else { return }
    let used = credentials[name]?.first
    change(name) { version in
      version.expiresAt = record.expiresAt
      (version.lastUsedAt, version.lastUsedBy) = (used?.lastUsedAt, used?.lastUsedBy)
    }
  }

  mutating func retire(_ name: Name, before number: Int, until time: Timestamp) {
    change(name) { version in
      guard version.version < number else { return }
      version.usableUntil = version.usableUntil.map { min($0, time) } ?? time
    }
  }

  mutating func note(_ use: CredentialUse) {
    change(Name(use.namespace, use.name)) { version in
      guard version.lastUsedAt.map({ $0 <= use.at }) ?? true else { return }
      (version.lastUsedAt, version.lastUsedBy) = (use.at, use.by)
    }
  }

  private mutating func change(_ name: Name, _ body: (inout CredentialRecord) -> Void) {
    credentials[name] = credentials[name]?.map { record in
      var record = record
      body(&record)
      return record
    }
  }

  /// The keys of jobs are beside the catalog.
  mutating func rewrap(_ row: Rewrap) {
    switch row.place {
    case .credential(let namespace, let name, let version):
      change(Name(namespace, name)) { record in
        if record.version == version, record.sealed == row.old { record.sealed = row.new }
      }
    case .namespace(let namespace):
      let name = ScalarString(namespace)
      if namespaceKeys[name] == row.old { namespaceKeys[name] = row.new }
    case .subjects(let namespace):
      let name = ScalarString(namespace)
      if subjectKeys[name] == row.old { subjectKeys[name] = row.new }
    case .job: break
    }
  }
}

extension MemoryStore {
  public func masterKeys() throws(StoreError) -> [MasterKeyRow] {
    rows.withLock { rows in rows.catalog.masterKeys.values.sorted { $0.id < $1.id } }
  }

  public func keyRotation() throws(StoreError) -> KeyRotationRow? {
    rows.withLock { $0.catalog.keyRotation }
  }

  public func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(StoreError) -> [WrappedRow] {
    rows.withLock { rows in
      let all = rows.wrapped(kind)
      let start = place.flatMap { place in all.firstIndex { $0.place == place } }.map { $0 + 1 } ?? 0
      return Array(all[start...].lazy.filter { !$0.sealed.starts(with: header) }.prefix(limit))
    }
  }

  public func versions(
    ofCredential name: String, in namespace: String
  ) throws(StoreError) -> [CredentialRecord] {
    rows.withLock { rows in
      (rows.catalog.credentials[Name(namespace, name)] ?? []).sorted { $0.version > $1.version }
    }
  }
}

extension MemoryRows {
  fileprivate func wrapped(_ kind: WrappedKind) -> [WrappedRow] {
    switch kind {
    case .credentials:
      catalog.credentials.inOrder(nil).flatMap { versions in
        versions.sorted { $0.version < $1.version }.map {
          WrappedRow(.credential(namespace: $0.namespace, name: $0.name, version: $0.version), $0.sealed)
        }
      }
    case .namespaces:
      catalog.namespaceKeys.sorted { $0.key < $1.key }.map { WrappedRow(.namespace($0.key.string), $0.value) }
    case .subjects:
      catalog.subjectKeys.sorted { $0.key < $1.key }.map { WrappedRow(.subjects($0.key.string), $0.value) }
    case .jobs: jobsInOrder.map { WrappedRow(.job($0.row.number), $0.row.wrappedKey) }
    }
  }

  mutating func rewrapJobs(_ writes: [CatalogWrite]) {
    for case .rewrap(let changes) in writes {
      for change in changes {
        guard case .job(let job) = change.place, jobs[job]?.row.wrappedKey == change.old else { continue }
        jobs[job]?.row.wrappedKey = change.new
      }
    }
  }
}
