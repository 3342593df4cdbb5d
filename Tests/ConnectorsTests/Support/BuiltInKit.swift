import Engine
import Foundation
import Model
import Net
import Pipelines
import Synchronization

@testable import Connectors

/// The conformance kit's rules for a connector that is called in this process instead of started as a
/// program: each is judged by calling it, in a fresh world, as the engine would.
struct BuiltInKit {
  typealias Outcome = ConformanceVerdict.Outcome

  var example: ConnectorCase
  /// Made anew for each world, with what its site is reached by.
  var connector: @Sendable (CurlClient) throws -> any Connector
  /// What the catalogue says of it.
  var known: ConnectorDescription
  /// What it must refuse.
  var bad: Refused?
  var cancelling = ProtocolLimits.cancelling

  /// One call, and all that it left to be seen.
  private struct Call {
    var result: Result<JSON, Failure>
    var checkpoints: [JSON]
    var log: [String]
    var value: JSON? { result.value }
    /// How it ended, without what differs from one world to the next.
    var text: String
  }

  func verdicts() async throws -> [ConformanceVerdict] {
    let sample = try await inWorld { world in try await call(world) }
    let inProcess = Outcome.passedOver(
      Bilingual("it is called, and speaks no protocol", pt: "é chamado, e não fala protocolo"))
    return [
      .init(.manifest, try manifest()), .init(.protocol, inProcess), .init(.schema, try await schema()),
      .init(.execute, execute(sample)), .init(.output, try output(sample)), .init(.progress, inProcess),
      .init(.checkpoint, try await checkpoint(sample)), .init(.cancel, try await cancel(sample)),
      .init(.input, try await input()), .init(.crash, try await crash(sample)),
      .init(.secrets, try await secrets(sample)),
    ]
  }

  private func inWorld<Answer>(_ body: (ConnectorWorld) async throws -> Answer) async throws -> Answer {
    let world = try await ConnectorWorld(of: example)
    do {
      let answer = try await body(world)
      await world.stop()
      return answer
    } catch {
      await world.stop()
      throw error
    }
  }

  private func call(
    _ world: ConnectorWorld, number: Int = 1, from checkpoint: JSON? = nil,
    meanwhile: (@Sendable (Task<Result<JSON, Failure>, Never>) -> Void)? = nil
  ) async throws -> Call {
    let connector = try connector(world.site.client)
    let previous = number > 1 ? PreviousAttempt(number: number - 1, cause: "owner_restarted") : nil
    var attempt = world.attempt(for: connector, number: number, previous: previous)
    let keeper = Keeper()
    attempt.services.checkpoints = keeper.checkpoints(from: checkpoint)
    let task = Task { [attempt] in
      do throws(Failure) {
        return Result<JSON, Failure>.success(try await connector.execute(attempt).value)
      } catch { return .failure(error) }
    }
    meanwhile?(task)
    let result = await task.value
    return Call(
      result: result, checkpoints: keeper.states.withLock { $0 }, log: world.bench.log,
      text: Self.text(result, in: world))
  }

  private final class Keeper: Sendable {
    let states = Mutex<[JSON]>([])

    func checkpoints(from last: JSON?) -> Checkpoints {
      Checkpoints(
        save: { (state) throws(Failure) in self.states.withLock { $0.append(state) } },
        load: { () throws(Failure) in last })
    }
  }
}

// The rules.
extension BuiltInKit {
  private static func failed(_ text: String) -> Outcome { .failed(Bilingual(text, pt: text)) }

  private func manifest() throws -> Outcome {
    let schema = try? JSONSchema(known.with)
    guard let schema, (try? JSONSchema(known.output)) != nil else { return Self.failed("no usable schema") }
    let violation = schema.violations(in: example.with).first
    return violation.map { Self.failed("\($0.pointer) \($0.message.english)") } ?? .passed
  }

  private func schema() async throws -> Outcome {
    let said = try await inWorld { world in try connector(world.site.client).description }
    return said.with == known.with && said.output == known.output
      ? .passed : Self.failed("it says other schemas than the catalogue")
  }

  private func execute(_ sample: Call) -> Outcome {
    switch sample.result {
    case .success: known.name == "fail" ? Self.failed("it ends well") : .passed
    // To fail is what it is for.
    case .failure(let failure):
      known.name == "fail" && failure.message == "no" ? .passed : Self.failed(failure.message)
    }
  }

  private func output(_ sample: Call) throws -> Outcome {
    guard let value = sample.value else { return Self.passedOver("there is no output") }
    let violation = try JSONSchema(known.output).violations(in: value).first
    return violation.map { Self.failed("\($0.pointer) \($0.message.english)") } ?? .passed
  }

  private static func passedOver(_ text: String) -> Outcome { .passedOver(Bilingual(text, pt: text)) }

  private func checkpoint(_ sample: Call) async throws -> Outcome {
    guard let first = sample.checkpoints.first else { return Self.passedOver("it keeps none") }
    let resumed = try await inWorld { world in try await call(world, number: 2, from: first) }
    return resumed.text == sample.text ? .passed : Self.failed("from its checkpoint: \(resumed.text)")
  }

  private func cancel(_ sample: Call) async throws -> Outcome {
    let (ended, took) = try await inWorld { world in
      let began = ContinuousClock.now
      let ended = try await call(world, meanwhile: { $0.cancel() })
      return (ended, ContinuousClock.now - began)
    }
    guard took <= cancelling else { return Self.failed("it goes on") }
    switch ended.result {
    case .success: return .passed
    case .failure(let failure):
      // What fails by itself may have done so before.
      return failure.errorClass == .cancelled || ended.text == sample.text
        ? .passed : Self.failed("\(failure.errorClass) \(failure.code): \(failure.message)")
    }
  }

  private func input() async throws -> Outcome {
    guard let bad else { return Self.passedOver("nothing bad is known") }
    // It lays out a world of its own.
    let bench = try Bench()
    let with = try bad.prepare(bench, bad.with)
    let found: Failure?
    if try JSONSchema(known.with).violations(in: with).isEmpty {
      var attempt = bench.attempt(
        with, effect: known.effectClass(with: with, idempotent: nil), connection: bad.connection,
        credential: bad.credential)
      attempt.services.checkpoints = Keeper().checkpoints(from: nil)
      let (connector, made) = (try connector(bench.client), attempt)
      found = await failure { () async throws(Failure) in try await connector.execute(made) }
    } else {
      found = Failure(.data, code: "invalid-with", "The schema says no.")
    }
    await bench.client.stop()
    guard let found else { return Self.failed("it takes \(bad.why)") }
    return [.data, .configuration].contains(found.errorClass)
      ? .passed : Self.failed("\(bad.why): \(found.errorClass) \(found.code)")
  }

  /// The node dies in the midst of a call, and the next attempt finds what that one left.
  private func crash(_ sample: Call) async throws -> Outcome {
    let effect = known.effectClass(with: example.with, idempotent: nil)
    guard effect != .once else { return Self.passedOver("a person is asked whether it happened") }
    let again = try await inWorld { world in
      _ = try await call(world, meanwhile: { $0.cancel() })
      return try await call(world, number: 2)
    }
    return again.text == sample.text ? .passed : Self.failed("it is then \(again.text), not \(sample.text)")
  }

  private func secrets(_ sample: Call) async throws -> Outcome {
    let values = try await inWorld { world in world.credential?.values.map { $0.secret.reveal() } ?? [] }
    guard !values.isEmpty else { return Self.passedOver("it is given none") }
    // A name of a header or of a person is no secret, nor is what `with` says itself.
    let secret = values.filter { $0.utf8.count > 5 && !example.with.text.contains($0) }
    let said = sample.log + [sample.text]
    return said.contains { line in secret.contains { line.contains($0) } }
      ? Self.failed("a value of its credential is in its log or its output") : .passed
  }
}

// What two worlds have in common.
extension BuiltInKit {
  /// Times of this moment, which no two calls share, and `deleted`: what an attempt found there to remove,
  /// which the one before may have removed already.
  private static let moving: Set<String> = [
    "date", "modified", "modified_at", "last_modified", "duration_ms", "seconds", "took_ms", "expires_at",
    "deleted",
  ]

  private static func text(_ result: Result<JSON, Failure>, in world: ConnectorWorld) -> String {
    let text: String
    switch result {
    case .success(let value): text = still(value).text
    case .failure(let failure): text = "\(failure.errorClass) \(failure.code): \(failure.message)"
    }
    // A signature is also of the site's port.
    return text.replacing(world.bench.root, with: "ROOT").replacing(world.site.url, with: "SITE")
      .replacing(/X-Amz-Signature=[0-9a-f]+/, with: "X-Amz-Signature=")
  }

  private static func still(_ value: JSON) -> JSON {
    switch value {
    case .object(let object):
      .object(
        JSONObject(object.filter { !moving.contains($0.key) }.map { ($0.key, still($0.value)) }))
    case .array(let items): .array(items.map(still))
    case _: value
    }
  }
}
