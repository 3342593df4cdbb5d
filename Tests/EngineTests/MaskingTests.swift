import Crypto
import Model
import Testing

@testable import Engine

@Suite("Secrets in what attempts say")
struct MaskingTests {
  private let masking = Masking(
    Credential(
      name: "c", type: "basic",
      values: [
        ("password", Secret("s3cr?t>é")), ("key", Secret("-----BEGIN-----\r\nMIIEabcd/+==\nlast\n")),
      ]))

  @Test(
    "are hidden in every form",
    arguments: [
      "a s3cr?t>é b", "s3cr?t>é\u{301}", "czNjcj90PsOp", "czNjcj90PsOp==", "s3cr%3Ft%3E%C3%A9",
      "MIIEabcd/+==",
      "-----BEGIN-----\r\nMIIEabcd/+==\nlast\n", "[last]",
    ])
  func forms(_ text: String) {
    let masked = masking(text)
    #expect(masked.unicodeScalars.contains("•"))
    for secret in ["s3cr", "czNj", "MIIE", "last"] { #expect(!masked.contains(secret)) }
  }

  @Test("are hidden in the alphabet of base64 that URLs use")
  func urlAlphabet() {
    let masking = Masking(Credential(name: "c", type: "t", values: [("k", Secret("??>>??>>~~~"))]))
    #expect(!masking("Pz8-Pj8_Pj5-fn4").contains("Pz8"))
    #expect(!masking("Pz8+Pj8/Pj5+fn4=").contains("Pz8"))
  }

  @Test("are hidden in keys and values of outputs and in messages, and the rest stays")
  func structures() {
    let output: JSON = ["s3cr?t>é": ["x s3cr?t>é", 7, .null]]
    #expect(masking(output) == ["•••": ["x •••", 7, .null]])
    #expect(masking(Failure(.data, "no s3cr?t>é")).message == "no •••")
    #expect(masking("nothing to hide: é") == "nothing to hide: é")
  }
}
