/// Which master key sealed something. The first is 1, and each rotation makes the next.
public struct KeyID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public static let first = KeyID(1)
  public let number: UInt32
  public init(_ number: UInt32) { self.number = number }
  public var next: KeyID { KeyID(number + 1) }
  public var description: String { "\(number)" }
  public static func < (left: KeyID, right: KeyID) -> Bool { left.number < right.number }
}

/// The master keys of a data folder: one that seals what is new, and those that still open what is older.
///
/// What a later key sealed begins with that key's id; what the first one sealed begins with nothing, as it
/// did before there were others.
public struct KeyRing: Sendable {
  public let active: KeyID
  private let keys: [KeyID: SymmetricKey]

  private static let magic: [UInt8] = [0xE5, 0x4B, 0x45, 0x59]

  public init(_ first: SymmetricKey) { (active, keys) = (.first, [.first: first]) }

  /// Nil where the active key is not among them.
  public init?(_ keys: [KeyID: SymmetricKey], active: KeyID) {
    guard keys[active] != nil else { return nil }
    (self.keys, self.active) = (keys, active)
  }

  public var ids: [KeyID] { keys.keys.sorted() }

  /// A ring with one key more, which seals from now on.
  public func rotated(to id: KeyID, _ key: SymmetricKey) -> KeyRing {
    KeyRing(keys.merging([id: key]) { $1 }, active: id) ?? self
  }

  /// A ring without what opens nothing any more. The active key stays.
  public func without(_ ids: [KeyID]) -> KeyRing {
    KeyRing(keys.filter { $0.key == active || !ids.contains($0.key) }, active: active) ?? self
  }

  /// What stands before everything that this key sealed; nothing for the first one.
  public static func header(of id: KeyID) -> [UInt8] {
    if id == .first { return [] }
    return magic + (0..<4).map { UInt8(truncatingIfNeeded: id.number >> (24 - 8 * UInt32($0))) }
  }

  /// Which key sealed it, as it says itself.
  public static func id(of sealed: [UInt8]) -> KeyID {
    guard sealed.count >= 8, sealed.starts(with: magic) else { return .first }
    return KeyID(sealed[4..<8].reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// `place` is such as `job`, `namespace sales`: one ciphertext cannot stand in for another.
  public func seal(_ plain: [UInt8], place: String) -> [UInt8] {
    guard let key = keys[active] else { preconditionFailure("The active key is in the ring.") }
    return Self.header(of: active) + MasterKey(key).seal(plain, place: place)
  }

  public func open(_ sealed: [UInt8], place: String) throws(UnsealError) -> [UInt8] {
    let id = Self.id(of: sealed)
    if id != .first, let key = keys[id],
      let plain = try? MasterKey(key).open(Array(sealed.dropFirst(8)), place: place)
    {
      return plain
    }
    // What the first key sealed begins with a random nonce, which may look like an id.
    guard let first = keys[.first] else { throw UnsealError() }
    return try MasterKey(first).open(sealed, place: place)
  }

  public func wrap(_ wrapped: SymmetricKey, place: String) -> [UInt8] { seal(wrapped.reveal(), place: place) }

  public func unwrap(_ wrapped: [UInt8], place: String) throws(UnsealError) -> SymmetricKey {
    guard let key = SymmetricKey(try open(wrapped, place: place)) else { throw UnsealError() }
    return key
  }

  /// Tells keys apart without showing them: 16 hex digits, nil for a key that is not here.
  public func fingerprint(of id: KeyID) -> String? {
    keys[id].map { key in
      Hex.encode(HMACSHA256.code(key: key.reveal(), message: Array("esteira key".utf8)).prefix(8))
    }
  }
}
