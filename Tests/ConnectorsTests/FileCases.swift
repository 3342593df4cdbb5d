import Foundation
import Model

@testable import Connectors

extension ConnectorCase {
  static let files: [ConnectorCase] = [
    Self(name: "files.read", with: ["path": "in/a.json"]),
    Self(name: "files.read", with: ["path": "in/a.json", "as": "text"]),
    Self(name: "files.read", with: ["path": "in/a.json", "as": "json"]),
    Self(name: "files.write", with: ["path": "out/x.json", "content": ["a": 1]]),
    Self(name: "files.list", with: ["path": "in"]), Self(name: "files.list", with: [:]),
    Self(name: "files.copy", with: ["from": "in/a.json", "to": "out/"]),
    Self(name: "files.move", with: ["from": "in/a.json", "to": "out/b.json"]),
    Self(name: "files.remove", with: ["path": "in", "recursive": true]),
    Self(name: "files.hash", with: ["path": "in/a.json"]),
    Self(name: "files.concatenate", with: ["files": ["in/a.json", "in/a.json"]]),
    Self(name: "files.concatenate", with: ["files": []]),
    Self(name: "object.delete", with: ["bucket": "b", "key": "before"]),
    Self(name: "object.delete", with: ["bucket": "b", "key": "never"]),
    Self(name: "archive.pack", with: ["folder": "in"]),
    Self(name: "archive.unpack", with: ["path": "in.zip"]),
    Self(name: "archive.unpack", with: ["path": "in.zip", "to": "out/all"]),
    Self(
      name: "html.select",
      with: ["text": "<p>a</p>", "select": ["p": "p", "all": ["css": "b", "all": true]]]),
    Self(name: "html.select", with: ["text": "<p>a</p>", "rows": "p", "select": ["p": ["xpath": "."]]]),
    Self(name: "xml.select", with: ["text": "<r><p>a</p></r>", "rows": "//p", "select": ["p": "."]]),
    Self(name: "json.transform", with: ["value": [1, 2], "expression": "value.map(v, v * 2)"]),
  ]
}

/// Files of a bench that examples are about.
enum FileCases {
  static func layOut(_ bench: Bench) throws {
    for folder in ["own/in", "shared", "reference"] {
      try FileManager.default.createDirectory(
        atPath: "\(bench.root)/\(folder)", withIntermediateDirectories: true)
    }
    try "{\"a\": 1}\n".write(toFile: bench.root + "/own/in/a.json", atomically: false, encoding: .utf8)
    let zip = try OpenFile.newOwn(bench.root + "/own/in.zip")
    var writer = try ArchiveWriter(zip, .zip)
    try writer.add("a/ação.txt", size: 3)
    try writer.write(Array("abc".utf8), 3)
    try writer.finish()
  }
}
