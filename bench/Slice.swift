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
  /// Changes of the outbox.
  var messages = 0
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

  /// `waves` times so many jobs at once, each of `steps`. All wait at the gate of their wave; the clock runs
  /// from the commit that lets a wave through, so that no admission is in the figure. A destination is told
  /// of each job's end, and hears of those of one wave while the next one runs.
  static func throughput(atOnce: Int, steps: Int, waves: Int) async throws -> Slice {
    var parts = MeasuredNode.Parts(["chain": Source.chain(steps: steps, gated: true)])
    parts.keeps = true
    parts.destinations = [
      ConfiguredDestination(
        name: "nobody", kind: "none", events: ["esteira.job.completed"], receiver: NoDestination())
    ]
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    for wave in 0..<waves { try await node.start("chain", atOnce, inputs: ["wave": .string("\(wave)")]) }
    for wave in 0..<waves {
      try await node.open(wave: "\(wave)")
      _ = await node.store.reaches(.ended, (wave + 1) * atOnce)
    }
    await node.stop()
    let (batches, moments) = (node.store.batches, node.store.moments)
    let openings = batches.indices.filter { batch in
      batches[batch].steps.contains { $0.node == 0 && $0.status == .success }
    }
    guard openings.count == waves else { throw BenchError("The jobs did not go through the gate together.") }
    var slice = Slice()
    var timed: [Range<Int>] = []
    for (wave, opening) in openings.enumerated() {
      guard let last = moments.firstIndex(where: { $0.ended >= (wave + 1) * atOnce }) else {
        throw BenchError("A wave did not end.")
      }
      slice.count(batches, moments, opening + 1..<last + 1)
      timed.append(opening + 1..<last + 1)
    }
    try slice.writeRaw(batches, timed: timed)
    return slice
  }

  private mutating func count(_ batches: [Batch], _ moments: [RecordingStore.Moment], _ range: Range<Int>) {
    let (begin, end) = (moments[range.lowerBound - 1], moments[range.upperBound - 1])
    engine += (end.time - begin.time).inSeconds
    engineCPU += end.cpu - begin.cpu
    let counted = end.files - begin.files
    files = CountedFiles.Counts(
      syncs: files.syncs + counted.syncs, logBytes: files.logBytes + counted.logBytes)
    commits += range.count
    for batch in batches[range] {
      steps += batch.steps.count
      rows += batch.steps.count + batch.events.count + batch.jobs.count
      messages += batch.outbox.count
    }
  }
}
