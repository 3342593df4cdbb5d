/// Files of age, version 1 (age-encryption.org/v1), for X25519 keys; in binary or in armour.
public enum Age {
  /// Larger files are no matter of keys and credentials.
  public static let largest = 16 << 20
  private static let version = "age-encryption.org/v1"
  private static let chunkSize = 65_536
  private static let fileKeySize = 16
  private static let payloadNonceSize = 16

  /// Binary.
  public static func encrypt(_ plain: [UInt8], to recipients: [AgeRecipient]) -> [UInt8] {
    precondition(!recipients.isEmpty, "A file is encrypted for somebody.")
    let fileKey = SecureRandom.bytes(fileKeySize)
    var header = version + "\n"
    for recipient in recipients { header += stanza(of: fileKey, to: recipient) }
    header += "---"
    let code = Base64.encode(mac(of: Array(header.utf8), fileKey)).filter { $0 != "=" }
    let nonce = SecureRandom.bytes(payloadNonceSize)
    var file = Array("\(header) \(code)\n".utf8) + nonce
    let key = payloadKey(fileKey, nonce)
    let count = max(1, (plain.count + chunkSize - 1) / chunkSize)
    for number in 0..<count {
      let chunk = plain[number * chunkSize..<min(plain.count, (number + 1) * chunkSize)]
      file += ChaCha20Poly1305.seal(chunk, key: key, nonce: self.nonce(number, isLast: number == count - 1))
    }
    return file
  }

  /// Tries each identity. Throws for a file that is none of age, was changed, or is for others.
  public static func decrypt(_ file: [UInt8], with identities: [AgeIdentity]) throws(UnsealError) -> [UInt8] {
    let file = try AgeArmour.removed(from: file)
    let header = try AgeHeader(file)
    for identity in identities {
      guard let fileKey = header.fileKey(for: identity) else { continue }
      guard constantTimeEqual(mac(of: header.covered, fileKey), header.mac) else { throw UnsealError() }
      return try open(file[header.end...], fileKey)
    }
    throw UnsealError()
  }

  private static func open(_ payload: ArraySlice<UInt8>, _ fileKey: [UInt8]) throws(UnsealError) -> [UInt8] {
    guard payload.count >= payloadNonceSize else { throw UnsealError() }
    let key = payloadKey(fileKey, Array(payload.prefix(payloadNonceSize)))
    var (rest, plain, number): (ArraySlice<UInt8>, [UInt8], Int) = (
      payload.dropFirst(payloadNonceSize), [], 0
    )
    let sealedSize = chunkSize + ChaCha20Poly1305.tagSize
    while true {
      let chunk = rest.prefix(sealedSize)
      rest = rest.dropFirst(sealedSize)
      let opened = try ChaCha20Poly1305.open(chunk, key: key, nonce: nonce(number, isLast: rest.isEmpty))
      // Only a whole file may be empty; an empty chunk at the end would be a second way to write a file.
      if opened.isEmpty, number > 0 { throw UnsealError() }
      plain += opened
      if rest.isEmpty { return plain }
      number += 1
    }
  }

  private static func stanza(of fileKey: [UInt8], to recipient: AgeRecipient) -> String {
    let ephemeral = AgeIdentity.generate()
    let share = ephemeral.recipient.key
    // A recipient that gives everybody the same secret gets a file that nobody opens.
    let shared = X25519.shared(secret: ephemeral.secret, with: recipient.key) ?? SecureRandom.bytes(32)
    let key = wrapKey(shared, share: share, recipient: recipient.key)
    let zero = [UInt8](repeating: 0, count: ChaCha20Poly1305.nonceSize)
    let body = ChaCha20Poly1305.seal(fileKey[...], key: key, nonce: zero)
    let encode = { (bytes: [UInt8]) in Base64.encode(bytes).filter { $0 != "=" } }
    return "-> X25519 \(encode(share))\n\(encode(body))\n"
  }

  static func wrapKey(_ shared: [UInt8], share: [UInt8], recipient: [UInt8]) -> [UInt8] {
    HKDF.sha256(key: shared, salt: share + recipient, info: Array("\(version)/X25519".utf8), count: 32)
  }

  private static func mac(of header: [UInt8], _ fileKey: [UInt8]) -> [UInt8] {
    let key = HKDF.sha256(key: fileKey, salt: [], info: Array("header".utf8), count: 32)
    return HMACSHA256.code(key: key, message: header)
  }

  private static func payloadKey(_ fileKey: [UInt8], _ nonce: [UInt8]) -> [UInt8] {
    HKDF.sha256(key: fileKey, salt: nonce, info: Array("payload".utf8), count: 32)
  }

  private static func nonce(_ number: Int, isLast: Bool) -> [UInt8] {
    let counter = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    return [0, 0, 0] + counter + [isLast ? 1 : 0]
  }
}
