import Foundation
import Testing

@testable import Connectors

@Suite("The conformance kit", .serialized, .timeLimit(.minutes(3)))
struct ConformanceKitTests {
  private func verdicts(_ folder: String, _ bench: ExternalBench) async -> [ConformanceVerdict] {
    let scratch = "\(bench.bench.root)/kit"
    let kit = ConformanceKit(folder: folder, children: ExternalBench.children, scratch: scratch) {
      // Cancelled when the run ends first.
      try? await Task.sleep(for: $0)
    }
    return await kit.run().verdicts
  }

  private func failed(_ verdicts: [ConformanceVerdict]) -> [ConformanceRule] {
    verdicts.filter { if case .failed = $0.outcome { true } else { false } }.map(\.rule)
  }

  @Test("finds nothing wrong with a connector that keeps every rule", arguments: ["files", "lines", "calls"])
  func good(sample: String) async throws {
    let bench = try ExternalBench()
    let verdicts = await verdicts(try bench.sample(sample), bench)
    #expect(failed(verdicts) == [], "\(verdicts)")
    #expect(verdicts.map(\.rule) == ConformanceRule.allCases)
  }

  /// `FAULT` of the sample, and the one rule that it breaks.
  static let faults: [(String, ConformanceRule)] = [
    ("protocol", .protocol), ("schema", .schema), ("execute", .execute), ("output", .output),
    ("progress", .progress), ("progress-none", .progress), ("checkpoint", .checkpoint),
    ("checkpoint-output", .checkpoint), ("cancel", .cancel), ("input", .input), ("input-exit", .input),
    ("crash", .crash), ("secrets", .secrets),
  ]

  @Test("finds the one rule that a connector breaks", arguments: faults)
  func broken(fault: String, rule: ConformanceRule) async throws {
    let bench = try ExternalBench()
    let folder = try bench.sample("calls", adding: "environment: {FAULT: \(fault)}\n")
    let verdicts = await verdicts(folder, bench)
    #expect(failed(verdicts) == [rule], "\(verdicts)")
  }

  @Test("has a broken connector for each rule")
  func coverage() {
    // The manifest is broken below.
    #expect(Set(Self.faults.map(\.1)).union([.manifest]) == Set(ConformanceRule.allCases))
  }

  @Test("judges nothing else where the manifest, or what it is to be run with, is wrong")
  func manifest() async throws {
    let bench = try ExternalBench()
    let folder = try bench.sample("calls", adding: "heartbeat: soon\n")
    #expect(failed(await verdicts(folder, bench)) == [.manifest])
    let other = try ExternalBench()
    let path = try other.sample("files")
    let text = try String(contentsOfFile: path + "/connector.yaml", encoding: .utf8)
    try text.replacing("bad: {text: \"\"}", with: "bad: {text: 1}").write(
      toFile: path + "/connector.yaml", atomically: true, encoding: .utf8)
    #expect(failed(await verdicts(path, other)).first == .manifest)
  }
}
