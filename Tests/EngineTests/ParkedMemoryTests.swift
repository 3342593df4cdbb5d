import Crypto
import Foundation
import Model
import Stores
import Testing

@testable import Engine

@Suite("S27: parked jobs in memory", .timeLimit(.minutes(1)), .serialized)
struct ParkedMemoryTests {
  static let count: Int64 = 100_000

  /// Other tests run beside this one and take memory too: hence ten times as many jobs, and the least of
  /// three measurements. All three stay alive, so that none uses the memory of another again.
  @Test("100,000 of them take less than 150 MiB, without being loaded")
  func memory() {
    let parked = (1...Self.count).map { Self.parked($0) }
    var first = Jobs(Self.configuration(MemoryStore()), numbers: (job: 0, body: 0))
    var second = Jobs(Self.configuration(MemoryStore()), numbers: (job: 0, body: 0))
    var third = Jobs(Self.configuration(MemoryStore()), numbers: (job: 0, body: 0))
    let taken = [
      Self.growth(&first, parked), Self.growth(&second, parked), Self.growth(&third, parked),
    ]
    #expect((taken.min() ?? 0) < 150 << 20, "\(taken.map { $0 >> 10 }) KiB")
    #expect(third.parked.count == Int(Self.count) && third.owned.isEmpty)
    #expect(third.timers.count == 2 * Int(Self.count))
    #expect(first.liveJob(of: Self.pipeline, key: "key 7")?.id == Self.id(7))
    #expect(second.liveJob(of: Self.pipeline, key: "key 7")?.id == Self.id(7))
  }

  private static func growth(_ jobs: inout Jobs, _ parked: [Recovery.Parked]) -> Int {
    let before = resident
    jobs.restore(parked, at: Timestamp(microseconds: 0))
    return resident - before
  }

  private static let pipeline = PipelineName(namespace: "demo", name: "a-pipeline-with-a-long-name")

  private static func id(_ number: Int64) -> ID<Job> { ID(high: 0x7000, low: UInt64(number)) }

  private static func parked(_ number: Int64) -> Recovery.Parked {
    let wait = ParkedRow.Wait(
      node: 3, namespace: "demo", name: "result_ready", key: "order \(number)",
      since: Timestamp(microseconds: number))
    return (
      row: ParkedRow(
        job: JobNumber(number), due: Timestamp(microseconds: 1 << 50), after: .seconds(86_400),
        waits: [wait]),
      job: LiveJob(
        number: JobNumber(number), id: id(number), pipeline: pipeline, revision: 1, wrappedKey: [],
        driveCount: 0, status: .waiting, isParked: true, key: "key \(number)")
    )
  }

  private static func configuration(_ store: MemoryStore) -> NodeConfiguration {
    NodeConfiguration(
      setting: NodeSetting(name: "test", version: "test", cores: 1), store: store, readModel: store,
      clock: ManualClock(), connectors: [], environment: .none,
      plan: { (_) throws(Problem) in throw Problem("test", Bilingual("No plan.", pt: "Sem plano.")) },
      wrap: { $0.reveal() },
      unwrap: { (bytes) throws(Problem) in
        guard let key = SymmetricKey(bytes) else {
          throw Problem("test", Bilingual("No key.", pt: "Sem chave."))
        }
        return key
      }, broken: { _ in })
  }

  /// Bytes of this process in memory.
  private static var resident: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
  }
}

@Suite("Timers", .timeLimit(.minutes(1)))
struct TimerTests {
  @Test("that mean nothing any more go with a sweep: never more than twice those that do, and a handful")
  func sweeps() {
    var timers = Timers()
    var most = 0
    for number in 1...100_000 {
      timers.add(Timers.Entry(due: .seconds(3_600), job: JobNumber(Int64(number)), wake: nil))
      // Only the last 1,000 still mean something.
      if timers.isSwollen { timers.sweep { job, _ in job.value > Int64(number) - 1_000 } }
      most = max(most, timers.count)
    }
    #expect(most <= 2 * 1_000 + Timers.sweepFloor + 1)
  }

  @Test("come in the order of their time, also after a sweep")
  func order() {
    var timers = Timers()
    for number in 1...1_000 {
      timers.add(
        Timers.Entry(due: .seconds(number * 7_919 % 1_009), job: JobNumber(Int64(number)), wake: nil))
    }
    timers.sweep { job, _ in job.value % 3 != 0 }
    var dues: [Int64] = []
    while let (job, _) = timers.take(due: .seconds(2_000), Timestamp(microseconds: 0)) {
      dues.append(job.value * 7_919 % 1_009)
    }
    #expect(dues == dues.sorted() && dues.count == 667)
  }
}
