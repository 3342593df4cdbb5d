/// A signed token in its compact form, taken apart and not believed: header, payload and signature, each in
/// base64url. What the header says is read by whoever knows JSON.
public struct CompactJWS: Sendable, Hashable {
  /// Longer ones are refused before anything is made of them.
  public static let longest = 16_384

  public var header: [UInt8]
  public var payload: [UInt8]
  public var signature: [UInt8]
  /// The bytes that are signed.
  public var signed: [UInt8]

  /// Nil unless there are exactly three parts, each canonical base64url, and none of them empty.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.longest else { return nil }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 3, !parts.contains(where: \.isEmpty), let header = Base64URL.decode(parts[0]),
      let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2])
    else { return nil }
    (self.header, self.payload, self.signature) = (header, payload, signature)
    signed = Array("\(parts[0]).\(parts[1])".utf8)
  }

  /// HS256. In constant time.
  public func isSigned(with key: [UInt8]) -> Bool {
    HMACSHA256.isValid(signature, key: key, message: signed)
  }

  public func isSigned(with key: PublicKey) -> Bool { key.isValid(signature, of: signed) }

  /// HS256.
  public static func sign(header: [UInt8], payload: [UInt8], key: [UInt8]) -> String {
    let signed = "\(Base64URL.encode(header)).\(Base64URL.encode(payload))"
    let code = HMACSHA256.code(key: key, message: Array(signed.utf8))
    return "\(signed).\(Base64URL.encode(code))"
  }
}
