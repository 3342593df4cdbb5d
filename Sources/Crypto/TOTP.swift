internal import COpenSSL

/// Codes of six digits that follow from a seed and the time (RFC 6238 with SHA-1 and 30 seconds, which is
/// what every authenticator app knows). SHA-1 is safe inside HMAC; what is broken is that two texts may share
/// a sum.
public struct TOTP: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  public static let period: Int64 = 30
  public static let digits = 6
  public static let seedSize = 20
  /// How many steps a clock may be off, either way.
  public static let window: Int64 = 1

  private let seed: [UInt8]

  public init(seed: [UInt8]) { self.seed = seed }

  /// The step that a moment in seconds since 1970 lies in.
  public static func step(at seconds: Int64) -> Int64 { seconds / period }

  public func code(step: Int64) -> String { code(step: step, digits: Self.digits) }

  /// For the vectors of the RFC, which have eight digits.
  package func code(step: Int64, digits: Int) -> String {
    let message = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * Int64($0))) }
    let mac = HMACSHA1.code(key: seed, message: message)
    let start = Int(mac[19] & 15)
    let number = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(mac[start + $1]) } & 0x7FFF_FFFF
    let modulus = (0..<digits).reduce(UInt32(1)) { product, _ in product * 10 }
    let text = String(number % modulus)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }

  /// The step whose code it is, within the window and after `last`, the step of the code used before: so a
  /// code that somebody looked at over a shoulder does not work a second time. All steps are compared, each
  /// in constant time.
  public func step(of code: String, at seconds: Int64, after last: Int64?) -> Int64? {
    let (now, given) = (Self.step(at: seconds), Array(code.utf8))
    var found: Int64?
    for step in (now - Self.window)...(now + Self.window) {
      let isEqual = constantTimeEqual(Array(self.code(step: step).utf8), given)
      if isEqual, step > last ?? .min { found = step }
    }
    return found
  }

  /// What an app reads from a picture or a link.
  public func uri(account: String, issuer: String) -> String {
    let label = Self.escaped(issuer) + ":" + Self.escaped(account)
    return "otpauth://totp/\(label)?secret=\(Base32.encode(seed))&issuer=\(Self.escaped(issuer))"
      + "&algorithm=SHA1&digits=\(Self.digits)&period=\(Self.period)"
  }

  /// The seed for typing it in.
  public var base32: String { Base32.encode(seed) }

  public var description: String { "•••" }
  public var debugDescription: String { "•••" }

  private static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        escaped.append(byte)
      default: escaped += Array("%\(Hex.encode([byte]).uppercased())".utf8)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

extension TOTP: CustomReflectable {
  /// Empty, so that `dump` and reflection show nothing either.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

/// For `TOTP` only.
private enum HMACSHA1 {
  static let byteCount = 20

  static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: byteCount)
    var written = 0
    let held = key.isEmpty ? [0] : key
    let made = code.withUnsafeMutableBufferPointer { buffer in
      EVP_Q_mac(
        nil, "HMAC", nil, "SHA1", nil, held, key.count, message, message.count, buffer.baseAddress, byteCount,
        &written)
    }
    precondition(made != nil && written == byteCount, "OpenSSL has no HMAC-SHA-1.")
    return code
  }
}
