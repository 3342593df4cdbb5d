/// The key of a data folder. It seals the keys of jobs and namespaces, and credentials, each under the name
/// of its place, so that one cannot stand in for another.
public struct MasterKey: Sendable {
  private let key: SymmetricKey

  public init(_ key: SymmetricKey) { self.key = key }

  /// `place` is such as `job 0190…`, `namespace sales`.
  public func wrap(_ wrapped: SymmetricKey, place: String) -> [UInt8] { seal(wrapped.reveal(), place: place) }

  public func unwrap(_ wrapped: [UInt8], place: String) throws(UnsealError) -> SymmetricKey {
    guard let key = SymmetricKey(try open(wrapped, place: place)) else { throw UnsealError() }
    return key
  }

  public func seal(_ plain: [UInt8], place: String) -> [UInt8] {
    AES256GCM.seal(plain, key: key, additionalData: Array(place.utf8))
  }

  public func open(_ sealed: [UInt8], place: String) throws(UnsealError) -> [UInt8] {
    try AES256GCM.open(sealed, key: key, additionalData: Array(place.utf8))
  }
}
