import Crypto
import Foundation
import Model
import Testing

@testable import Engine

@Suite("Secrets in streams and in other spellings", .timeLimit(.minutes(2)))
struct MaskingStreamTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      return mixed ^ mixed >> 31
    }
  }

  private static func credential(_ secrets: [String]) -> Credential {
    Credential(name: "c", type: "t", values: secrets.map { (name: "k", secret: Secret($0)) })
  }

  /// What programs make of a secret, each with Foundation's or a plain way of its own.
  private static func spellings(_ secret: String, _ random: inout Generator) -> [String] {
    let data = Data(secret.utf8)
    let before = Data((0..<3).map { _ in UInt8.random(in: 0...255, using: &random) })
    let shifted = (0...2).map { (before.prefix($0) + data).base64EncodedString() }
    let urlSafe = shifted.map { $0.replacing("+", with: "-").replacing("/", with: "_") }
    let hex = data.map { String(format: "%02x", $0) }.joined()
    let json = (try? JSONSerialization.data(withJSONObject: [secret], options: [])) ?? Data()
    let plain =
      (try? JSONSerialization.data(withJSONObject: [secret], options: [.withoutEscapingSlashes])) ?? Data()
    let allowed = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let url = secret.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    return [secret, hex, hex.uppercased(), url, url.replacing("%20", with: "+")]
      + [json, plain].map { String(decoding: $0, as: UTF8.self) } + shifted + urlSafe
  }

  /// The part of a base64 spelling that only the secret decides, without which it is of no use.
  private static func core(_ secret: String) -> [String] {
    let bytes = Array(secret.utf8)
    return (0...2).map { before in
      let text = Array((Data(repeating: 0, count: before) + Data(bytes)).base64EncodedString().utf8)
      let own = text[(before * 8 + 5) / 6..<(before + bytes.count) * 8 / 6]
      return String(decoding: own, as: UTF8.self)
    }
  }

  private static func secret(_ random: inout Generator) -> String {
    let letters = Array("abcXYZ0189 /+=\"\\%&?<>é€𝄞\n\t_-~!'()*")
    let length = Int.random(in: 4...40, using: &random)
    // Letters that no base64 core of them could miss by chance.
    return "q" + String((0..<length).map { _ in letters.randomElement(using: &random) ?? "a" })
  }

  @Test("are hidden in every spelling, however the text is cut", arguments: 0..<60 as Range<UInt64>)
  func property(_ seed: UInt64) {
    var random = Generator(state: seed)
    let secrets = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.secret(&random) }
    let masking = Masking(Self.credential(secrets))
    for secret in secrets {
      for spelling in Self.spellings(secret, &random) {
        let text = "begin \(spelling) end"
        let bytes = Array(text.utf8)
        var (stream, output, rest) = (masking.stream(), [UInt8](), bytes[...])
        while !rest.isEmpty {
          let count = Int.random(in: 1...min(9, rest.count), using: &random)
          output += stream.take(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
        output += stream.finish()
        let masked = String(decoding: output, as: UTF8.self)
        #expect(masked == masking(text), "A stream and a whole text are the same.")
        #expect(masked.contains("•••"), "seed \(seed): \(spelling)")
        #expect(masked.hasPrefix("begin ") && masked.hasSuffix(" end"))
        let bad = [secret, spelling.trimmingCharacters(in: ["=", "[", "]", "\""])] + Self.core(secret)
        for text in bad { #expect(!masked.contains(text), "seed \(seed): \(text) in \(masked)") }
      }
    }
  }

  @Test("what is no secret stays, byte for byte", arguments: 100..<130 as Range<UInt64>)
  func untouched(_ seed: UInt64) {
    var random = Generator(state: seed)
    let masking = Masking(Self.credential(["correct-horse-battery"]))
    let bytes = (0..<2_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    var stream = masking.stream()
    #expect(stream.take(bytes) + stream.finish() == bytes)
    let near = Array("correct-horse-batterx correct-horse-batter correct".utf8)
    #expect(stream.take(near) + stream.finish() == near)
  }

  @Test("a secret within another, and one that begins within another, leave no rest")
  func overlaps() {
    let masking = Masking(Self.credential(["abcdef", "cdef", "efgh", "abcdefghij"]))
    #expect(masking("x abcdef y") == "x ••• y")
    #expect(masking("x abcdefgh y") == "x ••• y")
    #expect(masking("x abcdefghij y") == "x ••• y")
    #expect(masking("x abcde cdef y") == "x abcde ••• y")
  }

  @Test("a private key is hidden whole, line by line, and in base64 that is cut into lines")
  func privateKey() {
    var random = Generator(state: 7)
    let lines = (0..<30).map { _ in
      Data((0..<48).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedString()
    }
    let key = "-----BEGIN KEY-----\n" + lines.joined(separator: "\n") + "\n-----END KEY-----\n"
    let masking = Masking(Self.credential([key]))
    #expect(!masking(key).contains(lines[3]))
    #expect(masking("line \(lines[17]) here") == "line ••• here")
    let wrapped = Data(key.utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
    for line in wrapped.split(separator: "\n") { #expect(!masking(wrapped).contains(line)) }
  }

  @Test("what is no secret of a type is not hidden, and the values of the version before are")
  func members() {
    var credential = Credential(
      name: "c", type: "basic",
      values: [("username", Secret("mitrarr")), ("password", Secret("hunter22"))])
    credential.plain = ["username"]
    credential.former = [("password", Secret("hunter21"))]
    #expect(Masking(credential)("mitrarr hunter22 hunter21") == "mitrarr ••• •••")
  }

  @Test("numbers and names of artifacts that are a secret are hidden too")
  func numbers() {
    let masking = Masking(Self.credential(["12345678", "2026"]))
    #expect(
      masking(["a": 12_345_678, "b": 2026, "c": 123_456_789]) == ["a": "•••", "b": 2026, "c": 123_456_789])
    let handle = ArtifactHandle(sha256: "00", name: "dump-12345678.txt", size: 1, mediaType: "text/plain")
    #expect(masking(AttemptOutput(.null, artifacts: [handle])).artifacts.map(\.name) == ["dump-•••.txt"])
  }

  @Test("short secrets are left alone, since they would hide half of every sentence")
  func short() {
    #expect(Masking(Self.credential(["abc"]))("abc") == "abc")
    #expect(Masking(Self.credential(["abcd"]))("abcd") == "•••")
  }
}
