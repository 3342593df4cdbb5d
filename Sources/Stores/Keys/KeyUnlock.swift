public import Crypto
public import Model

/// How the file of the master keys is protected, beside the rights of the file.
public enum KeyProtection: String, Sendable, CaseIterable {
  /// Whoever can read the file has the keys.
  case file
  /// PBKDF2-SHA256 over a passphrase.
  case passphrase
  /// Encrypted for an age identity.
  case age
}

/// Where a passphrase or an identity comes from, asked only where the file of the keys needs it.
public struct KeyUnlock: Sendable {
  /// Nil where there is none at hand.
  public var passphrase: @Sendable () throws(Problem) -> [UInt8]?
  /// Empty where there is none at hand.
  public var identities: @Sendable () throws(Problem) -> [AgeIdentity]
  /// Of a key that a first start makes.
  public var first: KeyProtection

  public init(
    first: KeyProtection = .file,
    passphrase: @escaping @Sendable () throws(Problem) -> [UInt8]? = { () throws(Problem) in nil },
    identities: @escaping @Sendable () throws(Problem) -> [AgeIdentity] = { () throws(Problem) in [] }
  ) { (self.first, self.passphrase, self.identities) = (first, passphrase, identities) }

  public static let none = KeyUnlock()
}
