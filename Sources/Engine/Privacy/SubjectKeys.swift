internal import Crypto
internal import Model

/// The keys under which identifiers of persons are indexed: one for each namespace, of no other use, so that
/// what two namespaces hold of one person cannot be brought together. The engine's thread alone asks.
struct SubjectKeys {
  private var stored: (_ namespace: String) throws(StoreError) -> [UInt8]?
  private var wrap: (SymmetricKey, _ namespace: String) -> [UInt8]
  private var unwrap: ([UInt8], _ namespace: String) -> SymmetricKey?
  fileprivate var known: [String: SymmetricKey] = [:]

  init(_ configuration: NodeConfiguration) {
    stored = { (namespace) throws(StoreError) in try configuration.readModel.subjectKey(namespace) }
    wrap = configuration.wrapSubjectKey
    unwrap = { wrapped, namespace in try? configuration.unwrapSubjectKey(wrapped, namespace) }
  }

  fileprivate func found(
    _ namespace: String, pending: [UInt8]?
  ) throws(Problem) -> SymmetricKey? {
    var wrapped: [UInt8]?
    do throws(StoreError) { wrapped = try stored(namespace) } catch { throw .store(error) }
    guard let wrapped = wrapped ?? pending else { return nil }
    guard let key = unwrap(wrapped, namespace) else { throw .subjectKey(namespace) }
    return key
  }

  fileprivate func made(_ namespace: String) -> (key: SymmetricKey, write: CatalogWrite) {
    let key = SymmetricKey.generate()
    return (key, .subjectKey(namespace: namespace, wrapped: wrap(key, namespace)))
  }
}

extension Jobs {
  /// Whom a job is about, for the commit that admits it. The first who needs a namespace's key makes it, in
  /// this very commit. Throws where the stored one does not open: a job that nobody finds by its person is
  /// not admitted.
  mutating func subjects(of prepared: PreparedJob) throws(Problem) -> [SubjectUse] {
    if prepared.subjects.isEmpty { return [] }
    let key = try subjectKey(of: prepared.pipeline.namespace)
    return prepared.subjects.map { SubjectUse(subject: $0.subject.mark(key), input: $0.input) }
  }

  private mutating func subjectKey(of namespace: String) throws(Problem) -> SymmetricKey {
    if let known = subjectKeys.known[namespace] { return known }
    var pending: [UInt8]?
    for case .subjectKey(namespace, let wrapped) in batch.writes { pending = wrapped }
    let found = try subjectKeys.found(namespace, pending: pending)
    let key: SymmetricKey
    if let found {
      key = found
    } else {
      let made = subjectKeys.made(namespace)
      add([made.write])
      key = made.key
    }
    subjectKeys.known[namespace] = key
    return key
  }
}
