internal import COpenSSL

/// A key of OpenSSL: owns its handle, which is freed exactly once.
@safe struct EVPKey: ~Copyable {
  private let handle: OpaquePointer

  private init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { EVP_PKEY_free(handle) }

  init?(privateEd25519 bytes: [UInt8]) {
    guard bytes.count == Ed25519.keySize,
      let handle = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
    else { return nil }
    self.init(handle)
  }

  init?(publicEd25519 bytes: [UInt8]) {
    guard bytes.count == Ed25519.keySize,
      let handle = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
    else { return nil }
    self.init(handle)
  }

  /// A point that is not on the curve is refused by OpenSSL.
  init?(p256Point point: [UInt8]) {
    var (group, point) = (Array("prime256v1".utf8CString), point)
    let size = point.count
    let made = group.withUnsafeMutableBufferPointer { group in
      point.withUnsafeMutableBufferPointer { point in
        Self.make(
          "EC",
          [
            OSSL_PARAM_construct_utf8_string(Name.group, group.baseAddress, 0),
            OSSL_PARAM_construct_octet_string(Name.point, point.baseAddress, size),
          ])
      }
    }
    guard let made else { return nil }
    self.init(made)
  }

  /// Both numbers begin with their highest byte.
  init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
    // OpenSSL takes numbers as this machine writes them, the lowest byte first.
    var (modulus, exponent) = (Array(modulus.reversed()), Array(exponent.reversed()))
    let (size, exponentSize) = (modulus.count, exponent.count)
    let made = modulus.withUnsafeMutableBufferPointer { modulus in
      exponent.withUnsafeMutableBufferPointer { exponent in
        Self.make(
          "RSA",
          [
            OSSL_PARAM_construct_BN(Name.modulus, modulus.baseAddress, size),
            OSSL_PARAM_construct_BN(Name.exponent, exponent.baseAddress, exponentSize),
          ])
      }
    }
    guard let made else { return nil }
    self.init(made)
  }

  /// Names of parameters. A parameter keeps the address of its name, so a name has to stay where it is.
  private enum Name {
    static var group: UnsafePointer<CChar> { address(of: "group") }
    static var point: UnsafePointer<CChar> { address(of: "pub") }
    static var modulus: UnsafePointer<CChar> { address(of: "n") }
    static var exponent: UnsafePointer<CChar> { address(of: "e") }

    /// A literal of the program, which ends in a zero byte.
    private static func address(of name: StaticString) -> UnsafePointer<CChar> {
      UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
  }

  /// `EVP_PKEY_PUBLIC_KEY`, which Swift cannot read out of its macro.
  private static let publicParts =
    OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS | OSSL_KEYMGMT_SELECT_OTHER_PARAMETERS
    | OSSL_KEYMGMT_SELECT_PUBLIC_KEY

  private static func make(_ kind: String, _ parameters: [OSSL_PARAM]) -> OpaquePointer? {
    guard let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var (parameters, made): ([OSSL_PARAM], OpaquePointer?) = (parameters + [OSSL_PARAM_construct_end()], nil)
    guard EVP_PKEY_fromdata_init(context) == 1 else { return nil }
    let code = EVP_PKEY_fromdata(context, &made, publicParts, &parameters)
    guard code == 1, let made else {
      ERR_clear_error()
      return nil
    }
    return made
  }

  /// Of an Ed25519 key.
  func publicBytes() -> [UInt8] {
    var (bytes, count) = ([UInt8](repeating: 0, count: Ed25519.keySize), Ed25519.keySize)
    let code = EVP_PKEY_get_raw_public_key(handle, &bytes, &count)
    precondition(code == 1 && count == Ed25519.keySize, "A key of Ed25519 has 32 bytes.")
    return bytes
  }

  /// With an Ed25519 key.
  func sign(_ message: [UInt8]) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("No memory for a signature.") }
    defer { EVP_MD_CTX_free(context) }
    var (signature, count) = ([UInt8](repeating: 0, count: Ed25519.signatureSize), Ed25519.signatureSize)
    let code =
      EVP_DigestSignInit(context, nil, nil, nil, handle) == 1
      ? EVP_DigestSign(context, &signature, &count, message, message.count) : 0
    precondition(code == 1 && count == Ed25519.signatureSize, "Ed25519 cannot fail.")
    return signature
  }

  /// `digest` is nil where the algorithm has its own.
  func verifies(_ signature: [UInt8], of message: [UInt8], digest: OpaquePointer?) -> Bool {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("No memory for a signature.") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, digest, nil, handle) == 1 else {
      ERR_clear_error()
      return false
    }
    let code = EVP_DigestVerify(context, signature, signature.count, message, message.count)
    // What does not match leaves a note, which the next to ask for an error would take for its own.
    if code != 1 { ERR_clear_error() }
    return code == 1
  }
}
