import Engine
import Foundation
import Glibc
import Model

@testable import Connectors

extension Refused {
  static let files: [Refused] =
    reading("files.read") { ["path": .string($0)] } + reading("files.hash") { ["path": .string($0)] }
    + reading("files.concatenate") { ["files": ["in/a.json", .string($0)]] } + readsOnly
    + writing("files.write", "path") { ["path": .string($0), "content": "x", "on_conflict": "fail"] }
    + writing("files.copy", "to") { ["from": "in/a.json", "to": .string($0)] }
    + writing("files.move", "to") { ["from": "in/a.json", "to": .string($0)] }
    + sources("files.copy") + sources("files.move") + removals + listings

  /// What is there besides `FileCases`: `link` to a file, `linked` to a folder, `pipe`, `socket`, `latin`.
  private static func layOut(_ bench: Bench, _ with: JSON) throws -> JSON {
    try FileCases.layOut(bench)
    let own = bench.root + "/own"
    try FileManager.default.createSymbolicLink(atPath: own + "/link", withDestinationPath: "/etc/hostname")
    try FileManager.default.createSymbolicLink(atPath: own + "/linked", withDestinationPath: "/etc")
    mkfifo(own + "/pipe", 0o600)
    try Data([0x61, 0xE9, 0x62]).write(to: URL(filePath: own + "/latin"))
    try "r".write(toFile: bench.root + "/reference/r", atomically: false, encoding: .utf8)
    // Sparse: it takes no space.
    _ = FileManager.default.createFile(atPath: own + "/large", contents: nil)
    truncate(own + "/large", 5 << 20)
    _ = FileManager.default.createFile(atPath: own + "/huge", contents: nil)
    truncate(own + "/huge", 6 << 30)
    return with
  }

  /// Bad paths that any connector refuses, for a file that must be there.
  private static func reading(_ name: String, _ with: (String) -> JSON) -> [Refused] {
    elsewhere(name, "path", with) + [
      Refused(name, "nothing there", with("in/b.json"), .data, "file-not-found", prepare: layOut),
      Refused(name, "no folder on the way", with("no/b.json"), .data, "file-not-found", prepare: layOut),
    ]
  }

  private static func elsewhere(_ name: String, _ key: String, _ with: (String) -> JSON) -> [Refused] {
    func refused(_ why: String, _ path: String, _ code: String, _ errorClass: ErrorClass = .data) -> Refused {
      Refused(name, "\(key): \(why)", with(path), errorClass, code, prepare: layOut)
    }
    return [
      refused("out of the own folder by ..", "in/../../../secret", "outside-roots", .configuration),
      refused("an absolute path in no root", "/etc/hostname", "outside-roots", .configuration),
      refused("beside a root of the same beginning", "../shared-not/x", "outside-roots", .configuration),
      refused(
        ".. behind a slash with a combining mark", "x/\u{301}/../../../../../../etc/hostname",
        "outside-roots",
        .configuration),
      refused("a link", "link", "not-a-file"), refused("a link on the way", "linked/hostname", "not-a-file"),
      refused("a pipe", "pipe", "not-a-file"), refused("a folder", "in", "not-a-file"),
      refused("a file on the way", "in/a.json/b", "not-a-folder"),
      refused("a control character", "in/a\u{7}", "unsafe-path"),
      refused("a NUL", "in/a\0.json", "unsafe-path"),
      refused("a name of 256 bytes", String(repeating: "n", count: 256), "unsafe-path"),
      refused("a root itself", ".", "unsafe-path"),
    ]
  }

  private static let readsOnly: [Refused] = [
    Refused("files.read", "no path", [:]), Refused("files.read", "a number for a path", ["path": 1]),
    Refused(
      "files.read", "more than 4 MiB as text", ["path": "large", "as": "text"], .outputTooLarge,
      "output-too-large", prepare: layOut),
    Refused(
      "files.read", "more than 5 GiB as an artifact", ["path": "huge"], .outputTooLarge, "artifact-too-large",
      prepare: layOut),
    Refused(
      "files.read", "Latin-1 as UTF-8", ["path": "latin", "as": "text"], .data, "not-utf8", prepare: layOut),
    Refused(
      "files.read", "text as JSON", ["path": "latin", "as": "json"], .data, "invalid-json", prepare: layOut),
    Refused(
      "files.concatenate", "more than 5 GiB together", ["files": ["large", "huge"]], .outputTooLarge,
      "artifact-too-large", prepare: layOut),
    Refused("files.concatenate", "a number among the files", ["files": [1]]),
    Refused("files.hash", "an unknown key", ["path": "a", "algorithm": "md5"]),
  ]

  private static func writing(_ name: String, _ key: String, _ with: (String) -> JSON) -> [Refused] {
    elsewhere(name, key, with) + [
      Refused(
        name, "a root for reading only", with("$ROOT/reference/new"), .configuration, "read-only-root",
        prepare: { bench, with in rooted(bench, try layOut(bench, with)) }),
      Refused(name, "a name that is taken", with("latin"), .data, "file-exists", prepare: layOut),
      Refused(
        name, "an unknown answer to a conflict",
        .object(JSONObject((with("x").object ?? [:]).map { ($0.key, $0.value) } + [("on_conflict", "ask")]))),
    ]
  }

  /// `$ROOT` at the beginning of texts is the bench's own folder.
  static func rooted(_ bench: Bench, _ with: JSON) -> JSON {
    switch with {
    case .string(let text): .string(text.replacing("$ROOT", with: bench.root))
    case .array(let elements): .array(elements.map { rooted(bench, $0) })
    case .object(let members): .object(JSONObject(members.map { ($0.key, rooted(bench, $0.value)) }))
    case .null, .bool, .int, .double: with
    }
  }

  private static func sources(_ name: String) -> [Refused] {
    reading(name) { ["from": .string($0), "to": "out/"] }.map { refused in
      var refused = refused
      refused.why = "from: " + refused.why
      return refused
    } + [
      Refused(
        name, "to itself", ["from": "in/a.json", "to": "in/./a.json"], .data, "file-exists", prepare: layOut)
    ]
      + (name == "files.move"
        ? [
          Refused(
            name, "a source for reading only", ["from": "$ROOT/reference/r", "to": "out/"], .configuration,
            "read-only-root", prepare: { bench, with in rooted(bench, try layOut(bench, with)) })
        ] : [])
  }

  private static let removals: [Refused] =
    elsewhere("files.remove", "path") { ["path": .string($0)] }.filter { !$0.why.hasSuffix("a folder") } + [
      Refused(
        "files.remove", "a folder that holds something", ["path": "in"], .data, "folder-not-empty",
        prepare: layOut),
      Refused(
        "files.remove", "nothing there that must be", ["path": "no/b", "must_exist": true], .data,
        "file-not-found",
        prepare: layOut),
      Refused(
        "files.remove", "a root for reading only", ["path": "$ROOT/reference/r"], .configuration,
        "read-only-root",
        prepare: { bench, with in rooted(bench, try layOut(bench, with)) }),
      Refused("files.remove", "an empty path", ["path": ""]),
    ]

  private static let listings: [Refused] = [
    Refused("files.list", "a limit of none", ["limit": 0]),
    Refused("files.list", "a limit beyond the largest", ["limit": 10001]),
    Refused("files.list", "out by ..", ["path": ".."], .configuration, "outside-roots", prepare: layOut),
    Refused(
      "files.list", "one in no root", ["path": "/etc"], .configuration, "outside-roots", prepare: layOut),
    Refused("files.list", "a file", ["path": "in/a.json"], .data, "not-a-folder", prepare: layOut),
    Refused("files.list", "a link to a folder", ["path": "linked"], .data, "not-a-file", prepare: layOut),
    Refused(
      "files.list", "a folder that is not there", ["path": "no"], .data, "file-not-found", prepare: layOut),
    Refused("files.list", "a pipe", ["path": "pipe"], .data, "not-a-folder", prepare: layOut),
    Refused("files.list", "a control character", ["path": "a\n"], .data, "unsafe-path", prepare: layOut),
    Refused(
      "files.list", "a bracket left open", ["match": "[a"], .configuration, "bad-pattern", prepare: layOut),
    Refused(
      "files.list", "a brace left open", ["match": "{a,b"], .configuration, "bad-pattern", prepare: layOut),
    Refused(
      "files.list", "more alternatives than are looked at", ["match": "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"],
      .configuration, "bad-pattern", prepare: layOut),
    Refused(
      "files.list", "folders that are 70 deep", ["recursive": true], .data, "too-deep",
      prepare: { bench, with in
        let deep = bench.root + "/own/" + Array(repeating: "d", count: 70).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        return with
      }),
    Refused(
      "files.list", "a granted root that is not there", ["path": "$ROOT/shared"], .configuration,
      "file-access",
      prepare: { bench, with in rooted(bench, with) }),
  ]
}
