internal import COpenSSL

/// The bytes were changed, or were sealed under another key or for another place.
public struct UnsealError: Error, Sendable, Hashable {
  public init() {}
}

/// Seals and opens with AES-256-GCM: 12 bytes of random nonce, the ciphertext, 16 bytes of tag, side by side.
///
/// Owns the cipher's contexts, so that sealing many small texts costs no allocation. The additional data is
/// not stored: whoever opens must know it, so that a ciphertext cannot be moved to another place.
@safe public struct Sealer: ~Copyable {
  public static let nonceSize = 12
  public static let tagSize = 16
  /// How much longer a sealed text is than its plain one.
  public static let overhead = nonceSize + tagSize

  private let encryption: Cipher
  private let decryption: Cipher
  private var nonces = NoncePool()

  public init() {
    encryption = Cipher(encrypts: true)
    decryption = Cipher(encrypts: false)
  }

  /// Appends the sealed text to `output` and returns where it lies there.
  @discardableResult
  public mutating func seal(
    _ plain: Span<UInt8>, key: SymmetricKey, additionalData: Span<UInt8>, into output: inout [UInt8]
  ) -> Range<Int> {
    let start = output.count
    output.reserveCapacityGeometrically(for: plain.count + Self.overhead)
    nonces.take(into: &output)
    encryption.start(key: key, nonce: output.span.extracting(start..<start + Self.nonceSize))
    encryption.encrypt(plain, additionalData: additionalData, into: &output)
    return start..<output.count
  }

  @discardableResult
  public mutating func seal(
    _ plain: [UInt8], _ range: Range<Int>, key: SymmetricKey, additionalData: [UInt8],
    into output: inout [UInt8]
  ) -> Range<Int> {
    seal(plain.span.extracting(range), key: key, additionalData: additionalData.span, into: &output)
  }

  /// Appends the plain text to `output`; leaves `output` as it was when the text is not authentic.
  public mutating func open(
    _ sealed: Span<UInt8>, key: SymmetricKey, additionalData: Span<UInt8>, into output: inout [UInt8]
  ) throws(UnsealError) {
    guard sealed.count >= Self.overhead else { throw UnsealError() }
    decryption.start(key: key, nonce: sealed.extracting(0..<Self.nonceSize))
    let body = sealed.extracting(Self.nonceSize..<sealed.count)
    guard decryption.decrypt(body, additionalData: additionalData, into: &output) else { throw UnsealError() }
  }

  public mutating func open(
    _ sealed: [UInt8], _ range: Range<Int>, key: SymmetricKey, additionalData: [UInt8],
    into output: inout [UInt8]
  ) throws(UnsealError) {
    try open(sealed.span.extracting(range), key: key, additionalData: additionalData.span, into: &output)
  }

  /// For test vectors: a nonce that repeats under one key gives everything away.
  package mutating func sealWithGivenNonce(
    _ plain: [UInt8], nonce: [UInt8], key: SymmetricKey, additionalData: [UInt8]
  ) -> [UInt8] {
    var output = nonce
    encryption.start(key: key, nonce: nonce.span)
    encryption.encrypt(plain.span, additionalData: additionalData.span, into: &output)
    return output
  }
}

/// Seals one text at a time; where many follow each other, hold a `Sealer`.
public enum AES256GCM {
  /// Appends nonce, ciphertext and tag to `output`.
  public static func seal(
    _ plain: [UInt8], key: SymmetricKey, additionalData: [UInt8] = [], into output: inout [UInt8]
  ) {
    var sealer = Sealer()
    sealer.seal(plain.span, key: key, additionalData: additionalData.span, into: &output)
  }

  public static func seal(_ plain: [UInt8], key: SymmetricKey, additionalData: [UInt8] = []) -> [UInt8] {
    var output: [UInt8] = []
    seal(plain, key: key, additionalData: additionalData, into: &output)
    return output
  }

  public static func open(
    _ sealed: [UInt8], key: SymmetricKey, additionalData: [UInt8] = []
  ) throws(UnsealError) -> [UInt8] {
    var sealer = Sealer()
    var output: [UInt8] = []
    try sealer.open(sealed.span, key: key, additionalData: additionalData.span, into: &output)
    return output
  }
}

/// Random bytes fetched many nonces at a time: asking the generator costs more than sealing a short text.
private struct NoncePool {
  private static let count = 341
  private var bytes = [UInt8](repeating: 0, count: count * Sealer.nonceSize)
  private var next = count * Sealer.nonceSize

  mutating func take(into output: inout [UInt8]) {
    if next == bytes.count {
      SecureRandom.fill(&bytes)
      next = 0
    }
    output.append(contentsOf: bytes[next..<next + Sealer.nonceSize])
    next += Sealer.nonceSize
  }
}

extension [UInt8] {
  /// Room for `count` more, growing at least by half so that an arena is not copied at each append.
  fileprivate mutating func reserveCapacityGeometrically(for count: Int) {
    let needed = self.count + count
    if needed > capacity { reserveCapacity(Swift.max(needed, capacity + capacity / 2)) }
  }
}
