import Crypto
import Testing

private func hex(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text)) }

@Suite("Passwords as they are stored", .timeLimit(.minutes(1)))
struct PasswordHashTests {
  @Test("The hash is PBKDF2-HMAC-SHA256 as others make it")
  func vector() throws {
    // RFC 7914, section 11: 64 bytes, of which the first 32 are these.
    let hash = PasswordHash(of: "Password", iterations: 80_000, salt: Array("NaCl".utf8))
    let expected = Base64.encode(
      try hex("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56")
    ).prefix { $0 != "=" }
    #expect(hash.text == "$pbkdf2-sha256$i=80000$TmFDbA$\(expected)")
  }

  @Test("What is stored matches its password and no other", arguments: ["", "x", "ação 🦭", "a\u{0}b"])
  func matching(password: String) throws {
    let made = PasswordHash(of: password, iterations: 10, salt: SecureRandom.bytes(32))
    let read = try #require(PasswordHash(made.text))
    #expect(read == made && read.matches(password))
    for other in [password + "x", "y", password + "\u{0}", password.uppercased() + "!"] {
      #expect(!read.matches(other))
    }
  }

  @Test("Equal text in another normal form is another password")
  func normalForms() {
    #expect(!PasswordHash(of: "é", iterations: 1, salt: []).matches("e\u{301}"))
  }

  @Test("What is no such text is none")
  func malformed() {
    let good = PasswordHash(of: "x", iterations: 10, salt: [1]).text
    for text in [
      "", "$", good + "$", " " + good, good + " ", good.replacing("i=10", with: "i=0"),
      good.replacing("i=10", with: "i=010"), good.replacing("i=10", with: "i=-1"),
      good.replacing("i=10", with: "i=99999999"), good.replacing("sha256", with: "sha1"),
      good.replacing("i=10", with: "i=+10"), String(good.dropLast()),
    ] { #expect(PasswordHash(text) == nil, "\(text)") }
  }

  @Test("Another count, or a shorter salt, is to be made anew")
  func rehash() {
    let salt = [UInt8](repeating: 7, count: PasswordHash.saltSize)
    #expect(!PasswordHash(of: "x", iterations: 5, salt: salt).needsRehash(iterations: 5))
    #expect(PasswordHash(of: "x", iterations: 5, salt: salt).needsRehash())
    #expect(PasswordHash(of: "x", iterations: 5, salt: [1]).needsRehash(iterations: 5))
    #expect(PasswordHash.iterations == 600_000)
  }

  @Test("It is not printed")
  func secret() {
    let hash = PasswordHash(of: "x", iterations: 5, salt: [1])
    var dumped = ""
    dump(hash, to: &dumped)
    #expect(!"\(hash) \(String(reflecting: hash)) \(dumped)".contains("pbkdf2"))
  }
}

@Suite("One-time codes", .timeLimit(.minutes(1)))
struct TOTPTests {
  @Test(
    "The codes are those of RFC 6238",
    arguments: [
      (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
      (1_234_567_890, "89005924"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ] as [(Int64, String)])
  func vectors(seconds: Int64, code: String) {
    let totp = TOTP(seed: Array("12345678901234567890".utf8))
    #expect(totp.code(step: TOTP.step(at: seconds), digits: 8) == code)
    #expect(totp.code(step: TOTP.step(at: seconds)) == String(code.suffix(6)))
  }

  @Test("A code is taken one step early or late, and never a step that was used, or one before it")
  func window() {
    let totp = TOTP(seed: [1, 2, 3])
    let now: Int64 = 1_790_000_015
    let step = TOTP.step(at: now)
    for off in Int64(-3)...3 {
      let found = totp.step(of: totp.code(step: step + off), at: now, after: nil)
      #expect(found == (abs(off) <= 1 ? step + off : nil))
    }
    #expect(totp.step(of: totp.code(step: step), at: now, after: step) == nil)
    #expect(totp.step(of: totp.code(step: step - 1), at: now, after: step) == nil)
    #expect(totp.step(of: totp.code(step: step + 1), at: now, after: step) == step + 1)
    for text in ["", "1", "0000000", "１２３４５６"] { #expect(totp.step(of: text, at: now, after: nil) == nil) }
  }

  @Test("Seeds are written in base32 as RFC 4648 shows it")
  func base32() {
    let vectors = [
      "": "", "f": "MY", "fo": "MZXQ", "foo": "MZXW6", "foob": "MZXW6YQ", "fooba": "MZXW6YTB",
      "foobar": "MZXW6YTBOI",
    ]
    for (plain, text) in vectors {
      #expect(Base32.encode(Array(plain.utf8)) == text)
      #expect(Base32.decode(text.lowercased()) == Array(plain.utf8))
    }
    for text in ["M", "MZ1", "MY======", "MZ", "MY Y", "M8"] {
      #expect(Base32.decode(text) == nil, "\(text)")
    }
  }

  @Test("An app is told everything in one address")
  func uri() {
    #expect(
      TOTP(seed: Array("foobar".utf8)).uri(account: "ana", issuer: "Esteira & Co")
        == "otpauth://totp/Esteira%20%26%20Co:ana?secret=MZXW6YTBOI&issuer=Esteira%20%26%20Co"
        + "&algorithm=SHA1&digits=6&period=30")
  }
}

@Suite("Signatures of Ed25519", .timeLimit(.minutes(1)))
struct Ed25519Tests {
  @Test("Keys and signatures are those of RFC 8032")
  func vectors() throws {
    let vectors = [
      (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
          + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
      ),
      (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
      ),
    ]
    for (seed, publicKey, message, signature) in vectors {
      let key = try #require(Ed25519.PrivateKey(hex(seed)))
      #expect(try key.publicKey.bytes == hex(publicKey))
      #expect(try key.sign(hex(message)) == hex(signature))
      #expect(try key.publicKey.isValid(hex(signature), of: hex(message)))
      #expect(try key.reveal() == hex(seed))
    }
  }

  @Test("A changed message, signature or key is not valid")
  func changes() throws {
    let key = Ed25519.PrivateKey.generate()
    let message = Array("head".utf8)
    let signature = key.sign(message)
    #expect(key.publicKey.isValid(signature, of: message))
    #expect(!key.publicKey.isValid(signature, of: message + [0]))
    #expect(!Ed25519.PrivateKey.generate().publicKey.isValid(signature, of: message))
    for place in signature.indices {
      var changed = signature
      changed[place] ^= 1
      #expect(!key.publicKey.isValid(changed, of: message))
    }
    for count in [0, 63, 65] {
      #expect(!key.publicKey.isValid([UInt8](repeating: 0, count: count), of: message))
    }
    #expect(Ed25519.PublicKey([1, 2]) == nil && Ed25519.PrivateKey([]) == nil)
    #expect(!"\(key) \(String(reflecting: key))".contains(Hex.encode(key.reveal())))
  }
}

@Suite("Texts of bytes in addresses", .timeLimit(.minutes(1)))
struct Base64URLTests {
  @Test("Every length goes there and back, and has one spelling")
  func roundTrip() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
      let text = Base64URL.encode(bytes)
      #expect(!text.contains { "+/=".contains($0) })
      #expect(Base64URL.decode(text) == bytes)
    }
    for text in ["A", "AB", "AAAAA", "AA=", "AA==", "A+AA", "A/AA", "AA A", "AA\n", "é"] {
      #expect(Base64URL.decode(text) == nil, "\(text)")
    }
  }
}

@Suite("Keys of other systems", .timeLimit(.minutes(1)))
struct PublicKeyTests {
  @Test("A key that is too small, even, or no point of the curve is none")
  func bad() {
    let modulus = [UInt8](repeating: 0xFF, count: 256)
    #expect(PublicKey.rsa(checking: modulus, [1, 0, 1]) != nil)
    #expect(PublicKey.rsa(checking: Array(modulus.prefix(128)), [1, 0, 1]) == nil)
    #expect(PublicKey.rsa(checking: [0, 0] + modulus.prefix(255), [1, 0, 1]) == nil)
    #expect(PublicKey.rsa(checking: modulus + [UInt8](repeating: 1, count: 1_000), [1, 0, 1]) == nil)
    for exponent in [[], [0], [2], [1], [1, 0, 0], [UInt8](repeating: 1, count: 9)] as [[UInt8]] {
      #expect(PublicKey.rsa(checking: modulus, exponent) == nil)
    }
    #expect(
      PublicKey.p256(checking: [UInt8](repeating: 1, count: 32), [UInt8](repeating: 1, count: 32)) == nil)
    #expect(PublicKey.p256(checking: [], []) == nil)
  }
}
