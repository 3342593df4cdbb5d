import Crypto
import Model
import Testing

@testable import Server

/// Classes of attack: forged, replayed and rewritten requests.
@Suite("How a webhook's sender is known", .timeLimit(.minutes(1)))
struct HookSchemeTests {
  private static func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

  private static func request(
    _ headers: [(String, String)], _ body: String, at seconds: Int64 = 1_614_265_330
  ) -> SignedRequest {
    SignedRequest(
      headers: headers.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8), now: time(seconds))
  }

  // The example of the Standard Webhooks libraries.
  private static let standardSecret: JSONObject = ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
  private static let standardBody = #"{"test": 2432232314}"#
  private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
  private static func standard(
    id: String = "msg_p5jXN8AQM9LWM0D4loKWxJek", time: String = "1614265330",
    signature: String = HookSchemeTests.signature
  ) -> [(String, String)] {
    [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)]
  }

  private func delivery(
    _ scheme: HookScheme, _ request: SignedRequest, _ secrets: JSONObject...
  ) -> String? { scheme.delivery(of: request, secrets: secrets) }

  @Test("Standard Webhooks' published example verifies, also among other signatures and after a rotation")
  func standardWebhooks() {
    let request = Self.request(Self.standard(), Self.standardBody)
    #expect(
      delivery(.standardWebhooks, request, Self.standardSecret) == "standard msg_p5jXN8AQM9LWM0D4loKWxJek")
    let several = Self.standard(signature: "v1,AAAA v2,x \(Self.signature)")
    #expect(
      delivery(.standardWebhooks, Self.request(several, Self.standardBody), Self.standardSecret) != nil)
    #expect(delivery(.standardWebhooks, request, ["secret": "newer"], Self.standardSecret) != nil)
  }

  @Test("no secret, an empty one and another one verify nothing")
  func noSecret() {
    let request = Self.request(Self.standard(), Self.standardBody)
    #expect(delivery(.standardWebhooks, request) == nil)
    #expect(delivery(.standardWebhooks, request, [:]) == nil)
    #expect(delivery(.standardWebhooks, request, ["secret": "whsec_"]) == nil)
    let empty = Base64Text.encode(
      HMACSHA256.code(key: [], message: Array("m.1614265330.x".utf8)))
    let forged = Self.request(Self.standard(id: "m", signature: "v1,\(empty)"), "x")
    #expect(delivery(.standardWebhooks, forged, ["secret": ""]) == nil)
    #expect(delivery(.standardWebhooks, request, ["secret": "other"]) == nil)
  }

  @Test(
    "a replayed time, another spelling of it, and none are refused",
    arguments: [
      ("1614265330", 1_614_265_330 + 300, true), ("1614265330", 1_614_265_330 + 301, false),
      ("1614265330", 1_614_265_330 - 300, true), ("1614265330", 1_614_265_330 - 301, false),
      ("+1614265330", 1_614_265_330, false), ("01614265330", 1_614_265_330, false),
      ("1614265330.0", 1_614_265_330, false), ("", 1_614_265_330, false), ("9223372036854775807", 0, false),
    ] as [(String, Int64, Bool)])
  func window(time: String, now: Int64, isRight: Bool) {
    let key = Array("k".utf8)
    let code = HMACSHA256.code(key: key, message: Array("m.\(time).x".utf8))
    let headers = Self.standard(id: "m", time: time, signature: "v1,\(Base64Text.encode(code))")
    let found = delivery(.standardWebhooks, Self.request(headers, "x", at: now), ["secret": "k"])
    #expect((found != nil) == isRight)
  }

  @Test("content that is moved over the border between id, time and body is refused")
  func moved() {
    let key = Array("k".utf8)
    let code = Base64Text.encode(HMACSHA256.code(key: key, message: Array("m.7.1614265330.x".utf8)))
    // Signed as id `m`, time 7 and body `1614265330.x`; read as id `m.7`, time 1614265330 and body `x`.
    let headers = Self.standard(id: "m.7", signature: "v1,\(code)")
    #expect(delivery(.standardWebhooks, Self.request(headers, "x"), ["secret": "k"]) == nil)
  }

  @Test("a header that stands twice, another spelling of a code and of a body are refused")
  func canonical() {
    let twice = Self.standard() + [("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")]
    #expect(delivery(.standardWebhooks, Self.request(twice, Self.standardBody), Self.standardSecret) == nil)
    for spelled in [
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
      "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      "v1, g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,", "",
    ] {
      let request = Self.request(Self.standard(signature: spelled), Self.standardBody)
      #expect(delivery(.standardWebhooks, request, Self.standardSecret) == nil, "\(spelled)")
    }
    for body in [#"{"test":2432232314}"#, #"{"test": 2432232314} "#, "\u{FEFF}" + Self.standardBody] {
      let request = Self.request(Self.standard(), body)
      #expect(delivery(.standardWebhooks, request, Self.standardSecret) == nil, "\(body)")
    }
  }

  @Test("GitHub's documented example verifies, and another id of a captured delivery names the same delivery")
  func github() {
    let secret: JSONObject = ["secret": "It's a Secret to Everybody"]
    let code = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    func request(_ id: String, _ value: String, _ body: String = "Hello, World!") -> SignedRequest {
      Self.request([("x-github-delivery", id), ("x-hub-signature-256", value)], body)
    }
    let first = delivery(.github, request("a", "sha256=\(code)"), secret)
    #expect(first != nil)
    #expect(delivery(.github, request("b", "sha256=\(code)"), secret) == first)
    #expect(delivery(.github, request("a", code), secret) == nil)
    #expect(delivery(.github, request("a", "sha256=\(code)00"), secret) == nil)
    #expect(delivery(.github, request("a", "sha1=\(code)"), secret) == nil)
    #expect(delivery(.github, request("a", "sha256=\(code)", "Hello, World"), secret) == nil)
    #expect(
      delivery(.github, Self.request([("x-hub-signature", "sha256=\(code)")], "Hello, World!"), secret) == nil
    )
  }

  @Test("Stripe's form verifies: one time, several codes, and the event's id names the delivery")
  func stripe() {
    let secret: JSONObject = ["secret": "whsec_test_secret"]
    let body = #"{"id":"evt_1","object":"event"}"#
    let code = "654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543"
    func found(_ header: String, at now: Int64 = 1_492_774_577) -> String? {
      delivery(.stripe, Self.request([("stripe-signature", header)], body, at: now), secret)
    }
    #expect(found("t=1492774577,v1=\(code)") == "stripe evt_1")
    #expect(found("t=1492774577,v1=00,v1=\(code),v0=x") == "stripe evt_1")
    #expect(found("t=1492774577,v1=\(code)", at: 1_492_774_577 + 301) == nil)
    #expect(found("t=1492774577,t=1492774578,v1=\(code)") == nil)
    #expect(found("t=1492774578,v1=\(code)") == nil)
    #expect(found("v1=\(code)") == nil)
    #expect(found("t=1492774577,v0=\(code)") == nil)
  }

  @Test("AtlasReg's form needs its algorithm by name")
  func atlasreg() {
    let secret: JSONObject = ["secret": "s"]
    let code = Hex.encode(HMACSHA256.code(key: Array("s".utf8), message: Array("{}".utf8)))
    let named = [("x-signature", code), ("x-signature-algorithm", "HMAC-SHA256")]
    #expect(delivery(.atlasreg, Self.request(named, "{}"), secret) != nil)
    #expect(delivery(.atlasreg, Self.request([("x-signature", code)], "{}"), secret) == nil)
    let other = [("x-signature", code), ("x-signature-algorithm", "none")]
    #expect(delivery(.atlasreg, Self.request(other, "{}"), secret) == nil)
  }

  @Test("a bearer token is compared whole, and without an id each request is a new delivery")
  func bearer() {
    let secret: JSONObject = ["token": "t0ken"]
    func found(_ value: String, _ more: [(String, String)] = []) -> String? {
      delivery(.bearer, Self.request([("authorization", value)] + more, "x"), secret)
    }
    #expect(found("Bearer t0ken", [("idempotency-key", "k")]) == "bearer k")
    #expect(found("bearer t0ken") != found("bearer t0ken"))
    for wrong in ["Bearer t0ke", "Bearer t0kenx", "Bearer ", "t0ken", "Basic t0ken"] {
      #expect(found(wrong) == nil, "\(wrong)")
    }
    #expect(delivery(.bearer, Self.request([("authorization", "Bearer ")], "x"), ["token": ""]) == nil)
    #expect(found("Bearer t0ken", [("idempotency-key", "a b")]) == nil)
  }
}

/// To write what a sender would.
enum Base64Text {
  static func encode(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = Array(bytes[start..<min(start + 3, bytes.count)])
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        text += place <= group.count ? String(letters[bits >> (18 - 6 * place) & 63]) : "="
      }
    }
    return text
  }
}
