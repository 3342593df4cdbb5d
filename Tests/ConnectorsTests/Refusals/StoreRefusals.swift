import Engine
import Foundation
import Model

@testable import Connectors

/// What a call of `s3.*` needs of the world: a folder, or a store of S3 that the tests' own site plays.
enum StoreCases {
  static func connection(for name: String, _ site: Site, _ mail: MailSink?) -> Connection? {
    switch name {
    case "email.send":
      Connection(
        namespace: "demo", name: "mail", kind: "smtp",
        address: [
          "host": "127.0.0.1", "port": .int(Int64(mail?.port ?? 1)), "security": "none",
          "from": "a@example.com",
        ], allowedEgress: ["127.0.0.0/8"])
    case "s3.put", "s3.get", "s3.list", "s3.delete":
      Connection(namespace: "demo", name: "store", kind: "folder", address: [:])
    case "s3.copy", "s3.presign": S3Bench.connection("minio", site.url)
    case _: nil
    }
  }
}

extension ConnectorCase {
  static let stores: [ConnectorCase] = [
    Self(name: "s3.put", with: ["bucket": "b", "key": "k/x.json", "body": ["a": 1]]),
    Self(name: "s3.get", with: ["bucket": "b", "key": "before"]),
    Self(name: "s3.get", with: ["bucket": "b", "key": "before", "as": "json"]),
    Self(name: "s3.list", with: ["bucket": "b"]),
    Self(name: "s3.delete", with: ["bucket": "b", "key": "before"]),
    Self(name: "s3.copy", with: ["bucket": "bucket", "key": "a", "to_key": "b"]),
    Self(name: "slack.send", with: ["channel": "C1", "text": "T"], needsSite: true),
    Self(name: "telegram.send", with: ["chat_id": 5, "text": "T"], needsSite: true),
    Self(name: "teams.send", with: ["title": "T", "text": "T", "facts": ["a": 1]], needsSite: true),
    Self(name: "email.send", with: ["to": "ana@example.com", "subject": "S"]),
    Self(name: "s3.presign", with: ["bucket": "bucket", "key": "a", "expires": 60]),
  ]
}

extension Refused {
  static let stores: [Refused] =
    store("s3.put", ["bucket": "bucket", "key": "k", "body": "x"])
    + store("s3.get", ["bucket": "bucket", "key": "k"])
    + store("s3.delete", ["bucket": "bucket", "key": "k"])
    + store("s3.list", ["bucket": "bucket"]) + store("s3.presign", ["bucket": "bucket", "key": "k"])
    + store("s3.copy", ["bucket": "bucket", "key": "k", "to_key": "l"]) + own

  private static let url = "http://127.0.0.1:1"

  private static func with(_ with: JSON, _ name: String, _ value: JSON?) -> JSON {
    var object = with.object ?? JSONObject()
    object[name] = value
    return .object(object)
  }

  /// Nothing of it is sent: names, connection and credential are looked at before.
  private static func store(_ name: String, _ good: JSON) -> [Refused] {
    func refused(
      _ why: String, _ errorClass: ErrorClass, _ code: String, _ with: JSON? = nil,
      _ connection: Connection? = nil, _ credential: Credential? = S3Bench.credential()
    ) -> Refused {
      Refused(
        name, why, with ?? good, errorClass, code, connection: connection ?? S3Bench.connection("other", url),
        credential: credential)
    }
    func address(_ service: String, _ more: JSONObject) -> Connection {
      S3Bench.connection(service, url, more)
    }
    let typed = { (type: String, values: [String]) in
      Credential(name: "key", type: type, values: values.map { ($0, Secret("x")) })
    }
    var all = [
      Refused(name, "no bucket", Self.with(good, "bucket", nil)),
      refused("a bucket with a slash", .data, "unsafe-path", Self.with(good, "bucket", "a/bc")),
      refused("a bucket that leads out", .data, "unsafe-path", Self.with(good, "bucket", "a..b")),
      refused(
        "a bucket of 64 bytes", .data, "unsafe-path",
        Self.with(good, "bucket", .string(String(repeating: "b", count: 64)))),
      refused("no credential", .credential, "unusable-credential", nil, nil, nil),
      refused(
        "a credential of another type", .credential, "unusable-credential", nil, nil,
        typed("basic", ["access_key_id", "secret_access_key"])),
      refused(
        "a credential without its secret", .credential, "unusable-credential", nil, nil,
        typed("s3", ["access_key_id"])),
      refused("a service that is none", .configuration, "invalid-connection", nil, address("dropbox", [:])),
      refused("no region of Amazon", .configuration, "invalid-connection", nil, address("aws", [:])),
      refused(
        "a part that is too small", .configuration, "invalid-connection", nil,
        address("other", ["part_size": 1])),
      refused(
        "a key of the connection that is none", .configuration, "invalid-connection", nil,
        address("other", ["bucket": "b"])),
      refused(
        "an address with a path", .configuration, "invalid-connection", nil,
        S3Bench.connection("other", url + "/x")),
    ]
    guard good["key"] != nil else { return all }
    for (why, key) in [("a key that leads out", "a/../x"), ("a control character", "a\nb")] {
      all.append(refused(why, .data, "unsafe-path", Self.with(good, "key", .string(key))))
    }
    return all
  }

  private static let closed = S3Bench.connection("other", url, allow: [])

  private static let own: [Refused] = [
    Refused(
      "s3.put", "a loopback address", ["bucket": "bucket", "key": "k", "body": "x"], .configuration,
      "egress-refused", connection: closed, credential: S3Bench.credential()),
    Refused(
      "object.put", "a loopback address in S3", ["bucket": "bucket", "key": "k", "body": "x"], .configuration,
      "egress-refused", connection: closed, credential: S3Bench.credential()),
    Refused(
      "s3.put", "an empty place in a folder", ["bucket": "b", "key": "k", "body": "x", "if_absent": true],
      .configuration, "conditional-put",
      connection: Connection(namespace: "demo", name: "f", kind: "folder", address: [:])),
    Refused(
      "s3.put", "an empty place in a store that cannot look",
      ["bucket": "bucket", "key": "k", "body": "x", "if_absent": true], .configuration, "conditional-put",
      connection: S3Bench.connection("swift", url), credential: S3Bench.credential()),
    Refused(
      "s3.put", "metadata whose name is none",
      ["bucket": "bucket", "key": "k", "body": "x", "metadata": ["a b": "1"]], .data, "invalid-metadata",
      connection: S3Bench.connection("other", url), credential: S3Bench.credential()),
    Refused(
      "s3.put", "metadata that break out of their line",
      ["bucket": "bucket", "key": "k", "body": "x", "metadata": ["a": "1\r\nx: y"]], .data,
      "invalid-metadata", connection: S3Bench.connection("other", url), credential: S3Bench.credential()),
    Refused("s3.presign", "a time of none", ["bucket": "bucket", "key": "k", "expires": 0]),
    Refused("s3.presign", "more than 7 days", ["bucket": "bucket", "key": "k", "expires": 604_801]),
    Refused("s3.presign", "another method", ["bucket": "bucket", "key": "k", "method": "DELETE"]),
    Refused("s3.copy", "no target", ["bucket": "bucket", "key": "k"]),
  ]
}
