import Crypto
import Engine
import Model
import Server
import Synchronization

/// The keys of jobs and namespaces, and the values of credentials: what the master key opens.
final class Vault: Sendable {
  private let ring: Mutex<KeyRing>
  private let readModel: any ReadModel
  private let now: @Sendable () -> Timestamp
  private let jobKeys = Mutex<[ID<Job>: SymmetricKey]>([:])
  private let namespaceKeys = Mutex<[String: SymmetricKey]>([:])

  init(_ ring: KeyRing, readModel: any ReadModel, now: @escaping @Sendable () -> Timestamp) {
    self.ring = Mutex(ring)
    (self.readModel, self.now) = (readModel, now)
  }

  /// For what lies elsewhere than in the store; `place` keeps one from standing for another.
  func seal(_ plain: [UInt8], place: String) -> [UInt8] { master.seal(plain, place: place) }

  func open(_ sealed: [UInt8], place: String) throws(UnsealError) -> [UInt8] {
    try master.open(sealed, place: place)
  }

  /// The keys as they are now.
  var master: KeyRing { ring.withLock { $0 } }

  /// From now on another key seals; those before it still open.
  func rotate(to id: KeyID, _ key: SymmetricKey) { ring.withLock { $0 = $0.rotated(to: id, key) } }

  func forget(_ ids: [KeyID]) { ring.withLock { $0 = $0.without(ids) } }

  /// The same thing under the active key; nil where no key opens it.
  func rewrap(_ row: WrappedRow) -> Rewrap? {
    let (ring, place) = (master, Self.place(row.place))
    // What does not open is counted by whoever asks.
    guard let plain = try? ring.open(row.sealed, place: place) else { return nil }
    return Rewrap(row.place, old: row.sealed, new: ring.seal(plain, place: place))
  }

  func wrap(_ key: SymmetricKey) -> [UInt8] { master.wrap(key, place: Self.jobPlace) }

  func unwrap(_ wrapped: [UInt8]) throws(Problem) -> SymmetricKey {
    do {
      return try master.unwrap(wrapped, place: Self.jobPlace)
    } catch {
      throw Self.notAuthentic("the key of a job", "a chave de um job")
    }
  }

  /// Kept until the job is forgotten, since every log line needs it.
  func key(of job: ID<Job>) throws(Problem) -> SymmetricKey {
    if let key = jobKeys.withLock({ $0[job] }) { return key }
    guard let summary = try read({ () throws(StoreError) in try readModel.job(job) }) else {
      throw Problem("no-job", Bilingual("There is no job \(job).", pt: "Não existe o job \(job)."))
    }
    let key = try unwrap(summary.wrappedKey)
    jobKeys.withLock { $0[job] = key }
    return key
  }

  /// What `key(of:)` found before; nil for a job that was not asked for.
  func knownKey(of job: ID<Job>) -> SymmetricKey? { jobKeys.withLock { $0[job] } }

  func forget(_ job: ID<Job>) { jobKeys.withLock { _ = $0.removeValue(forKey: job) } }

  /// Nil where the namespace has none yet.
  func key(ofNamespace namespace: String) throws(Problem) -> SymmetricKey? {
    if let key = namespaceKeys.withLock({ $0[namespace] }) { return key }
    guard let wrapped = try read({ () throws(StoreError) in try readModel.namespaceKey(namespace) }) else {
      return nil
    }
    let key = try unwrap(wrapped, namespace: namespace)
    namespaceKeys.withLock { $0[namespace] = key }
    return key
  }

  func wrap(_ key: SymmetricKey, namespace: String) -> [UInt8] {
    master.wrap(key, place: Self.place(namespace: namespace))
  }

  func unwrap(_ wrapped: [UInt8], namespace: String) throws(Problem) -> SymmetricKey {
    do {
      return try master.unwrap(wrapped, place: Self.place(namespace: namespace))
    } catch {
      throw Self.notAuthentic("the key of the namespace \(namespace)", "a chave do espaço \(namespace)")
    }
  }

  func wrap(_ key: SymmetricKey, subjectsOf namespace: String) -> [UInt8] {
    master.wrap(key, place: Self.place(.subjects(namespace)))
  }

  func unwrap(_ wrapped: [UInt8], subjectsOf namespace: String) throws(Problem) -> SymmetricKey {
    do {
      return try master.unwrap(wrapped, place: Self.place(.subjects(namespace)))
    } catch {
      throw Self.notAuthentic(
        "the key of subjects of the namespace \(namespace)", "a chave de titulares do espaço \(namespace)")
    }
  }

  /// A fresh key for a namespace, to be stored; the one that is stored first stands.
  func newKey(forNamespace namespace: String) -> [UInt8] {
    wrap(SymmetricKey.generate(), namespace: namespace)
  }

  func seal(_ draft: CredentialDraft) -> CredentialRecord {
    let place = Self.place(draft.namespace, draft.name, draft.version)
    return CredentialRecord(
      namespace: draft.namespace, name: draft.name, type: draft.type, version: draft.version,
      sealed: master.seal(JSON.object(draft.values).serialized(), place: place), createdAt: now(),
      createdBy: draft.actor)
  }

  func open(_ record: CredentialRecord) throws(Problem) -> Credential {
    let place = Self.place(record.namespace, record.name, record.version)
    do {
      let json = try JSON(parsing: try master.open(record.sealed, place: place))
      let values = (json.object ?? JSONObject()).map { (name: $0.key, secret: Secret($0.value.string ?? "")) }
      var credential = Credential(
        name: record.name, type: record.type, version: record.version, values: values)
      credential.plain = CredentialType.plainMembers(of: record.type)
      return credential
    } catch {
      let name = "\(record.namespace)/\(record.name)"
      throw Self.notAuthentic("the credential \(name)", "a credencial \(name)")
    }
  }

  /// With the values of the versions that are still usable beside it.
  func lend(_ record: CredentialRecord) throws(Problem) -> Credential {
    var credential = try open(record)
    if record.version == 1 { return credential }
    let now = now()
    let versions = try read { () throws(StoreError) in
      try readModel.versions(ofCredential: record.name, in: record.namespace)
    }
    for version in versions where version.isUsable(at: now) {
      credential.former += try open(version).values
    }
    return credential
  }

  /// The values of a credential that verifies requests: the newest version, and those that are still usable
  /// beside it. None where there is no such credential.
  func hookSecrets(of name: String, in namespace: String) throws(Problem) -> [JSONObject] {
    let now = now()
    let versions = try read { () throws(StoreError) in
      try readModel.versions(ofCredential: name, in: namespace)
    }
    var secrets: [JSONObject] = []
    for (place, version) in versions.enumerated() where place == 0 || version.isUsable(at: now) {
      let values = try open(version).values
      secrets.append(JSONObject(values.map { ($0.name, .string($0.secret.reveal())) }))
    }
    return secrets
  }

  /// The data of an event that a step emitted.
  func open(_ row: EmittedRow) throws(Problem) -> JSON {
    guard let key = try key(ofNamespace: row.namespace) else {
      throw Self.notAuthentic("the events of \(row.namespace)", "os eventos de \(row.namespace)")
    }
    do {
      return try JSON(parsing: try AES256GCM.open(row.body, key: key, additionalData: row.binding))
    } catch {
      throw Self.notAuthentic("an event of \(row.namespace)", "um evento de \(row.namespace)")
    }
  }

  func open(_ row: DeadLetterRow) throws(Problem) -> LetterContent {
    guard let key = try key(ofNamespace: row.namespace) else {
      throw Self.notAuthentic("the letters of \(row.namespace)", "as cartas de \(row.namespace)")
    }
    return try row.content(key)
  }

  private static let jobPlace = "job"

  private static func place(_ place: WrappedPlace) -> String {
    switch place {
    case .job: jobPlace
    case .namespace(let namespace): Self.place(namespace: namespace)
    case .subjects(let namespace): "subjects \(namespace)"
    case .credential(let namespace, let name, let version): Self.place(namespace, name, version)
    }
  }

  private static func place(namespace: String) -> String { "namespace \(namespace)" }

  /// So that a ciphertext cannot stand for another credential, or for a newer version.
  private static func place(_ namespace: String, _ name: String, _ version: Int) -> String {
    "credential \(namespace)/\(name) \(version)"
  }

  private func read<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do {
      return try body()
    } catch {
      throw Problem(
        "store-unavailable",
        Bilingual("The store cannot be read: \(error)", pt: "Não foi possível ler os dados: \(error)"))
    }
  }

  private static func notAuthentic(_ what: String, _ whatPT: String) -> Problem {
    Problem(
      "not-authentic",
      Bilingual(
        "The master key does not open \(what): it was changed, or sealed under another key.",
        pt: "A chave mestra não abre \(whatPT): os dados foram alterados, ou selados com outra chave."),
      remedy: Bilingual("Restore it from a backup.", pt: "Restaure de um backup."))
  }
}

extension CredentialRecord {
  /// Of a version that a newer one has replaced.
  fileprivate func isUsable(at now: Timestamp) -> Bool { usableUntil.map { $0 > now } ?? false }
}
