import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let chats: [Refused] =
    chat("slack.send", ["channel": "C1", "text": "T"], "bearer", "token", { _ in "xoxb-1" }, most: 40_000)
    + chat("telegram.send", ["chat_id": 5, "text": "T"], "bearer", "token", { _ in "1:T" }, most: 4_096)
    + chat("teams.send", ["text": "T"], "secret", "value", { $0 + "/hook" }, most: 20_000)

  /// `secret`: the credential's, for a service at that address.
  private static func chat(
    _ name: String, _ good: JSON, _ type: String, _ member: String,
    _ secret: @Sendable (String) -> String, most: Int
  ) -> [Refused] {
    let local = "http://127.0.0.1:1"
    func site(_ url: String, allow: [String] = ["127.0.0.0/8"]) -> Connection {
      Connection(
        namespace: "demo", name: "site", kind: "http", address: ["url": .string(url)], allowedEgress: allow)
    }
    func refused(
      _ why: String, _ errorClass: ErrorClass, _ code: String, url: String = local,
      allow: [String] = ["127.0.0.0/8"]
    ) -> Refused {
      Refused(
        name, why, good, errorClass, code, connection: site(url, allow: allow),
        credential: ChatTests.credential(type, member, secret(url)))
    }
    func changed(_ key: String, _ value: JSON?) -> JSON {
      var object = good.object ?? JSONObject()
      object[key] = value
      return .object(object)
    }
    func denied(_ why: String, _ credential: Credential?) -> Refused {
      Refused(
        name, why, good, .credential, "unusable-credential", connection: site(local), credential: credential)
    }
    return [
      Refused(name, "no text", changed("text", nil)), Refused(name, "an empty text", changed("text", "")),
      Refused(
        name, "a text that is too long", changed("text", .string(String(repeating: "x", count: most + 1)))),
      Refused(name, "a text that is none", changed("text", 1)),
      denied("no credential", nil),
      denied("a credential of another type", ChatTests.credential("basic", "password", "x")),
      denied("a credential without its secret", Credential(name: "c", type: type, values: [])),
      denied("a secret that is empty", ChatTests.credential(type, member, "")),
      refused("a loopback address", .configuration, "egress-refused", allow: []),
      refused("a private address", .configuration, "egress-refused", url: "http://10.0.0.1", allow: []),
      refused("nobody who listens", .transient, "unreachable"),
      refused("a block that is none", .configuration, "invalid-connection", allow: ["x"]),
      refused("a scheme that is none of ours", .data, "invalid-request", url: "ftp://127.0.0.1"),
    ]
  }
}
