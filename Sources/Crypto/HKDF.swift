/// Keys from other keys (RFC 5869), with SHA-256.
public enum HKDF {
  /// At most 255 blocks of the hash.
  public static let mostBytes = 255 * SHA256.byteCount

  public static func sha256(key: [UInt8], salt: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
    precondition(count > 0 && count <= mostBytes, "HKDF gives 1 to 8,160 bytes.")
    let extracted = HMACSHA256.code(key: salt, message: key)
    var (output, block): ([UInt8], [UInt8]) = ([], [])
    for number in 1...(count + SHA256.byteCount - 1) / SHA256.byteCount {
      block = HMACSHA256.code(key: extracted, message: block + info + [UInt8(number)])
      output += block
    }
    return Array(output.prefix(count))
  }
}
