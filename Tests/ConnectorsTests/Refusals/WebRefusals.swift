import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let web: [Refused] =
    addresses("http.request") + addresses("http.download") + addresses("csv.read") + addresses("feed.read")
    + requests
    + tables + feeds + webhooks

  /// Loopback, allowed; nobody listens on port 1.
  private static func site(_ url: JSON = "http://127.0.0.1:1", allow: [String] = ["127.0.0.0/8"])
    -> Connection
  {
    Connection(namespace: "demo", name: "site", kind: "http", address: ["url": url], allowedEgress: allow)
  }

  private static func addresses(_ name: String) -> [Refused] {
    [
      Refused(name, "no address", [:], .configuration, "invalid-connection"),
      Refused(name, "a path that is relative", ["path": "x"], connection: site()),
      Refused(
        name, "an address and a path", ["url": "http://127.0.0.1:1", "path": "/x"], .configuration,
        connection: site()),
      Refused(
        name, "another host than the connection's", ["url": "http://127.0.0.2:1/"], .configuration,
        "foreign-url", connection: site()),
      Refused(name, "a loopback address", ["url": "http://127.0.0.1:1/"], .configuration, "egress-refused"),
      Refused(name, "a private address", ["url": "http://10.0.0.1/"], .configuration, "egress-refused"),
      Refused(
        name, "the address of a cloud's secrets", ["url": "http://169.254.169.254/latest"], .configuration,
        "egress-refused"),
      Refused(name, "a loopback in IPv6", ["url": "http://[::1]:1/"], .configuration, "egress-refused"),
      Refused(name, "a scheme that is none of ours", ["url": "file:///etc/passwd"], .data, "invalid-request"),
      Refused(name, "no URL at all", ["url": "just text"], .data, "invalid-request"),
      Refused(
        name, "a header with a line break", ["path": "/", "headers": ["x": "a\r\nb: c"]], .data,
        "invalid-request", connection: site()),
      Refused(
        name, "a block that is none", ["path": "/"], .configuration, "invalid-connection",
        connection: site(allow: ["localhost"])),
      Refused(name, "nobody who listens", ["path": "/"], .transient, "unreachable", connection: site()),
      Refused(
        name, "a credential of another type", ["path": "/"], .credential, "unusable-credential",
        connection: site(),
        credential: Credential(name: "c", type: "ssh", values: [])),
      Refused(
        name, "a credential without its token", ["path": "/"], .credential, "unusable-credential",
        connection: site(),
        credential: Credential(name: "c", type: "bearer", values: [])),
    ]
  }

  private static let requests: [Refused] = [
    Refused("http.request", "an unknown method", ["url": "http://x", "method": "TRACE"]),
    Refused("http.download", "a size of none", ["url": "http://x", "max_size": 0]),
  ]

  private static func csv(_ why: String, _ text: String, _ more: JSONObject = [:]) -> Refused {
    Refused(
      "csv.read", why, .object(JSONObject([("text", .string(text))] + more.map { ($0.key, $0.value) })),
      .data, "invalid-csv")
  }

  private static let tables: [Refused] = [
    csv("a quote that is open", "a,b\n\"1,2\n"), csv("something behind a quote", "a\n\"1\"2\n"),
    csv("more fields than columns", "a,b\n1,2,3\n"),
    csv("a column that is not there", "a\n1\n", ["columns": ["b"]]),
    csv("a column that is there twice", "a,a\n1,2\n", ["columns": ["a"]]),
    csv("a record of more than 1 MiB", "a\n" + String(repeating: "x", count: (1 << 20) + 1)),
    Refused("csv.read", "two sources", ["text": "a", "file": "b"], .configuration),
    Refused("csv.read", "a file that is not there", ["file": "no.csv"], .configuration, "file-not-found"),
    Refused("csv.read", "a file from outside", ["file": "../no.csv"], .configuration, "file-not-found"),
    Refused(
      "csv.read", "rows of more than 4 MiB",
      ["text": .string("a\n" + String(repeating: "0123456789\n", count: 300_000))],
      .outputTooLarge, "output-too-large"),
    Refused(
      "csv.read", "Latin-1 as UTF-8", [:], .data, "invalid-csv",
      prepare: { bench, _ in ["artifact": bench.keep(bytes: [0x61, 0x0A, 0xE9, 0x0A], name: "t.csv").json] }),
  ]

  private static func feed(_ why: String, _ text: String) -> Refused {
    Refused("feed.read", why, ["text": .string(text)], .data, "invalid-feed")
  }

  private static let feeds: [Refused] = [
    feed("nothing", ""), feed("text", "news"), feed("a page", "<html></html>"),
    feed("a tag that stays open", "<rss><channel></rss>"), feed("an attribute twice", "<rss a='1' a='2'/>"),
    feed("half a feed", "<rss><channel><item><title>a</title>"), feed("JSON", "{\"items\": []}"),
    Refused("feed.read", "a limit of none", ["text": "<rss/>", "limit": 0]),
    Refused("feed.read", "two sources", ["text": "a", "file": "b"], .configuration),
    Refused("feed.read", "a file that is not there", ["file": "no.xml"], .configuration, "file-not-found"),
  ]

  private static func secret(_ type: String, _ values: [String: String]) -> Credential {
    Credential(name: "c", type: type, values: values.map { ($0.key, Secret($0.value)) })
  }

  private static func hook(
    _ why: String, _ with: JSON, _ errorClass: ErrorClass, _ code: String, site connection: Connection? = nil,
    _ credential: Credential? = secret("hmac", ["secret": "s"])
  ) -> Refused {
    Refused(
      "webhook.send", why, with, errorClass, code, connection: connection ?? site(), credential: credential)
  }

  private static let webhooks: [Refused] = [
    Refused("webhook.send", "no body", ["path": "/"]),
    Refused("webhook.send", "a status that is none", ["path": "/", "body": 1, "expect": [9]]),
    hook("no credential", ["path": "/", "body": 1], .credential, "no-secret", nil),
    hook(
      "a credential without a secret", ["path": "/", "body": 1], .credential, "unusable-credential",
      secret("hmac", [:])),
    hook(
      "a secret that is empty", ["path": "/", "body": 1], .credential, "unusable-credential",
      secret("hmac", ["secret": ""])),
    hook(
      "a secret that is no base64", ["path": "/", "body": 1], .credential, "unusable-credential",
      secret("hmac", ["secret": "whsec_§"])),
    hook(
      "a type that cannot prove", ["path": "/", "body": 1], .credential, "unusable-credential",
      secret("ssh", ["secret": "s"])),
    hook("nobody who listens", ["path": "/", "body": 1], .transient, "unreachable"),
    hook(
      "another host than the connection's", ["url": "http://127.0.0.2:1/", "body": 1], .configuration,
      "foreign-url"),
    hook(
      "an address and a path", ["url": "http://127.0.0.1:1/", "path": "/", "body": 1], .configuration,
      "invalid-with"),
    hook(
      "a private address", ["path": "/", "body": 1], .configuration, "egress-refused",
      site: site("http://10.0.0.1")),
    hook(
      "a header with a line break", ["path": "/", "body": 1, "headers": ["x": "a\nb"]], .data,
      "invalid-request"),
    hook(
      "a connection without an address", ["path": "/", "body": 1], .configuration, "invalid-connection",
      site: site(1)),
  ]
}
