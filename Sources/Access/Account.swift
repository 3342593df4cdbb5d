public import Crypto
public import Model

/// Somebody, or a program, who can sign in.
public struct Account: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case person
    /// A program: it has tokens and neither password nor second factor.
    case service
  }

  public enum State: String, Sendable, Hashable, CaseIterable {
    case active
    /// Until an admin unlocks it.
    case locked
    /// Kept for its history; it cannot act.
    case disabled
  }

  public var id: ID<Account>
  public var kind: Kind
  /// As histories name it: it never changes.
  public var name: String
  public var email: String?
  public var locale: Language
  public var state: State = .active
  /// Nil: no sign-in by password.
  public var password: PasswordHash?
  /// The password was set by somebody else, or printed: the next thing to do is to change it.
  public var mustChangePassword = false
  /// Issuer and subject of an outside sign-in, with a space between.
  public var oidcSubject: String?
  public var secondFactor: SecondFactor?
  public var createdAt: Timestamp
  public var createdBy: String
  public var lastSignInAt: Timestamp?
  public var passwordChangedAt: Timestamp?

  public init(
    id: ID<Account>, kind: Kind, name: String, email: String? = nil, locale: Language = .english,
    createdAt: Timestamp, createdBy: String
  ) {
    (self.id, self.kind, self.name, self.email, self.locale) = (id, kind, name, email, locale)
    (self.createdAt, self.createdBy) = (createdAt, createdBy)
  }

  public static let longestName = 63
  public static let longestEmail = 254
  /// Most accounts of one installation.
  public static let limit = 20_000

  /// Small letters, digits and `. _ -`, a letter or digit first: so no two names look or sort alike.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= longestName else { return false }
    return isLetterOrDigit(first)
      && text.utf8.allSatisfy { isLetterOrDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte)
  }

  /// Printable ASCII around one `@`: what is more than that only the mail itself can show.
  static func isEmail(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    return text.utf8.count <= longestEmail && parts.count == 2 && !parts.contains(where: \.isEmpty)
      && text.utf8.allSatisfy { (33...126).contains($0) }
  }

  public var hasSecondFactor: Bool { secondFactor?.confirmedAt != nil }
  public var actor: String { name }
}

/// Codes from an app, and codes on paper for when the app is gone.
public struct SecondFactor: Sendable, Hashable {
  /// Sealed for the place `second factor <account>`.
  public var sealedSeed: [UInt8]
  /// The step of the code that was used last: neither it nor an older one works again.
  public var lastStep: Int64?
  /// SHA-256 of each unused recovery code. They are random, so a slow hash would add nothing.
  public var recoveryHashes: [[UInt8]]
  /// Nil until the first code has shown that the app has the seed: until then sign-in does not ask for it.
  public var confirmedAt: Timestamp?

  public static let recoveryCodes = 10

  public init(
    sealedSeed: [UInt8], lastStep: Int64? = nil, recoveryHashes: [[UInt8]] = [],
    confirmedAt: Timestamp? = nil
  ) {
    (self.sealedSeed, self.lastStep) = (sealedSeed, lastStep)
    (self.recoveryHashes, self.confirmedAt) = (recoveryHashes, confirmedAt)
  }
}
