import Engine
import Foundation
import Model
import Stores
import Testing

/// A kind of store under test. To add a database, add one line to `all`: every test then runs on it.
struct Backend: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// Opened twice with one folder, it is the same store after its holder was dropped.
  var open: @Sendable (TemporaryFolder) throws -> any Store & ReadModel

  static let all = [
    Backend(testDescription: "memory") { $0.memory },
    Backend(testDescription: "SQLite") { try sqlite($0) },
  ]

  static func sqlite(_ folder: TemporaryFolder) throws -> SQLiteStore {
    try SQLiteStore(path: folder.path("store.db"), canary: [1, 2, 3], now: Timestamp(microseconds: 1))
  }
}

/// What outlives a node in one test, removed with it: a folder, and the object that the memory store is.
final class TemporaryFolder: Sendable {
  let path = NSTemporaryDirectory() + "esteira-" + UUID().uuidString
  let memory = MemoryStore()

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }  // It is the system's to clear.

  func path(_ name: String) -> String { path + "/" + name }
}

let daily = PipelineName(namespace: "sales", name: "daily")

func jobID(_ number: Int64) -> ID<Job> {
  ID(high: 0x0190_0000_0000_7000 | UInt64(number) << 16, low: 0x8000_0000_0000_0000 | UInt64(number))
}

func moment(_ number: Int64) -> Timestamp { Timestamp(microseconds: 1_700_000_000_000_000 + number) }

extension NewJob {
  static func fixture(
    _ number: Int64, pipeline: PipelineName = daily, key: String? = nil, idempotencyKey: String? = nil
  ) -> NewJob {
    NewJob(
      number: JobNumber(number), id: jobID(number), pipeline: pipeline, revision: 1, key: key,
      triggerType: "manual", triggerID: nil, actor: "local:ana", idempotencyKey: idempotencyKey,
      requestHash: [UInt8(number)], wrappedKey: [9, UInt8(number)], createdAt: moment(number))
  }
}

extension JobRow {
  static func fixture(
    _ job: Int64, _ status: JobStatus, sequence: UInt32 = 1, failure: Failure? = nil,
    outputs: BodyPlace? = nil
  ) -> JobRow {
    JobRow(
      job: JobNumber(job), status: status, sequence: sequence, at: moment(50), startedAt: moment(10),
      completedAt: status.hasEnded ? moment(50) : nil, failure: failure, outputs: outputs)
  }
}

extension StepRow {
  static func fixture(
    _ job: Int64, node: UInt32, _ status: StepStatus = .success, output: BodyPlace? = nil
  ) -> StepRow {
    StepRow(
      job: JobNumber(job), node: node, step: node + 1, status: status, attempts: 2, crashes: 1, token: 3,
      at: moment(7), output: output)
  }
}

extension Batch {
  init(_ fill: (inout Batch) -> Void) {
    self.init()
    fill(&self)
  }

  mutating func place(_ text: String) -> Range<Int> {
    let start = bytes.count
    bytes += Array(text.utf8)
    return start..<bytes.count
  }

  mutating func event(_ job: Int64, _ sequence: UInt32, _ payload: String = "[]", sealed: String = "") {
    let (payload, sealed, chain) = (place(payload), place(sealed), place("chain \(job).\(sequence)"))
    events.append(
      EventRow(
        job: JobNumber(job), sequence: sequence, at: moment(Int64(sequence)), version: 1, payload: payload,
        sealed: sealed, chain: chain))
  }

  /// A job with its first event.
  mutating func admit(_ job: NewJob) {
    newJobs.append(job)
    event(job.number.value, 1)
  }
}

func stored(_ job: Int64, _ sequence: UInt32, _ payload: String = "[]", sealed: String = "") -> StoredEvent {
  StoredEvent(
    sequence: sequence, at: moment(Int64(sequence)), version: 1, payload: Array(payload.utf8),
    sealed: Array(sealed.utf8), chain: Array("chain \(job).\(sequence)".utf8))
}
