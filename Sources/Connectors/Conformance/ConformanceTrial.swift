import Engine
import Glibc
import Model
import Synchronization

/// One run of a connector under the eyes of the kit.
final class ConformanceTrial: Sendable {
  enum Disturbance: Hashable {
    case none
    /// Once the program is at work.
    case cancel
    /// At its first word.
    case kill
    case killAtCheckpoint
  }

  struct Outcome: Sendable {
    var result: Result<AttemptOutput, Failure>
    /// What the program said on descriptor 4.
    var messages: [JSON]
    var log: [String]
    var checkpoints: [JSON]
    /// From the cancel to the end; nil where it ended before.
    var stopping: Duration?
    var report: SupervisorReport?

    var output: JSON? { if case .success(let output) = result { output.value } else { nil } }
    var failure: Failure? { if case .failure(let failure) = result { failure } else { nil } }
  }

  private struct Seen {
    var messages: [JSON] = []
    var log: [String] = []
    var checkpoints: [JSON] = []
    var disturbedAt: ContinuousClock.Instant?
  }

  /// A program that says nothing is disturbed after so long all the same.
  private static let patience: Duration = .seconds(2)
  private static let lookInterval: Duration = .milliseconds(10)

  private let manifest: ConnectorManifest
  private let children: ChildProcesses
  private let folder: String
  private let disturbance: Disturbance
  private let pause: @Sendable (Duration) async -> Void
  private let seen = Mutex(Seen())
  /// Ends when it is time to cancel.
  private let time: AsyncStream<Never>
  private let timeSource: AsyncStream<Never>.Continuation

  /// `folder`: fresh, for this run alone.
  init(
    _ manifest: ConnectorManifest, children: ChildProcesses, folder: String, _ disturbance: Disturbance,
    pause: @escaping @Sendable (Duration) async -> Void
  ) {
    (self.manifest, self.children, self.folder) = (manifest, children, folder)
    (self.disturbance, self.pause) = (disturbance, pause)
    (time, timeSource) = AsyncStream.makeStream()
  }

  func perform(_ with: JSON, number: Int = 1, checkpoint: JSON? = nil) async -> Outcome {
    let attempt = attempt(with, number: number, checkpoint: checkpoint)
    let (manifest, children) = (manifest, children)
    let task = Task {
      do throws(Failure) {
        var run = try ExternalRun(attempt, of: manifest, children: children)
        run.heard = { self.hear($0) }
        return Result<AttemptOutput, Failure>.success(try await run.execute())
      } catch { return .failure(error) }
    }
    let disturber = Task { await disturb(task) }
    let result = await task.value
    let end = ContinuousClock.now
    disturber.cancel()
    await disturber.value
    return seen.withLock { seen in
      Outcome(
        result: result, messages: seen.messages, log: seen.log, checkpoints: seen.checkpoints,
        stopping: seen.disturbedAt.map { $0.duration(to: end) },
        report: SupervisorReport.read(from: recordFolder(number)))
    }
  }

  func describe() async -> Result<JSON, Failure> {
    do throws(Failure) {
      let attempt = attempt(manifest.test.with, number: 1, checkpoint: nil)
      return .success(try await ExternalRun(attempt, of: manifest, children: children).describe())
    } catch { return .failure(error) }
  }

  private func hear(_ line: ArraySlice<UInt8>) {
    // What is no JSON breaks the protocol, which the run itself says.
    guard let message = try? JSON(parsing: Array(line)) else { return }
    seen.withLock { $0.messages.append(message) }
    switch disturbance {
    case .cancel where isAtWork(message): timeSource.finish()
    case .kill: kill()
    case .none, .cancel, .killAtCheckpoint: break
    }
  }

  private func isAtWork(_ message: JSON) -> Bool {
    switch manifest.level {
    case .files: false
    case .lines: message["type"]?.string != "hello"
    case .calls: message["method"] != nil
    }
  }

  private func disturb(_ task: Task<Result<AttemptOutput, Failure>, Never>) async {
    switch disturbance {
    case .none, .killAtCheckpoint: return
    case .cancel:
      let limit = Task { [timeSource, pause] in
        // Cancelled when the run ends first.
        await pause(Self.patience)
        timeSource.finish()
      }
      for await _ in time {}
      limit.cancel()
      if Task.isCancelled { return }
      seen.withLock { $0.disturbedAt = .now }
      task.cancel()
    case .kill:
      // Level 0 says nothing: it is killed as soon as it has started.
      guard manifest.level == .files else { return }
      while !Task.isCancelled, seen.withLock({ $0.disturbedAt == nil }) {
        kill()
        await pause(Self.lookInterval)
      }
    }
  }

  private func kill() {
    guard let started = StartedRecord.read(from: recordFolder(1)) else { return }
    let isFirst = seen.withLock { seen in
      defer { seen.disturbedAt = seen.disturbedAt ?? .now }
      return seen.disturbedAt == nil
    }
    if isFirst { Glibc.kill(started.pid, SIGKILL) }
  }

  private func recordFolder(_ number: Int) -> String {
    PreviousChildren.recordFolder(below: "\(folder)/processes", attempt: number)
  }
}

// The engine's part.
extension ConformanceTrial {
  private func attempt(_ with: JSON, number: Int, checkpoint: JSON?) -> Attempt {
    var services = AttemptServices(
      log: { _, text in self.seen.withLock { $0.log.append(text) } },
      storeArtifact: { (name, path, type) throws(Failure) in
        guard case .file(let size)? = Folders.kind(of: path) else {
          throw Failure(.internal, "There is no file \(path).")
        }
        return ArtifactHandle(
          sha256: String(repeating: "0", count: 64), name: name, size: size, mediaType: type)
      },
      fetchArtifact: { (sha256, _) throws(Failure) in
        throw Failure(.configuration, code: "artifact-missing", "The kit has no artifact \(sha256).")
      },
      workFolder: "\(folder)/work", processFolder: "\(folder)/processes", objectsFolder: "\(folder)/objects",
      now: { Timestamp(microseconds: 0) })
    services.checkpoints = Checkpoints(
      save: { (state) throws(Failure) in
        self.seen.withLock { $0.checkpoints.append(state) }
        if self.disturbance == .killAtCheckpoint { self.kill() }
      }, load: { () throws(Failure) in checkpoint })
    let trial = manifest.test
    return Attempt(
      job: ID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001), jobKey: "conformance",
      pipeline: PipelineName(namespace: "conformance", name: "kit"), path: "trial", number: number,
      stepKey: "conformance", effect: manifest.effect, with: with, connection: trial.connection,
      credential: trial.credential, cancelGrace: ProtocolLimits.cancelling, services: services)
  }
}
