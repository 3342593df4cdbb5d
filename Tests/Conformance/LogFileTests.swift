import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Logs as files", .timeLimit(.minutes(1)))
struct LogFileTests {
  let folder: TemporaryFolder
  let key = SymmetricKey.generate()
  let job = jobID(1)

  init() throws { folder = try TemporaryFolder() }

  /// Only a flush writes, and what is enough for a write.
  private static let never: @Sendable (Duration) async -> Void = { _ in
    try? await Task.sleep(for: .seconds(3_600))
  }
  private func open() -> LogFiles { LogFiles(folder: folder.path("logs"), pause: Self.never) }
  private var path: String { folder.path("logs/" + job.description) }

  private func line(_ message: String, node: UInt32 = 1, attempt: Int = 1) -> LogLine {
    LogLine(at: moment(5), level: .warn, node: node, attempt: attempt, message: message)
  }

  @Test("lines come back in order, by step, by attempt and in pages")
  func lines() async throws {
    let logs = open()
    let all = [
      line("one é\n two", node: 1), line("", node: 2), line("three", node: 1, attempt: 2),
      line("four", node: 2),
    ]
    for line in all { logs.append(line, job: job, key: key) }
    #expect(try await logs.read(job, key: key) == all)
    await logs.flush(job)
    let again = open()
    #expect(try await again.read(job, key: key) == all)
    #expect(try await again.read(job, key: key, node: 2) == [all[1], all[3]])
    #expect(try await again.read(job, key: key, node: 1, attempt: 2) == [all[2]])
    #expect(try await again.read(job, key: key, skip: 1, limit: 2) == [all[1], all[2]])
    #expect(try await again.read(jobID(2), key: key) == [])
    let raw = try Data(contentsOf: URL(filePath: path))
    #expect(raw.range(of: Data("three".utf8)) == nil)
  }

  @Test("lines reach the file without a flush: after a pause, or when there are enough of them")
  func unflushed() async throws {
    let (pauses, asked) = AsyncStream.makeStream(of: Duration.self)
    let logs = LogFiles(folder: folder.path("logs"), pause: { asked.yield($0) })
    logs.append(line("first"), job: job, key: key)
    for await pause in pauses.prefix(1) { #expect(pause == LogFiles.writePause) }
    while try await open().read(job, key: key).isEmpty { await Task.yield() }

    let patient = LogFiles(folder: folder.path("patient"), pause: Self.never)
    for number in 1...LogFiles.writeLines { patient.append(line("\(number)"), job: job, key: key) }
    let file = LogFiles(folder: folder.path("patient"), pause: Self.never)
    while try await file.read(job, key: key).count < LogFiles.writeLines { await Task.yield() }
  }

  @Test(
    "a frame that a crash cut is passed over, and the next line follows the whole ones",
    arguments: [1, 3, 20])
  func torn(cut: Int) async throws {
    do {
      let logs = open()
      for text in ["a", "b"] {
        logs.append(line(text), job: job, key: key)
        await logs.flush(job)
      }
    }
    let whole = try Data(contentsOf: URL(filePath: path))
    try whole.dropLast(cut).write(to: URL(filePath: path))
    #expect(try await open().read(job, key: key).map(\.message) == ["a"])
    let logs = open()
    logs.append(line("c"), job: job, key: key)
    await logs.flush(job)
    #expect(try await open().read(job, key: key).map(\.message) == ["a", "c"])
    try (whole + Data(repeating: 0, count: 100)).write(to: URL(filePath: path))
    #expect(try await open().read(job, key: key).map(\.message) == ["a", "b"])
  }

  /// What was written, one frame a line, with the place of each frame.
  private func write(_ texts: [String]) async throws -> [Range<Int>] {
    let logs = open()
    var frames: [Range<Int>] = []
    for text in texts {
      logs.append(line(text), job: job, key: key)
      await logs.flush(job)
      frames.append((frames.last?.upperBound ?? 0)..<(try Data(contentsOf: URL(filePath: path)).count))
    }
    return frames
  }

  private func change(_ change: (inout Data) -> Void) throws {
    var raw = try Data(contentsOf: URL(filePath: path))
    change(&raw)
    try raw.write(to: URL(filePath: path))
  }

  private func notice(_ bytes: Int) -> String {
    "\(bytes) bytes of the log are missing here: they were not on the disk, or have changed."
  }

  @Test(
    "a hole in the middle is told where it is, and what stands behind it is read",
    arguments: [1...1, 1...2, 0...0, 1...3])
  func hole(_ lost: ClosedRange<Int>) async throws {
    let texts = ["a", "b", "c", "d", "e"]
    let frames = try await write(texts)
    let bytes = frames[lost.lowerBound].lowerBound..<frames[lost.upperBound].upperBound
    let left = Array(texts[..<lost.lowerBound] + [notice(bytes.count)] + texts[(lost.upperBound + 1)...])
    // A byte of each; then the pages were never written, so that no length tells where the next frame begins.
    try change { for frame in lost { $0[frames[frame].upperBound - 1] ^= 1 } }
    #expect(try await open().read(job, key: key).map(\.message) == left)
    try change { $0.replaceSubrange(bytes, with: Data(count: bytes.count)) }
    #expect(try await open().read(job, key: key).map(\.message) == left)
    #expect(try await open().read(job, key: key, node: 7).map(\.message) == [notice(bytes.count)])
    // The next line follows the last one that is whole.
    let logs = open()
    logs.append(line("f"), job: job, key: key)
    await logs.flush(job)
    #expect(try await open().read(job, key: key).map(\.message) == left + ["f"])
  }

  @Test("a length that has changed hides no frame behind it")
  func length() async throws {
    let frames = try await write(["a", "b", "c"])
    try change { $0[frames[1].lowerBound + 3] ^= 3 }
    #expect(try await open().read(job, key: key).map(\.message) == ["a", notice(frames[1].count), "c"])
  }

  @Test("another key is told")
  func damaged() async throws {
    _ = try await write(["a", "b", "c"])
    let other = await #expect(throws: Failure.self) { try await open().read(job, key: .generate()) }
    #expect(other?.code == "log-damaged")
  }

  @Test("a line is cut at its limit, between characters")
  func longLine() async throws {
    let logs = open()
    logs.append(line(String(repeating: "é", count: LogFiles.lineLimit)), job: job, key: key)
    let kept = try #require(try await logs.read(job, key: key).first?.message)
    #expect(kept.utf8.count <= LogFiles.lineLimit && kept.utf8.count > LogFiles.lineLimit - 8)
    #expect(kept.hasPrefix("ééé") && kept.hasSuffix("é … (cut)"))
  }

  @Test("a step over its limit says how many lines were left out; other steps go on")
  func stepLimit() async throws {
    let open = { LogFiles(folder: folder.path("logs"), stepLimit: 1_000, pause: Self.never) }
    let text = String(repeating: "x", count: 100)
    let logs = open()
    for _ in 0..<13 { logs.append(line(text), job: job, key: key) }
    logs.append(line("another step", node: 2), job: job, key: key)
    await logs.flush(job)
    #expect(
      try await logs.read(job, key: key, node: 1, skip: 10).map(\.message)
        == ["3 lines were left out: the log was too large or too fast."])
    #expect(try await logs.read(job, key: key, node: 2).map(\.message) == ["another step"])
    // After a restart the limit still holds, and the gap tells of it once more.
    let again = open()
    again.append(line("much " + text), job: job, key: key)
    again.append(line(text, node: 3), job: job, key: key)
    await again.flush(job)
    let kept = try await again.read(job, key: key)
    #expect(kept.filter { $0.node == 1 }.count == 12)
    #expect(kept.filter { $0.node == 3 }.map(\.message) == [text])
  }

  @Test("what cannot be written is told by the next line")
  func unwritable() async throws {
    let logs = open()
    try Data().write(to: URL(filePath: folder.path("logs")))
    logs.append(line("lost"), job: job, key: key)
    #expect(await logs.flush(job)?.code == "log-store")
    try FileManager.default.removeItem(atPath: folder.path("logs"))
    logs.append(line("kept"), job: job, key: key)
    #expect(await logs.flush(job) == nil)
    #expect(
      try await logs.read(job, key: key).map(\.message)
        == ["kept", "1 lines were left out: the log was too large or too fast."])
  }
}
