import API
import Access
import Engine
import Model
import Synchronization
import Testing

@testable import Server

/// A folder of backups of which a test says what is done.
private final class Shelf: Sendable {
  let items = Mutex<[BackupItem]>([])
  let fails = Mutex(false)
  let gate = AsyncStream.makeStream(of: Void.self)

  func work(held: Bool) -> BackupWork {
    BackupWork(
      create: { [self] () async throws(Problem) in
        if held { for await _ in gate.stream { break } }
        if fails.withLock({ $0 }) { throw Problem("backup-failed", Bilingual("No room.", pt: "Sem espaço.")) }
        return items.withLock { items in
          let item = BackupItem(
            id: "esteira-\(items.count)", createdAt: Timestamp(microseconds: 0), version: "test", jobs: 1,
            files: 2, bytes: 3, holdsKey: false, missing: 0)
          items.insert(item, at: 0)
          return item
        }
      }, list: { [self] () async throws(Problem) in items.withLock { $0 } },
      verify: { (name, language) async throws(Problem) in
        ["\(name): \(language == .portuguese ? "ruim" : "bad")"]
      })
  }
}

@Suite("Backups over HTTP", .timeLimit(.minutes(1)))
struct BackupRouteTests {
  private func ended(_ server: TestServer, _ work: StartedWork) async throws -> OperationItem {
    while true {
      let item = try await server.call(OperationCalls.get, OperationPath(id: work.operation))
      if item.state == "done" { return item }
      await Task.yield()
    }
  }

  @Test("one is made and checked by operations that say what came of it")
  func made() async throws {
    let shelf = Shelf()
    let server = try TestServer { $0.backups = shelf.work(held: false) }
    let answer = await server.router.handle(APIRequest(.post, "/api/v1/backups"), actor: "local:test")
    #expect(answer.status == 202 && answer.location?.hasPrefix("/api/v1/operations/") == true)
    guard case .bytes(let bytes) = answer.body else { return }
    let made = try await ended(server, try StartedWork(try JSON(parsing: bytes)))
    #expect((made.verb, made.count, made.done) == ("backup", 1, 1))
    #expect(made.items.first?.job == "" && made.items.first?.backup?.hasPrefix("esteira-") == true)
    let name = try #require(made.items.first?.backup)
    let checked = try await ended(server, try await server.call(BackupCalls.verify, BackupName(id: name)))
    #expect(checked.verb == "verify_backup" && checked.items.first?.faults == ["\(name): bad"])
    let listed = try await server.call(BackupCalls.list, Nothing()).items
    #expect(listed.contains { $0.id == name })
    let none = APIRequest(.post, "/api/v1/backups/other/verify")
    #expect(try await server.send(none).json["code"] == "no-backup")
  }

  @Test("one at a time, and the next after one that failed")
  func turns() async throws {
    let shelf = Shelf()
    shelf.fails.withLock { $0 = true }
    let server = try TestServer { $0.backups = shelf.work(held: true) }
    let first = try await server.call(BackupCalls.create, Nothing())
    let second = try await server.send(APIRequest(.post, "/api/v1/backups"))
    #expect(second.status == 409 && second.json["code"] == "backup-running")
    shelf.gate.continuation.finish()
    let failed = try await ended(server, first)
    #expect((failed.done, failed.refused) == (0, 1) && failed.items.first?.code == "backup-failed")
    shelf.fails.withLock { $0 = false }
    let third = try await ended(server, try await server.call(BackupCalls.create, Nothing()))
    #expect(third.done == 1)
  }

  @Test("beside no server there is none to make them")
  func none() async throws {
    let answer = try await TestServer().send(APIRequest(.get, "/api/v1/backups"))
    #expect(answer.status == 503 && answer.json["code"] == "read-only")
  }
}
