internal import COpenSSL

/// A key with which another system signs its tokens. Which algorithm it is for belongs to the key and is
/// never taken from the token.
public enum PublicKey: Sendable, Hashable {
  /// RS256: PKCS #1 1.5 with SHA-256. Both numbers begin with their highest byte.
  case rsa(modulus: [UInt8], exponent: [UInt8])
  /// ES256: a point of P-256, 32 bytes each.
  case p256(x: [UInt8], y: [UInt8])

  /// Shorter ones can be taken apart; longer ones make a token dear to check.
  public static let rsaBits = 2_048...8_192

  /// Nil where the numbers cannot be a key.
  public static func rsa(checking modulus: [UInt8], _ exponent: [UInt8]) -> PublicKey? {
    let number = Array(modulus.drop { $0 == 0 })
    guard let first = number.first, let last = exponent.last, last & 1 == 1, exponent.count <= 8,
      !exponent.elementsEqual([1]),
      rsaBits.contains(number.count * 8 - first.leadingZeroBitCount),
      !isOfGuessablePrimes(number), EVPKey(rsaModulus: number, exponent: exponent) != nil
    else { return nil }
    return .rsa(modulus: number, exponent: exponent)
  }

  /// Keys of a chip that made its primes in a way by which they can be found (CVE-2017-15361). Their
  /// remainders by small primes are all powers of 65,537; those of another key are so once in a hundred
  /// million.
  private static func isOfGuessablePrimes(_ modulus: [UInt8]) -> Bool {
    [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157].allSatisfy { prime in
      let remainder = modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }
      var power = 1
      for _ in 0..<prime {
        if power == remainder { return true }
        power = power * 65_537 % prime
      }
      return false
    }
  }

  public static func p256(checking x: [UInt8], _ y: [UInt8]) -> PublicKey? {
    guard x.count == 32, y.count == 32, EVPKey(p256Point: [4] + x + y) != nil else { return nil }
    return .p256(x: x, y: y)
  }

  public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    switch self {
    case .rsa(let modulus, let exponent):
      guard signature.count == modulus.count, let key = EVPKey(rsaModulus: modulus, exponent: exponent)
      else { return false }
      return key.verifies(signature, of: message, digest: EVP_sha256())
    case .p256(let x, let y):
      guard signature.count == 64, let key = EVPKey(p256Point: [4] + x + y) else { return false }
      return key.verifies(Self.der(signature), of: message, digest: EVP_sha256())
    }
  }

  /// Tokens carry both numbers side by side; OpenSSL reads them as a DER sequence.
  private static func der(_ signature: [UInt8]) -> [UInt8] {
    let numbers = integer(signature[0..<32]) + integer(signature[32..<64])
    return [0x30, UInt8(numbers.count)] + numbers
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var number = Array(bytes.drop { $0 == 0 })
    if number.isEmpty || number[0] & 0x80 != 0 { number.insert(0, at: 0) }
    return [0x02, UInt8(number.count)] + number
  }
}
