internal import COpenSSL

/// One direction of AES-256-GCM with its context, used for one text after another.
@safe final class Cipher {
  private let context: OpaquePointer
  private let encrypts: Int32
  /// The key that the context is expanded for; expanding it again for each text of a job is saved.
  private var key: SymmetricKey?

  init(encrypts: Bool) {
    guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("No memory for a cipher.") }
    self.context = context
    self.encrypts = encrypts ? 1 : 0
    check(EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), nil, nil, self.encrypts, nil))
  }

  deinit { EVP_CIPHER_CTX_free(context) }

  func start(key: SymmetricKey, nonce: Span<UInt8>) {
    precondition(nonce.count == Sealer.nonceSize, "A nonce has 96 bits.")
    let isKnown = self.key == key
    self.key = key
    nonce.withUnsafeBufferPointer { nonce in
      if isKnown {
        check(EVP_CipherInit_ex2(context, nil, nil, nonce.baseAddress, encrypts, nil))
      } else {
        key.withBytes { check(EVP_CipherInit_ex2(context, nil, $0, nonce.baseAddress, encrypts, nil)) }
      }
    }
  }

  func encrypt(_ plain: Span<UInt8>, additionalData: Span<UInt8>, into output: inout [UInt8]) {
    authenticate(additionalData)
    output.append(addingCapacity: plain.count + Sealer.tagSize) { space in
      space.withUnsafeMutableBufferPointer { buffer, count in
        guard let start = buffer.baseAddress else { preconditionFailure("There is room for a tag.") }
        let written = update(plain, to: start)
        var last: Int32 = 0
        check(EVP_CipherFinal_ex(context, start + written, &last))
        let tag = UnsafeMutableRawPointer(start + written)
        check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Sealer.tagSize), tag))
        count += written + Sealer.tagSize
      }
    }
  }

  /// False leaves `output` as it was.
  func decrypt(_ body: Span<UInt8>, additionalData: Span<UInt8>, into output: inout [UInt8]) -> Bool {
    authenticate(additionalData)
    let size = body.count - Sealer.tagSize
    var isAuthentic = false
    // One byte of room more than needed, so that an empty text has an address too.
    output.append(addingCapacity: size + 1) { space in
      space.withUnsafeMutableBufferPointer { buffer, count in
        guard let start = buffer.baseAddress else { preconditionFailure("There is room for a text.") }
        let written = update(body.extracting(0..<size), to: start)
        isAuthentic = finish(tag: body.extracting(size..<body.count), after: start + written)
        if isAuthentic { count += written }
      }
    }
    return isAuthentic
  }

  private func finish(tag: Span<UInt8>, after end: UnsafeMutablePointer<UInt8>) -> Bool {
    tag.withUnsafeBufferPointer { tag in
      let bytes = UnsafeMutableRawPointer(mutating: tag.baseAddress)
      check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Sealer.tagSize), bytes))
    }
    var last: Int32 = 0
    return EVP_CipherFinal_ex(context, end, &last) == 1
  }

  private func authenticate(_ additionalData: Span<UInt8>) {
    guard !additionalData.isEmpty else { return }
    var ignored: Int32 = 0
    additionalData.withUnsafeBufferPointer {
      check(EVP_CipherUpdate(context, nil, &ignored, $0.baseAddress, Int32($0.count)))
    }
  }

  private func update(_ bytes: Span<UInt8>, to output: UnsafeMutablePointer<UInt8>) -> Int {
    guard !bytes.isEmpty else { return 0 }
    var written: Int32 = 0
    bytes.withUnsafeBufferPointer {
      check(EVP_CipherUpdate(context, output, &written, $0.baseAddress, Int32($0.count)))
    }
    return Int(written)
  }

  private func check(_ code: Int32) { precondition(code == 1, "OpenSSL refuses AES-256-GCM.") }
}
