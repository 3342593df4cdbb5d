import Foundation
import Model
import Testing

/// Signs as Python's `hmac` would, so that the receiver is not tested with the code of the sender.
private struct Signed {
  static let secret = "whsec_" + Data("0123456789abcdef0123456789abcdef".utf8).base64EncodedString()

  var body: Data
  var headers: [(String, String)]

  static func make(
    _ payload: String, key: String = "0123456789abcdef0123456789abcdef", age: Int = 0
  ) throws -> Signed {
    let script = """
      import base64, hashlib, hmac, json, sys, time
      key, stamp = sys.argv[2].encode(), str(int(time.time()) - int(sys.argv[3]))
      body = json.dumps(json.loads(sys.argv[1]), sort_keys=True).encode()
      one = base64.b64encode(hmac.new(key, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest())
      two = hmac.new(key, body, hashlib.sha256).hexdigest()
      print(json.dumps([body.decode(), stamp, "v1," + one.decode(), two]))
      """
    let (output, _) = try Child(["python3", "-c", script, payload, key, "\(age)"]).finish()
    let parts = try JSONDecoder().decode([String].self, from: Data(output.utf8))
    return Signed(
      body: Data(parts[0].utf8),
      headers: [
        ("webhook-id", "msg_1"), ("webhook-timestamp", parts[1]), ("webhook-signature", parts[2]),
        ("X-Signature", parts[3]), ("X-Signature-Algorithm", "HMAC-SHA256"),
        ("Content-Type", "application/json"),
      ])
  }

  func with(_ name: String, _ value: String) -> Signed {
    var copy = self
    copy.headers = headers.map { $0.0 == name ? (name, value) : $0 }
    return copy
  }

  func header(_ name: String) -> String { headers.first { $0.0 == name }?.1 ?? "" }
}

@Suite("The webhook receiver", .timeLimit(.minutes(1)))
struct ReceiverTests {
  let folder: TemporaryFolder
  let receiver: PythonServer
  static let path = "/api/v1/hooks/ingest-complete"
  static let payload = #"{"event_type": "ingest_complete", "run_id": "run_0123456789ab", "título": "é"}"#

  init() throws {
    folder = try TemporaryFolder()
    receiver = try PythonServer(
      "receiver/receiver.py",
      [
        "--secret-file", try folder.write("secret", Signed.secret + "\n"), "--received",
        folder.path + "/received",
      ])
  }

  @Test("writes down what is signed with its secret")
  func right() async throws {
    let signed = try Signed.make(Self.payload)
    #expect(try await post(signed) == 204)
    let line = try JSON(parsing: Array(try #require(try folder.lines(of: "received").first).utf8))
    #expect(line["webhook_id"] == "msg_1")
    #expect(try line["payload"] == JSON(parsing: Array(Self.payload.utf8)))
  }

  @Test("takes an older signature of a key change beside the right one")
  func rotation() async throws {
    let signed = try Signed.make(Self.payload)
    let both = signed.with("webhook-signature", "v1,AAAA " + signed.header("webhook-signature"))
    #expect(try await post(both) == 204)
  }

  @Test("answers 401 to a changed byte, wherever it is")
  func changedByte() async throws {
    let signed = try Signed.make(Self.payload)
    for position in stride(from: 0, to: signed.body.count, by: 7) {
      var changed = signed
      changed.body[position] ^= 1
      #expect(try await post(changed) == 401)
    }
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Signature"] {
      var bytes = Array(signed.header(name).utf8)
      bytes[bytes.count / 2] ^= 1
      #expect(try await post(signed.with(name, String(decoding: bytes, as: UTF8.self))) == 401, "\(name)")
    }
    #expect(try folder.lines(of: "received").isEmpty)
  }

  @Test("answers 401 to a timestamp more than five minutes away", arguments: [310, -310, 86_400])
  func oldTimestamp(age: Int) async throws {
    #expect(try await post(try Signed.make(Self.payload, age: age)) == 401)
    #expect(try await post(try Signed.make(Self.payload, age: age.signum() * 280)) == 204)
  }

  @Test("answers 401 to a wrong key and to no signature")
  func wrongKey() async throws {
    #expect(try await post(try Signed.make(Self.payload, key: "0123456789abcdef0123456789abcdeF")) == 401)
    var bare = try Signed.make(Self.payload)
    bare.headers = []
    #expect(try await post(bare) == 401)
    #expect(try folder.lines(of: "received").isEmpty)
  }

  @Test("asks for both signatures")
  func both() async throws {
    let signed = try Signed.make(Self.payload)
    #expect(try await post(signed.with("X-Signature", "")) == 401)
    #expect(try await post(signed.with("webhook-signature", "")) == 401)
    #expect(try await post(signed.with("X-Signature-Algorithm", "none")) == 401)
  }

  private func post(_ signed: Signed) async throws -> Int {
    try await receiver.post(Self.path, signed.body, headers: signed.headers).status
  }
}
