import Crypto
import Testing

@Suite("A ring of master keys", .timeLimit(.minutes(1)))
struct KeyRingTests {
  private let first = SymmetricKey.generate()

  @Test("with one key seals as a single key did, so that stores of before open")
  func single() throws {
    let ring = KeyRing(first)
    let old = MasterKey(first).seal([1, 2, 3], place: "job")
    #expect(try ring.open(old, place: "job") == [1, 2, 3])
    let new = ring.seal([4], place: "job")
    #expect(new.count == 1 + Sealer.overhead && KeyRing.id(of: new) == .first)
    #expect(try MasterKey(first).open(new, place: "job") == [4])
  }

  @Test("seals with the newest key and says which, and opens what older ones sealed")
  func rotated() throws {
    let old = KeyRing(first)
    let ring = old.rotated(to: KeyID(2), .generate()).rotated(to: KeyID(3), .generate())
    let before = old.seal([7], place: "p")
    let after = ring.seal([8], place: "p")
    #expect(KeyRing.id(of: before) == .first && KeyRing.id(of: after) == KeyID(3))
    #expect(after.starts(with: KeyRing.header(of: KeyID(3))))
    #expect(try ring.open(before, place: "p") == [7] && ring.open(after, place: "p") == [8])
    #expect(throws: UnsealError()) { try ring.open(after, place: "q") }
    #expect(throws: UnsealError()) { try old.open(after, place: "p") }
    #expect(throws: UnsealError()) { try ring.without([.first]).open(before, place: "p") }
    #expect(ring.without([KeyID(3)]).ids == ring.ids, "The active key stays.")
  }

  @Test("what says another key than it has is refused, whatever the bytes")
  func relabelled() throws {
    let ring = KeyRing(first).rotated(to: KeyID(2), .generate())
    let sealed = ring.seal([9], place: "p")
    for id in [KeyID.first, KeyID(3), KeyID(.max)] {
      let other = KeyRing.header(of: id) + sealed.dropFirst(8)
      #expect(throws: UnsealError()) { try ring.open(other, place: "p") }
    }
    for count in 0..<sealed.count {
      #expect(throws: UnsealError()) { try ring.open(Array(sealed.prefix(count)), place: "p") }
    }
  }

  @Test("tells keys apart without showing them")
  func fingerprints() {
    let ring = KeyRing(first).rotated(to: KeyID(2), .generate())
    let prints = ring.ids.compactMap { ring.fingerprint(of: $0) }
    #expect(Set(prints).count == 2 && prints.allSatisfy { $0.utf8.count == 16 })
    #expect(!Hex.encode(first.reveal()).contains(prints[0]))
    #expect(ring.fingerprint(of: KeyID(9)) == nil)
  }
}

@Suite("Keys from passphrases and from keys", .timeLimit(.minutes(1)))
struct DerivationTests {
  private func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

  /// RFC 7914, section 11.
  static let passwords: [(password: String, salt: String, iterations: Int, key: String)] = [
    (
      "passwd", "salt", 1,
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    ),
    (
      "Password", "NaCl", 80_000,
      "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
        + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
    ),
  ]

  @Test("PBKDF2 agrees with RFC 7914", arguments: passwords)
  func pbkdf2(_ password: String, _ salt: String, _ iterations: Int, _ key: String) {
    let made = PBKDF2.sha256(
      password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, count: 64)
    #expect(Hex.encode(made) == key)
  }

  @Test("PBKDF2 takes an empty password")
  func emptyPassword() {
    let keys = [[], [0 as UInt8]].map { PBKDF2.sha256(password: $0, salt: [1], iterations: 1, count: 32) }
    #expect(keys[0] == keys[1], "HMAC pads a key with zeros.")
    #expect(keys[0] != PBKDF2.sha256(password: [1], salt: [1], iterations: 1, count: 32))
  }

  /// RFC 5869, appendix A.1 to A.3.
  @Test("HKDF agrees with RFC 5869")
  func hkdf() {
    let key = [UInt8](repeating: 0x0b, count: 22)
    #expect(
      Hex.encode(
        HKDF.sha256(
          key: key, salt: bytes("000102030405060708090a0b0c"), info: bytes("f0f1f2f3f4f5f6f7f8f9"), count: 42)
      )
        == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    #expect(
      Hex.encode(
        HKDF.sha256(
          key: Array(0x00...0x4f), salt: Array(0x60...0xaf), info: Array(0xb0...0xff), count: 82))
        == "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")
    #expect(
      Hex.encode(HKDF.sha256(key: key, salt: [], info: [], count: 42))
        == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
  }

  @Test("a box opens with its passphrase alone, and with nothing of it changed")
  func box() throws {
    let key = PassphraseKey(Array("correct horse".utf8), iterations: 1_000)
    let box = PassphraseBox([1, 2, 3], key: key)
    #expect(box.salt.count == 32 && box.nonce.count == 12 && box.tag.count == 16)
    let again = try #require(box.key(Array("correct horse".utf8)))
    #expect(try box.open(again) == [1, 2, 3])
    let other = try #require(box.key(Array("correct horsf".utf8)))
    #expect(throws: UnsealError()) { try box.open(other) }
    var fewer = box
    fewer.iterations = 999
    let weak = try #require(fewer.key(Array("correct horse".utf8)))
    #expect(throws: UnsealError()) { try fewer.open(weak) }
    fewer.iterations = PassphraseBox.mostIterations + 1
    #expect(fewer.key([1]) == nil, "A file cannot make a start wait for hours.")
  }
}
