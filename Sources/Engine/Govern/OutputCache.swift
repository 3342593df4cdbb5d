internal import Crypto
internal import Model

/// Outputs that steps of later jobs may take again, by namespace and key. They are sealed under the key of
/// their namespace; what cannot be read is as good as absent.
enum OutputCache {
  struct Hit {
    var output: JSON
    /// The id of the job that gave it.
    var job: String
  }

  /// Nil where the row is too old or does not open.
  static func open(_ row: CacheRow, _ key: SymmetricKey, at now: Timestamp) -> Hit? {
    guard row.expiresAt > now else { return nil }
    do {
      let place = place(row.namespace, row.key)
      let plain = try AES256GCM.open(row.output, key: key, additionalData: place)
      return Hit(output: try JSON(parsing: plain, depthLimit: JSON.storedDepthLimit), job: row.job)
    } catch {
      return nil
    }
  }

  static func row(
    _ entry: CacheEntry, of job: ID<Job>, in namespace: String, _ key: SymmetricKey, at now: Timestamp
  ) -> CacheRow {
    let sealed = AES256GCM.seal(
      entry.output.serialized(), key: key, additionalData: place(namespace, entry.key))
    return CacheRow(
      namespace: namespace, key: entry.key, job: job.description, output: sealed,
      expiresAt: now + entry.lifetime)
  }

  /// Binds a ciphertext to its key, so that it cannot be moved to another.
  private static func place(_ namespace: String, _ key: String) -> [UInt8] {
    Array("cache \(namespace) \(key)".utf8)
  }
}
