import Engine
import Foundation
import Model
import Synchronization
import Testing

@testable import esteira

@Suite("Leases of credentials", .timeLimit(.minutes(1)))
struct CredentialLeaseTests {
  private final class Notes: Sendable {
    let told = Mutex<[CredentialLease]>([])
    let written = Mutex<[[CredentialUse]]>([])
    let pauses: AsyncStream<CheckedContinuation<Void, Never>>
    let paused: AsyncStream<CheckedContinuation<Void, Never>>.Continuation
    init() { (pauses, paused) = AsyncStream.makeStream() }
  }

  private func lease(_ number: Int, _ name: String = "api", at: Int64 = 1) -> CredentialLease {
    let attempt = AttemptIdentity(
      job: ID(high: 1, low: 2), pipeline: PipelineName(namespace: "demo", name: "daily"), revision: 1,
      node: 3,
      number: number)
    return CredentialLease(
      attempt: attempt, path: "fetch", namespace: "demo", name: name, version: 4,
      at: Timestamp(microseconds: at))
  }

  private func leases(_ notes: Notes) -> CredentialLeases {
    let leases = CredentialLeases(pause: { _ in await withCheckedContinuation { notes.paused.yield($0) } })
    leases.credentialUsed { lease in notes.told.withLock { $0.append(lease) } }
    leases.writes { (writes) throws(Problem) in
      for case .credentialUses(let uses) in writes { notes.written.withLock { $0.append(uses) } }
    }
    return leases
  }

  @Test("begin and end with the attempt, and each use is told once")
  func lifetime() {
    let notes = Notes()
    let leases = leases(notes)
    leases.begin(lease(1))
    leases.begin(lease(2, at: 0))
    leases.begin(lease(2, "other"))
    #expect(leases.current("api", in: "demo") == [lease(2, at: 0), lease(1)])
    #expect(leases.current("api", in: "elsewhere") == [])
    leases.end(of: lease(2).attempt)
    #expect(leases.current("api", in: "demo") == [lease(1)] && leases.current("other", in: "demo") == [])
    leases.end(of: lease(1).attempt)
    leases.end(of: lease(1).attempt)
    #expect(leases.current("api", in: "demo") == [])
    #expect(notes.told.withLock { $0 } == [lease(1), lease(2, at: 0), lease(2, "other")])
  }

  @Test("are not listed beyond their limit, but told and noted")
  func limit() {
    let notes = Notes()
    let leases = leases(notes)
    for number in 0..<CredentialLeases.mostLeases + 5 { leases.begin(lease(number)) }
    #expect(leases.current("api", in: "demo").count == CredentialLeases.mostLeases)
    #expect(notes.told.withLock { $0.count } == CredentialLeases.mostLeases + 5)
    for number in 0..<CredentialLeases.mostLeases + 5 { leases.end(of: lease(number).attempt) }
    leases.begin(lease(1))
    #expect(leases.current("api", in: "demo").count == 1)
  }

  @Test("uses of one credential become one row, written after a while and not for each step")
  func batches() async {
    let notes = Notes()
    let leases = leases(notes)
    for number in 1...100 { leases.begin(lease(number, at: Int64(number))) }
    leases.begin(lease(1, "other"))
    var pauses = notes.pauses.makeAsyncIterator()
    #expect(notes.written.withLock { $0.isEmpty })
    await pauses.next()?.resume()
    let second = await pauses.next()
    let written = notes.written.withLock { $0 }
    #expect(written.count == 1 && written.first?.count == 2)
    let api = written.first?.first { $0.name == "api" }
    #expect(api?.at == Timestamp(microseconds: 100) && api?.by == "demo/daily")
    leases.begin(lease(7))
    second?.resume()
    await pauses.next()?.resume()
    #expect(notes.written.withLock { $0.count } == 2)
  }
}
