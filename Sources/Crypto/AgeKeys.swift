/// The private half of an age key, `AGE-SECRET-KEY-1…`. It cannot be printed.
public struct AgeIdentity: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  private static let name = "age-secret-key-"
  let secret: [UInt8]
  public let recipient: AgeRecipient

  public static func generate() -> AgeIdentity {
    guard let identity = AgeIdentity(secret: SecureRandom.bytes(X25519.byteCount)) else {
      preconditionFailure("Any 32 bytes are a key.")
    }
    return identity
  }

  init?(secret: [UInt8]) {
    guard let key = X25519.publicKey(of: secret) else { return nil }
    (self.secret, recipient) = (secret, AgeRecipient(key: key))
  }

  public init?(_ text: String) {
    guard let (name, bytes) = Bech32.decode(text), name == Self.name else { return nil }
    self.init(secret: bytes)
  }

  /// The identities of a file as `age-keygen` writes it: one a line, with comments. Nil where a line is
  /// something else.
  public static func all(inFile bytes: [UInt8]) -> [AgeIdentity]? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var found: [AgeIdentity] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let identity = AgeIdentity(String(line.filter { !$0.isWhitespace })) else { return nil }
      found.append(identity)
    }
    return found.isEmpty ? nil : found
  }

  /// For the file of the identity.
  public func reveal() -> String { Bech32.encode(name: Self.name, secret).uppercased() }
  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
}

extension AgeIdentity: CustomReflectable {
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

/// The public half, `age1…`: whom a file is encrypted for.
public struct AgeRecipient: Sendable, Hashable, CustomStringConvertible {
  private static let name = "age"
  let key: [UInt8]

  init(key: [UInt8]) { self.key = key }

  public init?(_ text: String) {
    guard let (name, bytes) = Bech32.decode(text), name == Self.name, bytes.count == X25519.byteCount else {
      return nil
    }
    key = bytes
  }

  public var description: String { Bech32.encode(name: Self.name, key) }
}
