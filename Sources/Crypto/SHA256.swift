internal import COpenSSL

/// SHA-256 over bytes that arrive in pieces. One value hashes many messages: `finish` starts the next.
@safe public struct SHA256: ~Copyable {
  public static let byteCount = 32

  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("No memory for a hash.") }
    let code = EVP_DigestInit_ex2(context, EVP_sha256(), nil)
    precondition(code == 1, "OpenSSL has no SHA-256.")
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: Span<UInt8>) {
    let code = bytes.withUnsafeBufferPointer { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(code == 1, "A hash cannot fail.")
  }

  public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  public mutating func update(_ bytes: [UInt8], _ range: Range<Int>) { update(bytes.span.extracting(range)) }

  /// Appends the 32 bytes to `output` and begins anew.
  public mutating func finish(into output: inout [UInt8]) {
    let context = context
    output.append(addingCapacity: Self.byteCount) { space in
      space.withUnsafeMutableBufferPointer { buffer, count in
        var written: UInt32 = 0
        let code = EVP_DigestFinal_ex(context, buffer.baseAddress, &written)
        precondition(code == 1 && written == 32, "A hash cannot fail.")
        count += Int(written)
      }
    }
    precondition(EVP_DigestInit_ex2(context, nil, nil) == 1, "A hash cannot fail.")
  }

  public mutating func finish() -> [UInt8] {
    var digest: [UInt8] = []
    finish(into: &digest)
    return digest
  }

  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes.span)
    return hash.finish()
  }

  /// 64 lower-case digits.
  public static func hex(_ bytes: [UInt8]) -> String { Hex.encode(digest(bytes)) }
}
