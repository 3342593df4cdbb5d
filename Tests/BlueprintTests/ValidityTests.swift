import Connectors
import Foundation
import Model
import Pipelines
import Testing

/// Every pipeline of `blueprints/`, with the connectors that this program has.
@Suite("The blueprints' pipelines", .timeLimit(.minutes(1)))
struct ValidityTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "blueprints")

  static let files: [String] = {
    let all = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".yaml") && $0.split(separator: "/").count == 2 }.sorted()
  }()

  /// How many steps say, and mean, that a statement which is repeated after a crash does no harm.
  static let repeated = [
    "ezpocket-question/question.yaml": 2, "ezpocket-question/setup.yaml": 2,
    "ezpocket-question/project.yaml": 1, "atlasreg/cursor.yaml": 5, "atlasreg/cursor-reprocess.yaml": 3,
    "mitrarr/distribute-findface.yaml": 1, "mitrarr/canary.yaml": 1,
  ]

  @Test("are all found")
  func found() {
    for name in [
      "atlasreg/cursor", "atlasreg/cursor-reprocess", "atlasreg/daily-ingest", "atlasreg/reprocess",
      "etl/amplis-daily", "oraculo/coleta",
      "oraculo/coleta-rabbit",
    ] {
      #expect(Self.files.contains("\(name).yaml"))
    }
  }

  @Test("are valid, and warn only of what this version does not do yet", arguments: files)
  func valid(file: String) throws {
    let compilation = try Self.compile(file)
    let repeated = compilation.findings.filter { $0.code == "idempotent-once" }
    #expect(repeated.count == Self.repeated[file] ?? 0)
    let wrong = compilation.findings.filter {
      $0.severity == .error || $0.missing == nil && $0.code != "idempotent-once"
    }
    #expect(wrong.map { $0.rendered(file: file, language: .english) } == [])
  }

  /// A machine that dies while a step runs which may run once leaves the question whether it happened to a
  /// person.
  @Test("go on by themselves after a crash: no step is left to a person", arguments: files)
  func once(file: String) throws {
    let plan = try #require(Self.compile(file).outline)
    let steps = plan.steps.filter { step in
      guard case .connector(let call) = step.kind else { return false }
      return call.connector.effectClass(with: Self.known(call.with), idempotent: step.idempotent) == .once
    }
    #expect(steps.map { $0.path } == [])
  }

  static func compile(_ file: String) throws -> Compilation {
    let zones = ZoneDatabase { name in
      FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
    }
    let place = root.appending(path: file)
    let compiler = PipelineCompiler(connectors: Catalog.descriptions, zones: zones, offline: true)
    return compiler.compile(
      try String(contentsOf: place, encoding: .utf8),
      readFile: { path in
        let file = place.deletingLastPathComponent().appending(path: path).path
        return FileManager.default.contents(atPath: file).map { Array($0) }
      })
  }

  /// The members that are the same for every job.
  private static func known(_ with: Template) -> JSON {
    var known = JSONObject()
    switch with {
    case .literal(let value): return value
    case .object(let members):
      for case (let key, .literal(let value)) in members { known[key] = value }
    case .expression, .text, .array: break
    }
    return .object(known)
  }
}
