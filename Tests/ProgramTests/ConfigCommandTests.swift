import Foundation
import Model
import Testing

@testable import esteira

@Suite("esteira config", .timeLimit(.minutes(2)))
struct ConfigCommandTests {
  private static let good = """
    groups:
      compliance: [ana, bia]
    server:
      public_url: https://esteira.example.org
      threads: 2
    alerts:
      to: [ops]
      ping: {url: https://watch.example/secret-word, every: 1m}
    destinations:
      - {name: o, namespace: n, kind: webhook, connection: c, path: /hidden, events: [esteira.job.failed]}

    """

  private func place(_ text: String?) throws -> Place {
    let place = try Place()
    try FileManager.default.createDirectory(
      at: place.folder.appending(path: "data"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    if let text { try place.write("data/esteira.yaml", text) }
    return place
  }

  @Test("check says where each problem is, and what to write instead, in both languages")
  func findings() throws {
    let place = try place(
      """
      groups:
        fine: [ana]
        broken: ana
      roots:
        demo: [relative/path]
      server:
        listen: [127.0.0.1:7420]
        threads: 1000
      destinations:
        - {name: a, namespace: demo, kind: log, events: [esteira.job.failed]}
        - name: b
          namespace: demo
          kind: log
          colour: red
          events: [esteira.job.failed]
      """)
    defer { place.clean() }
    let answer = try place.esteira("config check")
    #expect(answer.code == 2 && answer.out.isEmpty)
    let lines = answer.errors.split(separator: "\n").filter { $0.contains("error[") }
    let places = lines.compactMap {
      $0.firstMatch(of: /esteira\.yaml:(\d+):(\d+): error\[bad-config\]/)?.output
    }
    #expect(places.map { "\($0.1):\($0.2)" } == ["3:3", "5:10", "8:3", "14:5"], "\(answer.errors)")
    #expect(lines[3].contains("there is no key \"colour\""))
    let shown = try place.esteira("config check --lang pt-BR -o json").out
    #expect(shown.contains("não existe a chave") && shown.contains("\"line\": 14"))
  }

  @Test("check tells what a file cannot be read by, and nothing of one that is well or not there")
  func whole() throws {
    let broken = try place("server: [\n")
    defer { broken.clean() }
    let answer = try broken.esteira("config check")
    #expect(answer.code == 2 && answer.errors.contains("esteira.yaml:"), "\(answer)")
    let good = try place(Self.good)
    defer { good.clean() }
    #expect(try good.esteira("config check").out.hasSuffix("esteira.yaml: valid\n"))
    let none = try place(nil)
    defer { none.clean() }
    let missing = try none.esteira("config check")
    #expect(missing.code == 0 && missing.out.contains("is not there"))
  }

  @Test("check looks at what the file names, at the flags and at the environment")
  func outside() throws {
    let place = try place("server:\n  tls:\n    certificate: /nonexistent.pem\n    key: /nonexistent.key\n")
    defer { place.clean() }
    let answer = try place.esteira("config check --listen nowhere")
    #expect(
      answer.code == 2 && answer.errors.contains("esteira.yaml:3:5: error[bad-certificate]"), "\(answer)")
    #expect(answer.errors.contains("--listen: error[bad-listen]"))
    try place.write("data/esteira.yaml", "server: {listen: [0.0.0.0:7420]}")
    // The environment of these tests says `none`, which is above the file.
    #expect(try place.esteira("config check").code == 0)
    let open = try place.esteira("config check --listen 0.0.0.0:7420")
    #expect(open.code == 2 && open.errors.contains("--listen: error[listen-unencrypted]"), "\(open)")
  }

  @Test("show has each value with what said it, and no secret")
  func show() throws {
    let place = try place(Self.good)
    defer { place.clean() }
    let shown = try place.esteira("config show -o jsonl")
    #expect(shown.code == 0, "\(shown)")
    var entries: [String: JSON] = [:]
    for line in shown.out.split(separator: "\n") {
      let entry = try JSON(parsing: Array(line.utf8))
      entries[try #require(entry["key"]?.string)] = entry
    }
    #expect(entries["data"]?["source"] == "environment" && entries["data"]?["name"] == "ESTEIRA_DATA")
    #expect(entries["server.listen"]?["value"] == [] && entries["server.listen"]?["name"] == "ESTEIRA_LISTEN")
    #expect(entries["server.threads"]?["value"] == 2 && entries["server.threads"]?["line"] == 5)
    #expect(entries["server.proxies"]?["source"] == "default")
    #expect(entries["groups.compliance"]?["value"] == ["ana", "bia"])
    #expect(entries["alerts.ping.url"]?["value"] == "https://watch.example/•••")
    #expect(
      entries["destinations.0.path"]?["value"] == "•••" && entries["destinations.0.path"]?["line"] == 10)
    #expect(!shown.out.contains("secret-word") && !shown.out.contains("hidden"))
    let table = try place.esteira("config show --listen 127.0.0.1:0 --lang pt-BR").out
    #expect(table.contains("opção --listen") && table.contains("padrão"))
  }

  @Test("limits of the edge and the server's backups are shown, and what they cannot be is told")
  func limits() throws {
    let place = try place(
      "server: {connections: 50, connections_per_address: 5, backups: {folder: /mnt/b, keep: 3}}\n")
    defer { place.clean() }
    let shown = try place.esteira("config show -o jsonl").out
    let entries = try shown.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    func value(_ key: String) -> JSON? { entries.first { $0["key"]?.string == key }?["value"] }
    #expect(value("server.connections") == 50 && value("server.connections_per_address") == 5)
    #expect(value("server.backups.folder") == "/mnt/b" && value("server.backups.keep") == 3)
    for wrong in [
      "connections: 0", "connections_per_address: 100001", "backups: {keep: 0}", "backups: {folder: here}",
      "backups: {colour: red}",
    ] {
      try place.write("data/esteira.yaml", "server: {\(wrong)}\n")
      #expect(try place.esteira("config check").code == 2, "\(wrong)")
    }
  }

  @Test("whether operators may retry is said by the environment, above it by nothing, else by the file")
  func operators() throws {
    let place = try place("server: {operators_may_retry: true}\n")
    defer { place.clean() }
    func entry(_ environment: [String: String]) throws -> JSON {
      let shown = try place.esteira("config show -o jsonl", environment: environment)
      let line = try #require(shown.out.split(separator: "\n").first { $0.contains("operators_may_retry") })
      return try JSON(parsing: Array(line.utf8))
    }
    let filed = try entry([:])
    #expect(filed["value"] == true && filed["source"] == "file" && filed["line"] == 1)
    let told = try entry(["ESTEIRA_OPERATORS_MAY_RETRY": "false"])
    #expect(told["value"] == false && told["name"] == "ESTEIRA_OPERATORS_MAY_RETRY")
    let odd = try place.esteira("config check", environment: ["ESTEIRA_OPERATORS_MAY_RETRY": "perhaps"])
    #expect(odd.code == 2 && odd.errors.contains("ESTEIRA_OPERATORS_MAY_RETRY: error[bad-config]"))
    try place.write("data/esteira.yaml", "server: {operators_may_retry: maybe}\n")
    #expect(try place.esteira("config check").errors.contains("esteira.yaml:1:"))
    try place.write("data/esteira.yaml", "{}\n")
    #expect(try entry([:])["source"] == "default")
  }

  @Test("no problem hides behind another of another part, and each is told once")
  func finder() {
    let finder = ConfigFinder { file in
      for key in ["a", "b"] where file[key]?.object?["bad"] != nil {
        return Problem("x", Bilingual(key, pt: key))
      }
      for (index, item) in (file["destinations"]?.array ?? []).enumerated() where item == "bad" {
        return Problem("x", Bilingual("item", pt: "\(index >= 0)"))
      }
      return nil
    }
    let file: JSONObject = [
      "a": ["good": 1, "bad": 2], "b": ["bad": 1], "c": 1, "destinations": ["bad", "good", "bad"],
    ]
    let ways = finder.findings(in: file).map { $0.way.joined(separator: ".") }
    #expect(ways == ["a.bad", "b.bad", "destinations.0", "destinations.1"])
  }
}
