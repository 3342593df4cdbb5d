/// Bytes sealed under a passphrase: PBKDF2-SHA256 makes a key of it, which seals with AES-256-GCM.
public struct PassphraseBox: Sendable, Hashable {
  /// OWASP's number of 2023 for PBKDF2 with SHA-256.
  public static let usualIterations = 600_000
  /// A file that asks for more is not waited for.
  public static let mostIterations = 10_000_000
  public static let saltSize = 32

  public var iterations: Int
  public var salt: [UInt8]
  public var nonce: [UInt8]
  public var sealed: [UInt8]
  public var tag: [UInt8]

  public init(iterations: Int, salt: [UInt8], nonce: [UInt8], sealed: [UInt8], tag: [UInt8]) {
    (self.iterations, self.salt, self.nonce) = (iterations, salt, nonce)
    (self.sealed, self.tag) = (sealed, tag)
  }

  public init(_ plain: [UInt8], key: PassphraseKey) {
    let bytes = AES256GCM.seal(plain, key: key.key, additionalData: key.binding)
    self.init(
      iterations: key.iterations, salt: key.salt, nonce: Array(bytes.prefix(Sealer.nonceSize)),
      sealed: Array(bytes.dropFirst(Sealer.nonceSize).dropLast(Sealer.tagSize)),
      tag: Array(bytes.suffix(Sealer.tagSize)))
  }

  /// The key that this passphrase gives, whether it opens or not; nil for numbers that no box has.
  public func key(_ passphrase: [UInt8]) -> PassphraseKey? {
    guard (1...Self.mostIterations).contains(iterations), salt.count == Self.saltSize,
      nonce.count == Sealer.nonceSize, tag.count == Sealer.tagSize
    else { return nil }
    return PassphraseKey(passphrase, salt: salt, iterations: iterations)
  }

  public func open(_ key: PassphraseKey) throws(UnsealError) -> [UInt8] {
    try AES256GCM.open(nonce + sealed + tag, key: key.key, additionalData: key.binding)
  }
}

/// What a passphrase became: it seals again without being asked for again.
public struct PassphraseKey: Sendable {
  let key: SymmetricKey
  let salt: [UInt8]
  let iterations: Int

  /// Slow on purpose.
  public init(
    _ passphrase: [UInt8], salt: [UInt8] = SecureRandom.bytes(PassphraseBox.saltSize),
    iterations: Int = PassphraseBox.usualIterations
  ) {
    let bytes = PBKDF2.sha256(
      password: passphrase, salt: salt, iterations: iterations, count: SymmetricKey.byteCount)
    guard let key = SymmetricKey(bytes) else { preconditionFailure("A derived key has 32 bytes.") }
    (self.key, self.salt, self.iterations) = (key, salt, iterations)
  }

  /// The parameters are part of what is authenticated.
  var binding: [UInt8] { Array("pbkdf2-sha256 \(iterations) ".utf8) + salt }
}
