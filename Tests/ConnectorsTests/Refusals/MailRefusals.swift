import Engine
import Model

@testable import Connectors

extension Refused {
  private static let good: JSON = ["to": "ana@example.com", "subject": "S"]

  private static func mail(
    _ why: String, _ errorClass: ErrorClass, _ code: String, _ more: JSONObject = [:],
    address: JSONObject = [:], kind: String = "smtp", credential: Credential? = nil
  ) -> Refused {
    var with = good.object ?? JSONObject()
    for member in more { with[member.key] = member.value }
    var place: JSONObject = [
      "host": "127.0.0.1", "port": 1, "security": "none", "from": "esteira@example.com",
    ]
    for member in address { place[member.key] = member.value }
    return Refused(
      "email.send", why, .object(with), errorClass, code,
      connection: Connection(
        namespace: "demo", name: "mail", kind: kind, address: .object(place),
        allowedEgress: ["127.0.0.0/8"]), credential: credential)
  }

  static let mails: [Refused] = [
    Refused("email.send", "nobody to send it to", ["subject": "S"]),
    Refused("email.send", "no subject", ["to": "ana@example.com"]),
    Refused(
      "email.send", "an attachment that is text", ["to": "a@b.c", "subject": "S", "attachments": ["x"]]),
    mail("an address that is none", .data, "invalid-mail", ["to": "ana"]),
    mail("an address with a line break", .data, "invalid-mail", ["to": "ana@example.com\r\nBcc: x@y.z"]),
    mail("a subject with a line break", .data, "invalid-mail", ["subject": "S\r\nBcc: x@y.z"]),
    mail("a reply to nobody", .data, "invalid-mail", ["reply_to": "x"]),
    mail(
      "101 recipients", .data, "invalid-mail",
      ["bcc": .array(Array(repeating: "ana@example.com", count: 100))]),
    mail("a connection of another kind", .configuration, "invalid-connection", kind: "http"),
    mail(
      "a key of the connection that is none", .configuration, "invalid-connection", address: ["tls": true]),
    mail("a sender that is none", .configuration, "invalid-connection", address: ["from": "x"]),
    mail("a host that is none", .configuration, "invalid-connection", address: ["host": "a b"]),
    mail(
      "a password over an open connection", .configuration, "invalid-connection",
      credential: Credential(
        name: "c", type: "smtp", values: [("username", Secret("u")), ("password", Secret("p"))])),
    mail(
      "a credential of another type", .credential, "unusable-credential",
      credential: Credential(name: "c", type: "bearer", values: [("token", Secret("t"))])),
    mail("a private address", .configuration, "egress-refused", address: ["host": "10.0.0.1"]),
    mail("nobody who listens", .transient, "unreachable"),
  ]
}
