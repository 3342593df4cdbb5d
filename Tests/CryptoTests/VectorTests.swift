import Crypto
import Foundation
import Testing

/// The vectors of Wycheproof, read from beside the repository where they are present.
private struct Vectors: Decodable {
  struct Group: Decodable {
    var keySize: Int
    var ivSize: Int?
    var tagSize: Int
    var tests: [Case]
  }
  struct Case: Decodable {
    var tcId: Int
    var key, msg, tag, result: String
    var iv, aad, ct: String?
  }
  var testGroups: [Group]

  static func read(_ name: String) -> Vectors? {
    var folder = URL(filePath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { break }
      folder = folder.deletingLastPathComponent()
    }
    let file = folder.deletingLastPathComponent().appending(path: "shared/data/wycheproof/\(name)")
    guard let data = try? Data(contentsOf: file) else { return nil }  // Absent: the test is skipped.
    return try? JSONDecoder().decode(Vectors.self, from: data)
  }
}

private func bytes(_ hex: String?) throws -> [UInt8] { try #require(Hex.decode(hex ?? "")) }

@Suite("Cryptography agrees with Wycheproof", .timeLimit(.minutes(1)))
struct VectorTests {
  @Test(
    "every HMAC-SHA-256 case, truncated tags included",
    .enabled(if: Vectors.read("hmac_sha256_test.json") != nil, "../shared/data/wycheproof is absent"))
  func hmac() throws {
    var applied = 0
    for group in try #require(Vectors.read("hmac_sha256_test.json")).testGroups {
      for test in group.tests {
        let code = HMACSHA256.code(key: try bytes(test.key), message: try bytes(test.msg))
        let isValid = constantTimeEqual(Array(code.prefix(group.tagSize / 8)), try bytes(test.tag))
        #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
        applied += 1
      }
    }
    #expect(applied == 174)
  }

  @Test(
    "every AES-GCM case with a 256-bit key and a 96-bit nonce",
    .enabled(if: Vectors.read("aes_gcm_test.json") != nil, "../shared/data/wycheproof is absent"))
  func gcm() throws {
    var applied = 0
    var sealer = Sealer()
    for group in try #require(Vectors.read("aes_gcm_test.json")).testGroups
    where group.keySize == 256 && group.ivSize == 96 {
      for test in group.tests {
        let key = try #require(SymmetricKey(try bytes(test.key)))
        let (nonce, aad, plain) = (try bytes(test.iv), try bytes(test.aad), try bytes(test.msg))
        let expected = try nonce + bytes(test.ct) + bytes(test.tag)
        let sealed = sealer.sealWithGivenNonce(plain, nonce: nonce, key: key, additionalData: aad)
        let opened = try? AES256GCM.open(expected, key: key, additionalData: aad)  // Nil: not authentic.
        #expect((sealed == expected) == (test.result == "valid"), "case \(test.tcId)")
        #expect(opened == (test.result == "valid" ? plain : nil), "case \(test.tcId)")
        applied += 1
      }
    }
    #expect(applied == 66)
  }
}
