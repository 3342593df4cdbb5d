internal import COpenSSL

/// The cipher of age files (RFC 8439). Esteira's own data is sealed with AES-256-GCM.
enum ChaCha20Poly1305 {
  static let keySize = 32
  static let nonceSize = 12
  static let tagSize = 16

  /// The ciphertext and its tag.
  static func seal(_ plain: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8]) -> [UInt8] {
    let state = CipherState(key: key, nonce: nonce, encrypts: true)
    var sealed = state.update(Array(plain))
    sealed += state.tag()
    return sealed
  }

  static func open(_ sealed: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8]) throws(UnsealError) -> [UInt8] {
    guard sealed.count >= tagSize else { throw UnsealError() }
    let state = CipherState(key: key, nonce: nonce, encrypts: false)
    let plain = state.update(Array(sealed.dropLast(tagSize)))
    guard state.accepts(Array(sealed.suffix(tagSize))) else { throw UnsealError() }
    return plain
  }
}

/// One text under one nonce.
@safe private struct CipherState: ~Copyable {
  private let context: OpaquePointer

  init(key: [UInt8], nonce: [UInt8], encrypts: Bool) {
    precondition(
      key.count == ChaCha20Poly1305.keySize && nonce.count == ChaCha20Poly1305.nonceSize,
      "A key has 32 bytes and a nonce 12.")
    guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("No memory for a cipher.") }
    self.context = context
    check(EVP_CipherInit_ex2(context, EVP_chacha20_poly1305(), key, nonce, encrypts ? 1 : 0, nil))
  }

  deinit { EVP_CIPHER_CTX_free(context) }

  borrowing func update(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.isEmpty { return [] }
    var output = [UInt8](repeating: 0, count: bytes.count)
    var written: Int32 = 0
    output.withUnsafeMutableBufferPointer {
      check(EVP_CipherUpdate(context, $0.baseAddress, &written, bytes, Int32(bytes.count)))
    }
    precondition(Int(written) == bytes.count, "A stream cipher writes as much as it reads.")
    return output
  }

  borrowing func tag() -> [UInt8] {
    var (rest, written): ([UInt8], Int32) = ([UInt8](repeating: 0, count: 16), 0)
    check(rest.withUnsafeMutableBufferPointer { EVP_CipherFinal_ex(context, $0.baseAddress, &written) })
    var tag = [UInt8](repeating: 0, count: ChaCha20Poly1305.tagSize)
    check(
      tag.withUnsafeMutableBytes {
        EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_AEAD_GET_TAG, Int32(ChaCha20Poly1305.tagSize), $0.baseAddress)
      })
    return tag
  }

  borrowing func accepts(_ tag: [UInt8]) -> Bool {
    var tag = tag
    check(
      tag.withUnsafeMutableBytes {
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32($0.count), $0.baseAddress)
      })
    var (rest, written): ([UInt8], Int32) = ([UInt8](repeating: 0, count: 16), 0)
    return rest.withUnsafeMutableBufferPointer { EVP_CipherFinal_ex(context, $0.baseAddress, &written) } == 1
  }

  private borrowing func check(_ code: Int32) {
    precondition(code == 1, "OpenSSL refuses ChaCha20-Poly1305.")
  }
}
