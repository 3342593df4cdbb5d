import Crypto
import Engine
import Foundation
import Model
import Pipelines
import Testing

@testable import Connectors

@Suite("The manifest of a connector", .timeLimit(.minutes(1)))
struct ManifestTests {
  private func problem(_ bench: ExternalBench, _ change: (String) -> String) throws -> Problem? {
    let folder = "\(bench.bench.root)/connectors-files"
    if !FileManager.default.fileExists(atPath: folder) { _ = try bench.sample("files") }
    let original = try String(
      contentsOf: ExternalBench.samples.appending(path: "files/connector.yaml"), encoding: .utf8)
    try change(original).write(toFile: "\(folder)/connector.yaml", atomically: true, encoding: .utf8)
    do throws(Problem) {
      _ = try InstalledConnectors(folders: [bench.bench.root])
      return nil
    } catch { return error }
  }

  @Test("makes a description that validation and the API show as that of a built-in one")
  func description() throws {
    let bench = try ExternalBench()
    _ = try bench.sample("calls")
    let installed = try InstalledConnectors(folders: [bench.bench.root])
    let description = try #require(installed.descriptions.first)
    #expect(description.name == "sample.calls" && description.major == 2)
    #expect(description.title == Bilingual("Adds numbers by calls", pt: "Soma números por chamadas"))
    #expect(description.effect == .always(.keyed) && description.connection == .required(kind: "sample"))
    #expect(description.place == .process)
    let compiler = PipelineCompiler(
      connectors: Catalog.descriptions + installed.descriptions, zones: ZoneDatabase { _ in nil })
    let file = """
      apiVersion: esteira/v1
      id: p
      namespace: demo
      steps: {add: {uses: sample.calls@2, connection: c, with: {numbers: [1, "two"]}}}
      """
    #expect(compiler.compile(file).findings.map(\.code) == ["wrong-value"])
    #expect(compiler.compile(file.replacing("\"two\"", with: "2")).findings.isEmpty)
  }

  @Test(
    "is refused with its reason",
    arguments: [
      ("sample.files", "files", "name"), ("sample.files", "csv.mine", "first word"),
      ("level: 0", "level: 3", "level"),
      ("level: 0", "level: 0\ncheckpoints: true", "checkpoints"), ("\"1.0.0\"", "1.0", "version"),
      ("command: [main.sh]", "command: main.sh", "command"),
      ("effect: pure", "effect: reattachable", "effect"),
      ("effect: pure", "efect: pure", "efect"),
      ("esteira-connector/v1", "esteira-connector/v2", "apiVersion"),
      ("type: object\n  properties: {text", "type: objekt\n  properties: {text", "with"),
      ("effect: pure", "effect: pure\nenvironment: {ESTEIRA_X: a}", "ESTEIRA_X"),
      ("effect: pure", "effect: pure\ntimeout: 5", "timeout"), ("test:\n  with", "test:\n  wiht", "test"),
    ])
  func refused(old: String, new: String, word: String) throws {
    let bench = try ExternalBench()
    #expect(try problem(bench) { $0 } == nil)
    let found = try #require(try problem(bench) { $0.replacing(old, with: new) })
    #expect(found.code == "bad-connector")
    #expect(found.message.english.contains(word), "\(found.message.english)")
  }

  @Test("is refused where others may write it, where its folder is missing, and where two have one name")
  func places() throws {
    let bench = try ExternalBench()
    let folder = try bench.sample("files")
    try FileManager.default.copyItem(atPath: folder, toPath: bench.bench.root + "/twin")
    #expect(throws: Problem.self) { try InstalledConnectors(folders: [bench.bench.root]) }
    #expect(throws: Problem.self) { try InstalledConnectors(folders: ["/nonexistent"]) }
    #expect(try InstalledConnectors(folders: [folder]).manifests.count == 1)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o666], ofItemAtPath: folder + "/connector.yaml")
    #expect(throws: Problem.self) { try InstalledConnectors(folders: [folder]) }
  }

  @Test("A checkpoint is sealed, and counts for its own step, round and job alone")
  func checkpoints() throws {
    let bench = try Bench()
    let folder = bench.root + "/processes/job/0"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let key = SymmetricKey.generate()
    func file(_ stepKey: String, place: String = "p", key: SymmetricKey) -> Checkpoints {
      CheckpointFile(folder: folder, place: place, key: key, stepKey: stepKey).checkpoints
    }
    #expect(try file("k", key: key).load() == nil)
    try file("k", key: key).save(["cpf": "529.982.247-25"])
    #expect(try file("k", key: key).load() == ["cpf": "529.982.247-25"])
    #expect(try file("other round", key: key).load() == nil)
    #expect(try file("k", place: "q", key: key).load() == nil)
    #expect(try file("k", key: SymmetricKey.generate()).load() == nil)
    let bytes = try #require(FileManager.default.contents(atPath: folder + "/checkpoint"))
    #expect(!String(decoding: bytes, as: UTF8.self).contains("529"))
  }
}
