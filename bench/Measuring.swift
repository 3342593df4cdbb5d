import Engine
import Foundation
import Model
import Stores

/// One line of the report. Targets are set by a later decision; until then nothing can miss one.
func line(_ name: String, _ value: Double, _ unit: String) {
  let line: JSON = [
    "name": .string(name), "value": .double((value * 10_000).rounded() / 10_000), "unit": .string(unit),
    "target": .null, "ok": .null,
  ]
  print(line.text)
  fflush(nil)
}

enum Folder {
  /// On the disk that holds the build: a file system in memory would measure nothing.
  static let path = FileManager.default.currentDirectoryPath + "/.build/bench"

  /// An empty place for a database.
  static func freshDatabase(_ name: String = "engine") -> String {
    let folder = path + "/" + name
    try? FileManager.default.removeItem(atPath: folder)
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      preconditionFailure("The folder \(folder) cannot be made: \(error)")
    }
    return folder + "/esteira.db"
  }

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

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

/// What one slice of work took, in the engine and by the raw writer.
struct Slice {
  var engine = 0.0
  var raw = 0.0
  var engineCPU = 0.0
  var rawCPU = 0.0
  var commits = 0
  var steps = 0
  var walBytes = 0
  /// Of chains: without the way from the caller to the first commit of each.
  var afterAdmission = 0.0
  /// The steps in `walBytes`.
  var walSteps = 0
  /// Starting the jobs, where that is measured apart.
  var starting = 0.0

  /// Writes the batches again, of which those from `first` on are timed.
  mutating func writeRaw(_ batches: [Batch], from first: Int) throws {
    let path = Folder.freshDatabase("raw")
    _ = try SQLiteStore(path: path, now: SystemClock().now)
    var writer = try RawWriter(path: path)
    // Catalog writes have no rows here, and make a commit of their own before the first job.
    try writer.write(batches[..<first])
    let (cpu, start) = (cpuSeconds(), ContinuousClock.now)
    try writer.write(batches[first...])
    (raw, rawCPU) = ((ContinuousClock.now - start).inSeconds, cpuSeconds() - cpu)
  }

  /// One job of `steps` after the other.
  static func chain(steps: Int, jobs: Int) async throws -> Slice {
    let chains = try await Chains(steps: steps, gated: false)
    try await chains.start(1)
    _ = await chains.ended()
    let first = chains.store.batches.count
    var slice = Slice()
    let (cpu, start) = (cpuSeconds(), ContinuousClock.now)
    var end = start
    for _ in 0..<jobs {
      try await chains.start(1)
      end = await chains.ended()
    }
    (slice.engine, slice.engineCPU) = ((end - start).inSeconds, cpuSeconds() - cpu)
    let (batches, moments) = (chains.store.batches, chains.store.moments)
    (slice.commits, slice.steps) = (batches.count - first, steps * jobs)
    for begin in batches.indices where begin >= first && !batches[begin].newJobs.isEmpty {
      slice.afterAdmission += (moments[begin + steps].time - moments[begin].time).inSeconds
    }
    await chains.stop()
    try slice.writeRaw(batches, from: first)
    return slice
  }

  /// So many jobs at once, each of `steps`. The clock runs from the commit after which every job is in its
  /// steps that do nothing; what was done before is in neither figure.
  static func throughput(atOnce: Int, steps: Int) async throws -> Slice {
    let chains = try await Chains(steps: steps, gated: true)
    var slice = Slice()
    let begin = ContinuousClock.now
    try await chains.start(atOnce)
    slice.starting = (ContinuousClock.now - begin).inSeconds
    await chains.gate.filled(by: atOnce)
    let log = Folder.size(chains.path + "-wal")
    chains.gate.open()
    _ = await chains.ended()
    slice.walBytes = Folder.size(chains.path + "-wal") - log
    let (batches, moments) = (chains.store.batches, chains.store.moments)
    var passed = 0
    let opened = batches.firstIndex { batch in
      passed += batch.steps.count { $0.node == 0 }
      return passed == atOnce
    }
    guard let opened, opened + 1 < batches.count else { throw BenchError("The jobs did not begin together.") }
    let (first, last) = (moments[opened], moments[moments.count - 1])
    (slice.engine, slice.engineCPU) = ((last.time - first.time).inSeconds, last.cpu - first.cpu)
    slice.steps = batches[(opened + 1)...].reduce(0) { $0 + $1.steps.count }
    slice.commits = batches.count - opened - 1
    slice.walSteps = (steps + 1) * atOnce
    await chains.stop()
    try slice.writeRaw(batches, from: opened + 1)
    return slice
  }
}
