import Connectors
import Foundation
import Model
import Pipelines
import Testing

@Suite("The pipeline daily-ingest", .timeLimit(.minutes(1)))
struct DailyIngestTests {
  @Test("is valid with the connectors of this build")
  func valid() throws {
    let zones = ZoneDatabase { name in
      FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
    }
    let compiler = PipelineCompiler(connectors: Catalog.descriptions, zones: zones)
    let file = PythonServer.blueprint.appending(path: "daily-ingest.yaml")
    let compilation = compiler.compile(
      try String(contentsOf: file, encoding: .utf8),
      readFile: { path in
        let file = PythonServer.blueprint.appending(path: path).path
        return FileManager.default.contents(atPath: file).map { Array($0) }
      })
    // Its triggers do not fire in this version, which is said; everything else is without a finding.
    let findings = compilation.findings.filter { $0.code != "no-effect-yet" }
      .map { $0.rendered(file: "daily-ingest.yaml", language: .english) }
    #expect(findings == [], "\(findings.joined(separator: "\n"))")
    #expect(compilation.findings.map(\.path).allSatisfy { $0.hasPrefix("triggers.") })
    #expect(compilation.plan != nil)
  }
}
