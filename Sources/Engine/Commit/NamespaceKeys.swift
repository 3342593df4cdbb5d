internal import Crypto
internal import Model

/// The keys of namespaces, under which signals and cached outputs are sealed, and where cached outputs lie.
/// The engine's thread alone asks.
struct NamespaceKeys {
  var stored: (_ namespace: String) throws(StoreError) -> [UInt8]? = { _ in nil }
  var wrap: (SymmetricKey, _ namespace: String) -> [UInt8] = { key, _ in key.reveal() }
  var unwrap: ([UInt8], _ namespace: String) -> SymmetricKey? = { bytes, _ in SymmetricKey(bytes) }
  var cached: (_ key: String, _ namespace: String) -> CacheRow? = { _, _ in nil }
  fileprivate var known: [String: SymmetricKey] = [:]

  init() {}

  init(_ configuration: NodeConfiguration) {
    stored = { (namespace) throws(StoreError) in try configuration.readModel.namespaceKey(namespace) }
    // A store that does not answer costs no more than a cached output.
    cached = { key, namespace in try? configuration.store.cached(key, in: namespace) }
    wrap = configuration.wrapNamespaceKey
    unwrap = { wrapped, namespace in try? configuration.unwrapNamespaceKey(wrapped, namespace) }
  }
}

extension Jobs {
  /// The key of a namespace; the first who needs it makes it, in this very commit. Throws where the stored
  /// one does not open, or nobody knows whether there is one: what another sealed could never be read.
  mutating func key(ofNamespace namespace: String) throws(Problem) -> SymmetricKey {
    if let known = namespaceKeys.known[namespace] { return known }
    var wrapped: [UInt8]?
    do throws(StoreError) { wrapped = try namespaceKeys.stored(namespace) } catch { throw .store(error) }
    for case .namespaceKey(namespace, let pending) in batch.writes where wrapped == nil { wrapped = pending }
    let key: SymmetricKey
    if let wrapped {
      guard let opened = namespaceKeys.unwrap(wrapped, namespace) else { throw .namespaceKey(namespace) }
      key = opened
    } else {
      key = SymmetricKey.generate()
      add([.namespaceKey(namespace: namespace, wrapped: namespaceKeys.wrap(key, namespace))])
    }
    namespaceKeys.known[namespace] = key
    return key
  }

  mutating func cachedOutput(of key: String, in namespace: String) -> OutputCache.Hit? {
    // The newest of a key counts, also of this very commit.
    let pending = batch.caches.last { $0.namespace == namespace && ScalarString($0.key) == ScalarString(key) }
    // A key that cannot be had costs no more than a cached output.
    guard let row = pending ?? namespaceKeys.cached(key, namespace),
      let sealing = try? self.key(ofNamespace: namespace)
    else { return nil }
    return OutputCache.open(row, sealing, at: moment.wall)
  }

  mutating func keep(_ entry: CacheEntry, of job: OwnedJob) {
    // Without a key the output is not kept: the step runs again the next time.
    guard let key = try? key(ofNamespace: job.pipeline.namespace) else { return }
    batch.caches.append(
      OutputCache.row(entry, of: job.id, in: job.pipeline.namespace, key, at: moment.wall))
  }
}
