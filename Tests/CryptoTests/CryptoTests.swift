import Crypto
import Testing

@Suite("Sealing", .timeLimit(.minutes(1)))
struct SealerTests {
  let key = SymmetricKey.generate()

  @Test(
    "what was sealed opens again, whatever its size", arguments: [0, 1, 15, 16, 17, 300, 65_536, 1_000_003])
  func roundTrip(size: Int) throws {
    let plain = SecureRandom.bytes(size)
    var sealer = Sealer()
    var arena: [UInt8] = [1, 2, 3]
    let place = sealer.seal(plain, 0..<size, key: key, additionalData: [9], into: &arena)
    #expect(place == 3..<3 + size + Sealer.overhead)
    var opened: [UInt8] = [7]
    try sealer.open(arena, place, key: key, additionalData: [9], into: &opened)
    #expect(opened == [7] + plain)
  }

  @Test("a changed byte, another key and another place are refused, and leave nothing behind")
  func refused() throws {
    let sealed = AES256GCM.seal(Array("salary".utf8), key: key, additionalData: [1])
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: UnsealError()) { try AES256GCM.open(changed, key: key, additionalData: [1]) }
    }
    #expect(throws: UnsealError()) { try AES256GCM.open(sealed, key: key, additionalData: [2]) }
    #expect(throws: UnsealError()) { try AES256GCM.open(sealed, key: .generate(), additionalData: [1]) }
    #expect(throws: UnsealError()) { try AES256GCM.open(Array(sealed.prefix(27)), key: key) }

    var sealer = Sealer()
    var output: [UInt8] = [5]
    #expect(throws: UnsealError()) {
      try sealer.open(sealed, 0..<sealed.count, key: key, additionalData: [2], into: &output)
    }
    #expect(output == [5])
    try sealer.open(sealed, 0..<sealed.count, key: key, additionalData: [1], into: &output)
    #expect(output == [5] + Array("salary".utf8))
  }

  @Test("one sealer serves many keys, and never repeats a nonce")
  func manyKeys() throws {
    var sealer = Sealer()
    let keys = (0..<3).map { _ in SymmetricKey.generate() }
    var (arena, places): ([UInt8], [Range<Int>]) = ([], [])
    for number in 0..<2_000 {
      let text = Array("\(number)".utf8)
      places.append(
        sealer.seal(text, 0..<text.count, key: keys[number % 3], additionalData: [], into: &arena))
    }
    for (number, place) in places.enumerated() {
      var text: [UInt8] = []
      try sealer.open(arena, place, key: keys[number % 3], additionalData: [], into: &text)
      #expect(text == Array("\(number)".utf8))
    }
    #expect(Set(places.map { Array(arena[$0].prefix(Sealer.nonceSize)) }).count == 2_000)
  }

  @Test("a key cannot be printed, and has 32 bytes")
  func keys() {
    let bytes = (0..<32).map { UInt8($0 + 100) }
    let key = SymmetricKey(bytes)
    #expect(key?.reveal() == bytes)
    #expect(SymmetricKey([]) == nil)
    #expect(SymmetricKey(bytes + [0]) == nil)
    var dumped = ""
    dump(key, to: &dumped)
    #expect("\(String(describing: key)) \(String(reflecting: key)) \(dumped)".contains("•••"))
    #expect(!dumped.contains("100") && !dumped.contains("7234017283807667300"))
  }
}

@Suite("Hashes and text forms", .timeLimit(.minutes(1)))
struct HashTests {
  @Test("SHA-256 of known texts")
  func known() {
    #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test("a text in pieces has the hash of the whole, and the value can be used again")
  func pieces() {
    let text = SecureRandom.bytes(10_000)
    var hash = SHA256()
    for _ in 0..<2 {
      for start in stride(from: 0, to: text.count, by: 77) {
        hash.update(text, start..<min(start + 77, text.count))
      }
      #expect(hash.finish() == SHA256.digest(text))
    }
  }

  @Test("hexadecimal digits, both cases in, lower case out")
  func hex() {
    #expect(Hex.encode([0, 255, 171] as [UInt8]) == "00ffab")
    #expect(Hex.decode("00FFab") == [0, 255, 171])
    for wrong in ["0", "0g", "00 11", "é0"] { #expect(Hex.decode(wrong) == nil) }
  }

  @Test(
    "Base64 of RFC 4648",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func base64(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test(
    "Base64 that another encoder would not write is refused",
    arguments: ["Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "====", "=m9v", "Z===", "Zg==Zg==", "Zm-_"])
  func strictBase64(text: String) { #expect(Base64.decode(text) == nil) }

  @Test("comparing in constant time still compares")
  func constantTime() {
    #expect(constantTimeEqual([], []))
    #expect(constantTimeEqual([1, 2], [1, 2]))
    #expect(!constantTimeEqual([1, 2], [1, 3]))
    #expect(!constantTimeEqual([1], [1, 0]))
  }
}
