internal import COpenSSL

/// Signatures of Ed25519 (RFC 8032): 64 bytes that whoever has the public key can check.
public enum Ed25519 {
  public static let keySize = 32
  public static let signatureSize = 64

  /// Signs. It cannot be printed; only `reveal` shows it.
  public struct PrivateKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    private let seed: SymmetricKey
    public let publicKey: PublicKey

    /// Nil unless there are exactly 32 bytes.
    public init?(_ bytes: [UInt8]) {
      guard let seed = SymmetricKey(bytes), let handle = EVPKey(privateEd25519: bytes) else { return nil }
      self.seed = seed
      publicKey = PublicKey(trusted: handle.publicBytes())
    }

    public static func generate() -> PrivateKey {
      guard let key = PrivateKey(SecureRandom.bytes(keySize)) else {
        preconditionFailure("Any 32 bytes are a key of Ed25519.")
      }
      return key
    }

    public func sign(_ message: [UInt8]) -> [UInt8] {
      guard let handle = EVPKey(privateEd25519: seed.reveal()) else {
        preconditionFailure("OpenSSL has no Ed25519.")
      }
      return handle.sign(message)
    }

    /// The 32 bytes, for sealing them.
    public func reveal() -> [UInt8] { seed.reveal() }

    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
  }

  public struct PublicKey: Sendable, Hashable {
    public let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    public init?(_ bytes: [UInt8]) {
      guard bytes.count == keySize else { return nil }
      self.bytes = bytes
    }

    fileprivate init(trusted bytes: [UInt8]) { self.bytes = bytes }

    public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
      guard signature.count == signatureSize, let handle = EVPKey(publicEd25519: bytes) else { return false }
      return handle.verifies(signature, of: message, digest: nil)
    }
  }
}

extension Ed25519.PrivateKey: CustomReflectable {
  /// Empty, so that `dump` and reflection show nothing either.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
