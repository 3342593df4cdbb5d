import Crypto
import Engine
import Foundation
import Model
import Synchronization

@testable import Connectors

/// A node that knows the pipelines `demo/target` and `demo/bench`, and gives rights on both alone.
enum FakeNode {
  private static func check(_ pipeline: PipelineName) throws(Failure) {
    guard pipeline.namespace == "demo" else {
      throw Failure(.configuration, code: "not-granted", "No right on \(pipeline).")
    }
    guard ["target", "bench"].contains(pipeline.name) else {
      throw Failure(.data, code: "no-pipeline", "There is no \(pipeline).")
    }
  }

  static let items = [
    QueuedItem(name: .init(kind: .job, id: "0190"), content: ["inputs": ["a": 1]]),
    QueuedItem(name: .init(kind: .message, id: "0191"), content: ["body": ["message": "é"]]),
  ]

  static let control = NodeControl(
    emit: { (_, _, _) throws(Failure) in },
    pause: { (pipeline, _) throws(Failure) in
      try check(pipeline)
      return NodeControl.PauseAnswer(by: "pipeline:demo/bench/1", isOurs: true)
    },
    resume: { (pipeline, _) throws(Failure) in
      try check(pipeline)
      return true
    },
    queue: { (pipeline, take) throws(Failure) in
      try check(pipeline)
      for item in items { try take(item) }
    },
    purge: { (pipeline, items, _) throws(Failure) in
      try check(pipeline)
      return items
    })
}

extension ConnectorCase {
  static let node: [ConnectorCase] = [
    Self(name: "event.emit", with: ["type": "a.b", "room": "ana:x", "data": ["n": 1]]),
    Self(name: "esteira.pause", with: ["pipeline": "target", "reason": "care"]),
    Self(name: "esteira.resume", with: ["pipeline": "demo/target"]),
    Self(name: "esteira.export_queue", with: ["pipeline": "target", "to": "backups"]),
    Self(
      name: "esteira.purge_queue", with: ["pipeline": "target", "only_those_in": NodeCases.manifest.json]),
  ]
}

/// A backup as `esteira.export_queue` leaves it.
enum NodeCases {
  static let lines = "{\"kind\":\"job\",\"id\":\"0190\"}\n"

  static func text(_ change: (inout JSONObject) -> Void = { _ in }) -> String {
    let bytes = Array(lines.utf8)
    let items: JSON = [["kind": "job", "id": "0190"]]
    var manifest = JSONObject([
      ("pipeline", JSON.string("demo/target")), ("path", JSON.string("backups/queue.ndjson")),
      ("sha256", JSON.string(SHA256.hex(bytes))), ("items", items),
    ])
    change(&manifest)
    return JSON.object(manifest).text
  }

  static var manifest: ArtifactHandle {
    let bytes = Array(text().utf8)
    return ArtifactHandle(
      sha256: SHA256.hex(bytes), name: "manifest.json", size: Int64(bytes.count),
      mediaType: "application/json")
  }

  static func layOut(_ bench: Bench) throws {
    let folder = "\(bench.root)/own/backups"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try lines.write(toFile: folder + "/queue.ndjson", atomically: true, encoding: .utf8)
    _ = bench.keep(text(), name: "manifest.json", mediaType: "application/json")
  }
}

extension Refused {
  static let node: [Refused] = emits + pauses + resumes + exports + purges

  private static let emits: [Refused] = [
    Refused("event.emit", "no type", ["room": "r"]),
    Refused("event.emit", "no room", ["type": "t"]),
    Refused("event.emit", "a type with a space", ["type": "a b", "room": "r"]),
    Refused("event.emit", "an unknown key", ["type": "t", "room": "r", "to": "x"]),
    Refused("event.emit", "a line end in the room", ["type": "t", "room": "a\nb"], .data, "unsafe-room"),
    Refused("event.emit", "a null byte in the room", ["type": "t", "room": "a\u{0}b"], .data, "unsafe-room"),
    Refused("event.emit", "an escape in the room", ["type": "t", "room": "\u{1B}[2J"], .data, "unsafe-room"),
    Refused(
      "event.emit", "a delete sign in the room", ["type": "t", "room": "a\u{7F}"], .data, "unsafe-room"),
    Refused("event.emit", "a long text", [:], .data, "event-too-large") { _, _ in
      ["type": "t", "room": "r", "data": .string(String(repeating: "x", count: 262_143))]
    },
    Refused("event.emit", "many small values", [:], .data, "event-too-large") { _, _ in
      ["type": "t", "room": "r", "data": .array(Array(repeating: 12, count: 100_000))]
    },
    Refused("event.emit", "a text that is long once escaped", [:], .data, "event-too-large") { _, _ in
      ["type": "t", "room": "r", "data": .string(String(repeating: "\u{1}", count: 50_000))]
    },
  ]

  /// Of every connector that names a pipeline.
  private static func targets(_ connector: String, _ rest: JSONObject) -> [Refused] {
    func with(_ pipeline: JSON, _ more: (String, JSON)? = nil) -> JSON {
      var members = rest
      members["pipeline"] = pipeline
      if let more { members[more.0] = more.1 }
      return .object(members)
    }
    return [
      Refused(connector, "no pipeline", .object(rest)),
      Refused(connector, "an unknown key", with("target", ("force", true))),
      Refused(connector, "an empty name", with("")),
      Refused(connector, "three parts", with("a/b/c"), .data, "bad-pipeline-name"),
      Refused(connector, "a star", with("demo/*"), .data, "bad-pipeline-name"),
      Refused(connector, "upper case", with("demo/Target"), .data, "bad-pipeline-name"),
      Refused(connector, "an empty namespace", with("/target"), .data, "bad-pipeline-name"),
      Refused(connector, "a path", with("../target"), .data, "bad-pipeline-name"),
      Refused(connector, "a combining mark", with("targe\u{301}t"), .data, "bad-pipeline-name"),
      Refused(connector, "another namespace", with("other/target"), .configuration, "not-granted"),
      Refused(connector, "a pipeline that is not there", with("nowhere"), .data, "no-pipeline"),
    ]
  }

  private static let pauses =
    targets("esteira.pause", ["reason": "care"]) + [
      Refused("esteira.pause", "no reason", ["pipeline": "target"]),
      Refused("esteira.pause", "an empty reason", ["pipeline": "target", "reason": ""]),
    ]

  private static let resumes =
    targets("esteira.resume", [:]) + [
      Refused(
        "esteira.resume", "a job's name for its id", ["pipeline": "target", "only_if_paused_by": "job-1"],
        .data, "bad-job-id"),
      Refused(
        "esteira.resume", "an empty id", ["pipeline": "target", "only_if_paused_by": ""], .data,
        "bad-job-id"),
    ]

  private static let exports =
    targets("esteira.export_queue", ["to": "backups"]) + [
      Refused(
        "esteira.export_queue", "a folder outside", ["pipeline": "target", "to": "/etc"], .configuration,
        "outside-roots"),
      Refused("esteira.export_queue", "a root for reading", [:], .configuration, "read-only-root") {
        bench, _ in
        ["pipeline": "target", "to": .string(bench.root + "/reference")]
      },
    ]

  private static let purges: [Refused] =
    targets("esteira.purge_queue", ["only_those_in": NodeCases.manifest.json]).map { refused in
      var laid = refused
      laid.prepare = { bench, with in
        try NodeCases.layOut(bench)
        guard let name = with["pipeline"]?.string, ["other/target", "nowhere"].contains(name) else {
          return with
        }
        // A manifest of this very pipeline, so that it is the node that says no.
        let text = NodeCases.text { $0["pipeline"] = .string(name.contains("/") ? name : "demo/" + name) }
        let handle = bench.keep(text, name: "manifest.json", mediaType: "application/json")
        return ["pipeline": .string(name), "only_those_in": handle.json]
      }
      return laid
    } + [
      manifest("an artifact that is no JSON", "bad-manifest") { _ in "x" },
      manifest("a manifest without its items", "bad-manifest") { _ in NodeCases.text { $0["items"] = nil } },
      manifest("the manifest of another pipeline", "bad-manifest") { _ in
        NodeCases.text { $0["pipeline"] = "demo/other" }
      },
      manifest("an item of an unknown kind", "bad-manifest") { _ in
        NodeCases.text { $0["items"] = [["kind": "person", "id": "1"]] }
      },
      manifest("an item that the backup does not have", "bad-manifest") { _ in
        NodeCases.text { $0["items"] = [["kind": "job", "id": "0190"], ["kind": "job", "id": "0191"]] }
      },
      manifest("a message for a job of the same id", "bad-manifest") { _ in
        NodeCases.text { $0["items"] = [["kind": "message", "id": "0190"]] }
      },
      backup("a file that is no backup", "a: 1\nb: 2\n"),
      backup("a backup whose line names nothing", "{\"kind\":\"job\"}\n"),
      manifest("a backup of another hash", "backup-changed") { _ in
        NodeCases.text { $0["sha256"] = .string(String(repeating: "0", count: 64)) }
      },
      manifest("a backup that is gone", "file-not-found") { _ in
        NodeCases.text { $0["path"] = "backups/none.ndjson" }
      },
    ]

  /// A file with these lines, whose hash the manifest names.
  private static func backup(_ why: String, _ lines: String) -> Refused {
    manifest(why, "bad-manifest") { bench in
      let bytes = Array(lines.utf8)
      _ = try? bench.lay("own/backups/other.ndjson", bytes)
      return NodeCases.text {
        ($0["path"], $0["sha256"]) = ("backups/other.ndjson", .string(SHA256.hex(bytes)))
      }
    }
  }

  private static func manifest(
    _ why: String, _ code: String, _ text: @escaping @Sendable (Bench) -> String
  ) -> Refused {
    Refused("esteira.purge_queue", why, [:], .data, code) { bench, _ in
      try NodeCases.layOut(bench)
      let handle = bench.keep(text(bench), name: "manifest.json", mediaType: "application/json")
      return ["pipeline": "target", "only_those_in": handle.json]
    }
  }
}
