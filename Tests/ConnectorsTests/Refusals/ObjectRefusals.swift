import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let objects: [Refused] =
    keys("object.put", ["body": "x"]) + keys("object.get") + keys("object.delete") + stored + buckets

  private static func with(_ bucket: String, _ key: String, _ more: JSONObject) -> JSON {
    .object(
      JSONObject([("bucket", .string(bucket)), ("key", .string(key))] + more.map { ($0.key, $0.value) }))
  }

  private static func keys(_ name: String, _ more: JSONObject = [:]) -> [Refused] {
    let unsafe = [
      ("a key that leads out", "../x"), ("a part that is empty", "a//b"), ("a part of one dot", "a/./b"),
      ("a control character", "a\n"), ("a NUL", "a\0b"), ("the name of metadata", "a.meta"),
      ("a name of ours under way", ".#x"), ("a part of 251 bytes", String(repeating: "n", count: 251)),
    ].map { why, key in Refused(name, why, with("b", key, more), .data, "unsafe-path") }
    let linked = Refused(
      name, "a link on the way", with("b", "l/x", more), .data, "unsafe-path",
      prepare: { bench, with in
        let bucket = bench.root + "/objects/demo/b"
        try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: bucket + "/l", withDestinationPath: "/etc")
        return with
      })
    return unsafe + [
      linked, Refused(name, "a bucket that leads out", with("..", "k", more), .data, "unsafe-path"),
      Refused(name, "a bucket with a slash", with("a/b", "k", more), .data, "unsafe-path"),
      Refused(name, "no key", ["bucket": "b"]),
      Refused(
        name, "a connection whose path is relative", with("b", "k", more), .configuration,
        "invalid-connection",
        connection: Connection(namespace: "demo", name: "f", kind: "folder", address: ["path": "x"])),
    ]
  }

  private static func folder(_ bench: Bench, _ with: JSON) throws -> JSON {
    try FileManager.default.createDirectory(
      atPath: bench.root + "/objects/demo/b/k/inner", withIntermediateDirectories: true)
    return with
  }

  private static func object(_ bytes: Data) -> @Sendable (Bench, JSON) throws -> JSON {
    { bench, with in
      let bucket = bench.root + "/objects/demo/b"
      try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
      try bytes.write(to: URL(filePath: bucket + "/k"))
      return with
    }
  }

  private static let stored: [Refused] = [
    Refused(
      "object.put", "a folder that has the name", with("b", "k", ["body": "x"]), .configuration,
      "object-store", prepare: folder),
    Refused(
      "object.put", "a file where a folder is needed", with("b", "k/x", ["body": "x"]), .configuration,
      "object-store", prepare: object(Data("x".utf8))),
    Refused("object.put", "metadata that are no text", with("b", "k", ["body": "x", "metadata": ["n": 1]])),
    Refused(
      "object.delete", "a folder that has the name", with("b", "k", [:]), .configuration, "object-store",
      prepare: folder),
    Refused("object.get", "an object that is not there", with("b", "no", [:]), .data, "object-not-found"),
    Refused("object.get", "a folder", with("b", "k", [:]), .data, "object-not-found", prepare: folder),
    Refused(
      "object.get", "text as JSON", with("b", "k", ["as": "json"]), .data, "invalid-json",
      prepare: object(Data("{a".utf8))),
    Refused(
      "object.get", "more than 4 MiB as text", with("b", "k", ["as": "text"]), .outputTooLarge,
      "output-too-large",
      prepare: object(Data(count: 5 << 20))),
    Refused("object.get", "an unknown form", with("b", "k", ["as": "yaml"])),
  ]

  private static let buckets: [Refused] =
    [
      ("out by ..", ".."), ("itself", "."), ("a slash", "a/b"), ("a slash at the end", "a/"),
      ("a NUL", "a\0"), ("a line break", "a\nb"),
      ("a name of ours", ".#a"), ("a name of 251 bytes", String(repeating: "n", count: 251)),
    ].map { why, bucket in Refused("object.list", why, ["bucket": .string(bucket)], .data, "unsafe-path") }
    + [
      Refused("object.list", "no bucket", [:]),
      Refused("object.list", "a limit of none", ["bucket": "b", "limit": 0]),
      Refused(
        "object.list", "a connection whose path is relative", ["bucket": "b"], .configuration,
        "invalid-connection",
        connection: Connection(namespace: "demo", name: "f", kind: "folder", address: ["path": "x"])),
      Refused(
        "object.list", "a connection whose path is a number", ["bucket": "b"], .configuration,
        "invalid-connection",
        connection: Connection(namespace: "demo", name: "f", kind: "folder", address: ["path": 1])),
    ]
}
