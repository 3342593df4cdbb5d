import Model
import Pipelines

@testable import Engine

/// The pipelines of a world.
enum Files {
  struct Made: Sendable {
    var plan: Plan
    var source: [UInt8]
  }

  /// Those of a seed. A file that `validate` refuses makes room for the next one.
  static func made(_ seed: UInt64) throws -> [PipelineName: Made] {
    let overlap = Int(seed % UInt64(PipelineMaker.overlaps.count))
    var files = [World.after: try followers[overlap].get()]
    for (offset, name) in [World.main, World.part].enumerated() {
      files[name] = try made(seed &* 2 &+ UInt64(offset), name.name)
    }
    return files
  }

  private static func made(_ seed: UInt64, _ name: String) throws -> Made {
    var findings = ""
    for attempt in 0..<100 {
      var maker = PipelineMaker(seed: seed &* 1_000 &+ UInt64(attempt), name: name)
      let source = maker.source()
      let compilation = compiler.compile(source)
      if let plan = compilation.plan { return Made(plan: plan, source: source) }
      findings = text(compilation.findings)
    }
    throw Violation(.accepted, "no pipeline of 100 was valid: \(findings)")
  }

  /// One for each overlap that its schedule may have.
  private static let followers = PipelineMaker.overlaps.map { overlap in
    Result<Made, any Error> {
      let source = Array(PipelineMaker.follower(overlap: overlap).utf8)
      let compilation = compiler.compile(source)
      guard let plan = compilation.plan else { throw Violation(.accepted, text(compilation.findings)) }
      return Made(plan: plan, source: source)
    }
  }

  private static func text(_ findings: [Finding]) -> String {
    findings.map { $0.rendered(file: "made.yaml", language: .english) }.joined(separator: "\n")
  }

  private static let compiler = PipelineCompiler(
    connectors: PipelineMaker.connectors.map(description), zones: ZoneDatabase { _ in nil })

  private static func description(_ name: String) -> ConnectorDescription {
    ConnectorDescription(
      name: "test.\(name)", title: Bilingual("Test", pt: "Teste"), summary: Bilingual("Test.", pt: "Teste."),
      with: ["type": "object"], output: true, effect: .always(EffectClass(rawValue: name) ?? .keyed),
      place: name == "child" ? .process : .node)
  }

  /// How many of the first files of so many seeds `validate` takes: for a look at the maker.
  static func share(of seeds: Int) -> (valid: Int, findings: [String]) {
    var (valid, findings): (Int, [String]) = (0, [])
    for seed in 0..<seeds {
      var maker = PipelineMaker(seed: UInt64(seed), name: "main")
      let compilation = compiler.compile(maker.source())
      if compilation.plan != nil { valid += 1 } else { findings.append(text(compilation.findings)) }
    }
    return (valid, findings)
  }
}

/// Where a world begins in some of its seeds: minutes before the clocks change.
///
/// Instants of steps know no zone. Schedules do, and theirs are the due times that lie at these edges.
enum ChangeOfTime {
  /// New York and Berlin, spring and autumn of 2026, and Lord Howe, whose clocks change by half an hour.
  static let edges = [
    "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z",
    "2026-04-04T15:00:00Z",
  ]

  static func start(_ random: inout Seeded) -> Timestamp? {
    guard random.holds(30), let edge = Timestamp(rfc3339: random.one(of: edges)) else { return nil }
    return edge + (.zero - .seconds(random.below(300)))
  }
}
