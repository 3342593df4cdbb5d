import Crypto
import Engine
import Foundation
import Model
import Net
import Synchronization

@testable import Connectors

/// What one test runs connectors with: folders of its own, a log and a store of artifacts to look into.
final class Bench: Sendable {
  let root: String
  let client: CurlClient
  private let lines = Mutex<[(level: LogLevel, text: String)]>([])
  private let artifacts = Mutex<[String: [UInt8]]>([:])

  private let clock: @Sendable () -> Timestamp

  /// Real servers that look at signatures want a real clock.
  init(clock: @escaping @Sendable () -> Timestamp = { Timestamp(microseconds: 1_760_000_000_000_000) }) throws
  {
    self.clock = clock
    client = try CurlClient(version: "test")
    root = FileManager.default.temporaryDirectory.path + "/esteira-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }  // A folder left behind harms no other test.

  var log: [String] { lines.withLock { $0.map { "\($0.level) \($0.text)" } } }
  func bytes(of handle: ArtifactHandle) -> [UInt8]? { artifacts.withLock { $0[handle.sha256] } }

  func keep(_ text: String, name: String, mediaType: String = "text/plain") -> ArtifactHandle {
    keep(bytes: Array(text.utf8), name: name, mediaType: mediaType)
  }

  func keep(bytes: [UInt8], name: String, mediaType: String = "text/plain") -> ArtifactHandle {
    let handle = ArtifactHandle(
      sha256: SHA256.hex(bytes), name: name, size: Int64(bytes.count), mediaType: mediaType)
    artifacts.withLock { $0[handle.sha256] = bytes }
    return handle
  }

  func attempt(
    _ with: JSON, number: Int = 1, effect: EffectClass = .once, connection: Connection? = nil,
    credential: Credential? = nil, files: String? = nil, previous: PreviousAttempt? = nil,
    grace: Duration = .seconds(5)
  ) -> Attempt {
    let job = ID<Job>(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
    return Attempt(
      job: job, jobKey: "run_1", pipeline: PipelineName(namespace: "demo", name: "bench"), path: "step",
      number: number, stepKey: "k1",
      effect: effect,
      with: with, connection: connection, credential: credential, files: files, previous: previous,
      cancelGrace: grace, services: services(number, Masking(credential)))
  }

  /// What a credential holds is hidden as the executor has it hidden.
  private func services(_ number: Int, _ masking: Masking) -> AttemptServices {
    let work = "\(root)/work-\(number)-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    var services = AttemptServices(
      log: { level, text in self.lines.withLock { $0.append((level, text)) } },
      storeArtifact: { name, path, mediaType throws(Failure) in
        guard let data = FileManager.default.contents(atPath: path) else {
          throw Failure(.internal, "no \(path)")
        }
        let bytes = [UInt8](data)
        let handle = ArtifactHandle(
          sha256: SHA256.hex(bytes), name: name, size: Int64(bytes.count), mediaType: mediaType)
        self.artifacts.withLock { $0[handle.sha256] = bytes }
        return handle
      },
      fetchArtifact: { sha256, path throws(Failure) in
        guard let bytes = self.artifacts.withLock({ $0[sha256] }),
          FileManager.default.createFile(atPath: path, contents: Data(bytes))
        else { throw Failure(.internal, "no artifact \(sha256)") }
      },
      workFolder: work, processFolder: "\(root)/processes", objectsFolder: "\(root)/objects",
      now: clock)
    services.roots = FileRoots(
      own: "\(root)/own",
      granted: [
        FileRoots.Root(path: "\(root)/shared", isWritable: true),
        FileRoots.Root(path: "\(root)/reference", isWritable: false),
      ])
    services.control = FakeNode.control
    services.mask = masking
    return services
  }

  /// Writes files beside a pipeline and gives their folder.
  func files(_ files: [String: String]) throws -> String {
    let folder = "\(root)/files"
    for (name, text) in files {
      let path = "\(folder)/\(name)"
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    return folder
  }
}

/// The built program, beside the tests' own bundle.
enum BuiltProgram {
  static let path: String = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("esteira").path
      if FileManager.default.isExecutableFile(atPath: candidate), !isFolder(candidate) { return candidate }
      folder.deleteLastPathComponent()
    }
    return "esteira"
  }()

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory = ObjCBool(false)
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  static let children = ChildProcesses(supervisor: path, limit: 4)
}

/// The failure that `work` ends with; nil if it does not fail.
func failure(of work: () async throws(Failure) -> some Sendable) async -> Failure? {
  do throws(Failure) {
    _ = try await work()
    return nil
  } catch { return error }
}
