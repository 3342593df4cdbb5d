/// A password as it is stored: `$pbkdf2-sha256$i=600000$<salt>$<hash>`, both in base64 without padding.
///
/// PBKDF2-SHA256 and not scrypt: the source systems ask for it by name and count, it is what FIPS 140 allows,
/// it is the function that the master key's passphrase has too, and it takes no memory: eight sign-ins at
/// once with scrypt's usual 32 MiB would be half of what the whole server may have. What scrypt does better,
/// making guesses dear on graphics cards, matters once the file is stolen; then the master key still guards
/// what the accounts lead to, and a second factor stands beside the password.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  /// As OWASP asks for PBKDF2-SHA256.
  public static let iterations = 600_000
  public static let saltSize = 32
  /// A longer password is refused, so that nobody makes the server hash megabytes.
  public static let longestPassword = 1_024
  /// What a stored text may ask for: a changed row must not hold a thread for an hour.
  private static let allowed = 1...10_000_000

  /// As it is stored.
  public let text: String
  private let count: Int
  private let salt: [UInt8]
  private let hash: [UInt8]

  /// Takes a quarter of a second at the usual count: call it on a thread of its own.
  public init(of password: String, iterations: Int = iterations, salt: [UInt8]) {
    self.init(count: iterations, salt: salt, hash: Self.derive(password, salt, iterations))
  }

  /// Of no password: checking one against it takes as long as against any other. It costs nothing to make.
  public static func ofNobody(iterations: Int = iterations, random: (Int) -> [UInt8]) -> PasswordHash {
    PasswordHash(count: iterations, salt: random(saltSize), hash: random(SHA256.byteCount))
  }

  /// Nil for what is no such text.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "pbkdf2-sha256", parts[2].hasPrefix("i="),
      let count = Int(parts[2].dropFirst(2)), Self.allowed.contains(count),
      let salt = Self.decode(parts[3]), let hash = Self.decode(parts[4]), hash.count == SHA256.byteCount
    else { return nil }
    self.init(count: count, salt: salt, hash: hash)
    guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
  }

  private init(count: Int, salt: [UInt8], hash: [UInt8]) {
    (self.count, self.salt, self.hash) = (count, salt, hash)
    text = "$pbkdf2-sha256$i=\(count)$\(Self.encode(salt))$\(Self.encode(hash))"
  }

  /// In constant time, and as slow as making it. HMAC fills a short key up with zero bytes, so a password
  /// that ends in one would be taken for the one without: it matches nothing.
  public func matches(_ password: String) -> Bool {
    let isSame = constantTimeEqual(hash, Self.derive(password, salt, count))
    return isSame && password.utf8.last != 0
  }

  /// Whether it was made with another count than is wanted now: the next sign-in makes it anew.
  public func needsRehash(iterations: Int = iterations) -> Bool {
    count != iterations || salt.count != Self.saltSize
  }

  public var description: String { "•••" }
  public var debugDescription: String { "•••" }

  private static func derive(_ password: String, _ salt: [UInt8], _ iterations: Int) -> [UInt8] {
    PBKDF2.sha256(
      password: Array(password.utf8), salt: salt, iterations: iterations, count: SHA256.byteCount)
  }

  private static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: Base64.encode(bytes).utf8.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  private static func decode(_ text: String) -> [UInt8]? {
    let missing = (4 - text.utf8.count % 4) % 4
    return Base64.decode(text + String(repeating: "=", count: missing))
  }
}

extension PasswordHash: CustomReflectable {
  /// Empty, so that `dump` and reflection show nothing either.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
