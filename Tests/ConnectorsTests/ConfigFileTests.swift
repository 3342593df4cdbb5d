import Engine
import Foundation
import Glibc
import Model
import Testing

@testable import esteira

@Suite("esteira.yaml", .timeLimit(.minutes(1)))
struct ConfigFileTests {
  private func file(_ text: String) throws -> ConfigFile {
    let folder = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: folder + "/esteira.yaml", atomically: true, encoding: .utf8)
    return ConfigFile(folder: folder)
  }

  private func grant(_ may: [PipelineGrant.Right], on names: [(String, String)]) -> PipelineGrant {
    PipelineGrant(
      principal: PipelineName(namespace: "mitrarr", name: "purge"), rights: may,
      targets: names.map { PipelineName(namespace: $0.0, name: $0.1) })
  }

  @Test("grants each namespace its roots, to write or to read")
  func roots() throws {
    let config = try file("roots: {mitrarr: [/srv/mitrarr/, {path: /srv/reference, access: read}], demo: []}")
    #expect(
      try config.roots(of: "mitrarr") == [
        FileRoots.Root(path: "/srv/mitrarr", isWritable: true),
        FileRoots.Root(path: "/srv/reference", isWritable: false),
      ])
    #expect(try config.roots(of: "demo") == [] && config.roots(of: "other") == [])
  }

  @Test("grants a pipeline rights over others, and nothing that it does not name")
  func grants() throws {
    let config = try file(
      "grants: {mitrarr/purge: [{may: [pause, export], pipelines: [mitrarr/*, ops/one]}]}")
    let purge = PipelineName(namespace: "mitrarr", name: "purge")
    let grants = try config.grants(of: purge)
    #expect(grants == [grant([.pause, .export], on: [("mitrarr", "*"), ("ops", "one")])])
    #expect(try config.grants(of: PipelineName(namespace: "mitrarr", name: "other")) == [])
    #expect(grants[0].allows(.pause, on: purge))
    #expect(!grants[0].allows(.purge, on: purge))
    #expect(!grants[0].allows(.pause, on: PipelineName(namespace: "ops", name: "two")))
  }

  @Test("may be missing, and then grants nothing")
  func missing() throws {
    let config = ConfigFile(folder: "/nonexistent")
    #expect(try config.roots(of: "demo") == [])
    try config.check()
  }

  @Test(
    "is refused whole where it cannot be understood",
    arguments: [
      "roots: [/srv]", "roots: {a: /srv}", "roots: {a: [srv]}", "roots: {a: [/]}",
      "roots: {a: [/srv/../etc]}",
      "roots: {a: [/srv/./x]}", "roots: {a: [1]}", "roots: {a: [{access: read}]}",
      "roots: {a: [{path: /srv, access: all}]}", "roots: {a: [{path: /srv, mode: read}]}",
      "roots: {a: [{path: /srv, access: 1}]}", "grants: [x]", "grants: {a: []}", "grants: {a/b: x}",
      "grants: {a/*: [{may: [pause], pipelines: [a/b]}]}", "grants: {a/b: [{may: [fly], pipelines: [a/b]}]}",
      "grants: {a/b: [{may: pause, pipelines: [a/b]}]}", "grants: {a/b: [{may: [pause]}]}",
      "grants: {a/b: [{may: [pause], pipelines: [b]}]}",
      "grants: {a/b: [{may: [pause], pipelines: ['*/b']}]}",
      "grants: {a/b: [{may: [pause], pipelines: [a/b], until: x}]}", "folders: {}", "- roots",
      "roots: {a: [/srv}",
    ])
  func refused(text: String) throws {
    let config = try file(text)
    let problem = #expect(throws: Problem.self) { try config.check() }
    #expect(problem?.message.english.isEmpty == false && problem?.message.portuguese.isEmpty == false)
  }

  @Test("grants no root that holds the data folder or lies in it: its master key stays out of reach")
  func dataFolder() throws {
    for root in ["", "/inner", "/.."] {
      let config = try file("")
      let path = config.folder + root
      let clean = root == "/.." ? URL(filePath: path).standardized.path(percentEncoded: false) : path
      try "roots: {a: ['\(clean)']}".write(
        toFile: config.folder + "/esteira.yaml", atomically: true, encoding: .utf8)
      let problem = #expect(throws: Problem.self) { try config.check() }
      #expect(
        problem?.code == "bad-config" && problem?.message.english.contains("data folder") == true, "\(root)")
    }
  }

  @Test("takes a link, a `..` and a slash too many for what they lead to")
  func spelledDataFolder() throws {
    let place = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    for folder in ["data", "beside"] {
      try FileManager.default.createDirectory(
        atPath: "\(place)/\(folder)", withIntermediateDirectories: true)
    }
    symlink("\(place)/data", "\(place)/link")
    symlink(place, "\(place)/beside/up")
    let inside = [
      ("data", "data"), ("link", "data"), ("link", "data/inner"), ("beside/../data", "data"),
      ("beside/../data", "data/new"), ("data/", "data/folders"), ("data//", ""), ("data", "link"),
      ("data", "link/new/inner"), ("data", "beside/up"), ("data", "beside/up/data/master.key"),
      // To a `Character` its slash would be no slash.
      ("data", "data/\u{301}x"),
    ]
    for (data, root) in inside {
      try refuse("\(place)/\(data)", root: root.isEmpty ? place : "\(place)/\(root)")
    }
    for (data, root) in [("data", "beside"), ("link", "data2"), ("data", "dat"), ("data", "new/data")] {
      let config = try config("\(place)/\(data)", root: "\(place)/\(root)")
      #expect(throws: Never.self, "\(data) \(root)") { try config.check() }
    }
  }

  private func config(_ folder: String, root: String) throws -> ConfigFile {
    let text = JSON.object(["roots": ["a": [.string(root)]]]).text
    try text.write(toFile: folder + "/esteira.yaml", atomically: true, encoding: .utf8)
    return ConfigFile(folder: folder)
  }

  private func refuse(_ folder: String, root: String) throws {
    let config = try config(folder, root: root)
    let problem = #expect(throws: Problem.self, "\(folder) \(root)") { try config.check() }
    #expect(problem?.message.english.contains("data folder") == true, "\(folder) \(root)")
  }

  @Test("lies in a data folder whose path is one text however it is written")
  func absolute() throws {
    let place = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: place + "/far/near", withIntermediateDirectories: true)
    symlink(place + "/far/near", place + "/link")
    #expect(Places.absolute("\(place)//far/./near/") == "\(place)/far/near")
    #expect(Places.absolute("\(place)/link") == "\(place)/link")
    #expect(Places.absolute("\(place)/link/../new") == "\(place)/far/new")
    #expect(Places.absolute("\(place)/new/../../x") == Places.absolute("\(place)/../x"))
    let here = FileManager.default.currentDirectoryPath
    #expect(Places.absolute("./new") == "\(here)/new" && Places.absolute(".") == here)
    let roots = FileRoots(own: Places.absolute("\(place)/far/../far/") + "/folders/a")
    #expect(roots.place(of: "b/c")?.rest == "b/c")
  }
}

@Suite("The log and the measures of esteira.yaml", .timeLimit(.minutes(1)))
struct LogAndMetricsFileTests {
  private func file(_ text: String) throws -> ConfigFile {
    let folder = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: folder + "/esteira.yaml", atomically: true, encoding: .utf8)
    return ConfigFile(folder: folder)
  }

  @Test("are read, and usual where they are not there")
  func read() throws {
    #expect(try file("log: {}").log() == LogSetting())
    let log = try file("log: {format: json, level: warn, events: [a.b]}").log()
    #expect(log == LogSetting(format: .json, level: .warn, events: ["a.b"]))
    let metrics = try file(
      """
      server:
        metrics:
          aliases: [cursor]
          counters:
            - {name: reports_total, event: report.ready, labels: [kind], add: rows, help: Reports.}
      """
    ).server().metrics
    #expect(
      metrics.allCounters.map(\.name) == [
        "cursor_sources_executed", "cursor_documents_processed", "reports",
      ])
    #expect(metrics.allCounters.last?.labels == ["kind"] && metrics.allCounters.last?.add == "rows")
  }

  @Test(
    "are refused whole where they cannot be understood",
    arguments: [
      "log: json", "log: {format: xml}", "log: {level: loud}", "log: {level: 1}", "log: {events: a}",
      "log: {events: [1]}", "log: {file: x}",
    ]
      + [
        "x", "[x]", "[{name: a_total}]", "[{event: a}]", "[{name: a, event: b}]",
        "[{name: A_total, event: b}]",
        "[{name: esteira_a_total, event: b}]", "[{name: etl_total, event: b}]",
        "[{name: a_total, event: b, labels: kind}]", "[{name: a_total, event: b, labels: [__a]}]",
        "[{name: a_total, event: b, labels: [a, a]}]",
        "[{name: a_total, event: b, labels: [a, b, c, d, e, f]}]",
        "[{name: a_total, event: b, add: 1}]", "[{name: a_total, event: b, sum: c}]",
        "[{name: a_total, event: b}, {name: a_total, event: c}]",
      ].map { "server: {metrics: {counters: \($0)}}" })
  func refused(text: String) throws {
    let problem = #expect(throws: Problem.self, "\(text)") { try file(text).check() }
    #expect(problem?.code == "bad-config" && problem?.remedy != nil)
  }
}
