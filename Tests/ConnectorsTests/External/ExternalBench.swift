import Engine
import Foundation
import Model
import Synchronization

@testable import Connectors

/// Connectors in folders, for one test.
final class ExternalBench: Sendable {
  let bench: Bench
  private let checkpoints = Mutex<[JSON]>([])

  init() throws { bench = try Bench() }

  /// Their own places: others must not wait for programs that take their time.
  static let children = ChildProcesses(supervisor: BuiltProgram.path, limit: 4)

  static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Connectors")

  /// A copy of a sample of `Tests/Connectors`, with what is added to its manifest.
  func sample(_ name: String, adding lines: String = "") throws -> String {
    let folder = "\(bench.root)/connectors-\(name)"
    try FileManager.default.copyItem(atPath: Self.samples.appending(path: name).path, toPath: folder)
    let path = "\(folder)/connector.yaml"
    try (String(contentsOfFile: path, encoding: .utf8) + lines).write(
      toFile: path, atomically: true, encoding: .utf8)
    return folder
  }

  /// A connector whose whole program is a script for bash.
  func connector(
    level: Int, _ script: String, effect: String = "once", more: String = ""
  ) throws -> ExternalConnector {
    let folder = "\(bench.root)/own"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let manifest = """
      apiVersion: esteira-connector/v1
      name: own.one
      version: "1.0.0"
      title: Own
      level: \(level)
      command: [main.sh]
      effect: \(effect)
      connection: {kind: sample, required: false}
      with: {type: object}
      output: {type: object}
      \(more)
      """
    try manifest.write(toFile: "\(folder)/connector.yaml", atomically: true, encoding: .utf8)
    try script.write(toFile: "\(folder)/main.sh", atomically: true, encoding: .utf8)
    return try connector(in: folder)
  }

  func connector(in folder: String) throws -> ExternalConnector {
    ExternalConnector(
      manifest: try ManifestReader(folder: folder).manifest(), children: Self.children)
  }

  /// With a place for checkpoints that outlives the attempt.
  func attempt(
    _ with: JSON = [:], number: Int = 1, grace: Duration = .seconds(5), secret: String? = nil
  ) -> Attempt {
    let credential = secret.map { Credential(name: "c", type: "bearer", values: [("token", Secret($0))]) }
    let connection = Connection(namespace: "demo", name: "c", kind: "sample", address: ["host": "a"])
    var attempt = bench.attempt(
      with, number: number, connection: secret == nil ? nil : connection, credential: credential, grace: grace
    )
    attempt.fencingToken = UInt32(40 + number)
    attempt.services.checkpoints = Checkpoints(
      save: { (state) throws(Failure) in self.checkpoints.withLock { $0.append(state) } },
      load: { () throws(Failure) in self.kept.last })
    return attempt
  }

  var kept: [JSON] { checkpoints.withLock { $0 } }

  func run(_ connector: ExternalConnector, _ attempt: Attempt) async -> Result<AttemptOutput, Failure> {
    do throws(Failure) { return .success(try await connector.execute(attempt)) } catch {
      return .failure(error)
    }
  }

  func refusal(_ connector: ExternalConnector, _ attempt: Attempt) async -> Failure? {
    if case .failure(let failure) = await run(connector, attempt) { failure } else { nil }
  }
}
