import Engine
import Foundation
import Model
import Stores

enum Folder {
  /// On the disk that holds the build: a file system in memory would measure nothing.
  static let path = FileManager.default.currentDirectoryPath + "/.build/bench"

  /// An empty place for a database.
  static func freshDatabase(_ name: String = "engine") -> String {
    remove(name)
    let folder = path + "/" + name
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      preconditionFailure("The folder \(folder) cannot be made: \(error)")
    }
    return folder + "/esteira.db"
  }

  /// It may not be there.
  static func remove(_ name: String) { try? FileManager.default.removeItem(atPath: path + "/" + name) }

  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

/// The processor time of this process so far.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// What a piece of work took, in the engine and by the raw writer that wrote the same rows after it.
struct Slice {
  var engine = 0.0
  var raw = 0.0
  var engineCPU = 0.0
  var rawCPU = 0.0
  var commits = 0
  var steps = 0
  /// Of events, steps and jobs.
  var rows = 0
  var files = CountedFiles.Counts()
  /// Of chains: without the way from the caller to the first commit of each.
  var afterAdmission = 0.0

  /// Writes the batches again. Only those of `timed` count.
  mutating func writeRaw(_ batches: [Batch], timed: [Range<Int>]) throws {
    let path = Folder.freshDatabase("raw")
    _ = try SQLiteStore(path: path, now: SystemClock().now)
    var writer = try RawWriter(path: path)
    var written = 0
    for range in timed {
      // Catalog writes have no rows here, and make a commit of their own before the first job.
      try writer.write(batches[written..<range.lowerBound])
      let (cpu, start) = (cpuSeconds(), ContinuousClock.now)
      try writer.write(batches[range])
      raw += (ContinuousClock.now - start).inSeconds
      rawCPU += cpuSeconds() - cpu
      written = range.upperBound
    }
    Folder.remove("raw")
  }

  /// One job of `steps` after the other.
  static func chain(steps: Int, jobs: Int) async throws -> Slice {
    var parts = MeasuredNode.Parts(["chain": Source.chain(steps: steps, gated: false)])
    parts.keeps = true
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    try await node.start("chain")
    _ = await node.store.reaches(.ended, 1)
    let first = node.store.batches.count
    var slice = Slice()
    let (cpu, start) = (cpuSeconds(), ContinuousClock.now)
    var end = start
    for job in 0..<jobs {
      try await node.start("chain")
      end = await node.store.reaches(.ended, job + 2)
    }
    (slice.engine, slice.engineCPU) = ((end - start).inSeconds, cpuSeconds() - cpu)
    await node.stop()
    let (batches, moments) = (node.store.batches, node.store.moments)
    (slice.commits, slice.steps) = (batches.count - first, steps * jobs)
    for begin in batches.indices where begin >= first && !batches[begin].newJobs.isEmpty {
      slice.afterAdmission += (moments[begin + steps].time - moments[begin].time).inSeconds
    }
    try slice.writeRaw(batches, timed: [first..<batches.count])
    return slice
  }

  /// `waves` times so many jobs at once, each of `steps`. All of a wave wait at a gate before their first
  /// step; the clock runs from the commit that lets them through, so that no admission is in the figure.
  static func throughput(atOnce: Int, steps: Int, waves: Int) async throws -> Slice {
    var parts = MeasuredNode.Parts(["chain": Source.chain(steps: steps, gated: true)])
    parts.keeps = true
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    var slice = Slice()
    var timed: [Range<Int>] = []
    for wave in 0..<waves {
      try await node.start("chain", atOnce)
      let opening = node.store.batches.count
      try await node.open()
      _ = await node.store.reaches(.ended, (wave + 1) * atOnce)
      timed.append(opening + 1..<node.store.batches.count)
    }
    await node.stop()
    let (batches, moments) = (node.store.batches, node.store.moments)
    for range in timed {
      guard let last = range.last else { throw BenchError("The jobs did not go through the gate together.") }
      let (begin, end) = (moments[range.lowerBound - 1], moments[last])
      slice.engine += (end.time - begin.time).inSeconds
      slice.engineCPU += end.cpu - begin.cpu
      let files = end.files - begin.files
      slice.files = CountedFiles.Counts(
        syncs: slice.files.syncs + files.syncs, logBytes: slice.files.logBytes + files.logBytes)
      slice.commits += range.count
      slice.steps += batches[range].reduce(0) { $0 + $1.steps.count }
      slice.rows += batches[range].reduce(0) { $0 + $1.steps.count + $1.events.count + $1.jobs.count }
    }
    try slice.writeRaw(batches, timed: timed)
    return slice
  }
}
