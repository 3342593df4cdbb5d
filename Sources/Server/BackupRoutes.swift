public import API
import Access
public import Model
import Synchronization

/// What the server's own backups need of the world.
public struct BackupWork: Sendable {
  /// Makes one, and takes away the oldest beyond the number that is kept.
  public var create: @Sendable () async throws(Problem) -> BackupItem
  /// Newest first.
  public var list: @Sendable () async throws(Problem) -> [BackupItem]
  /// What is wrong with it; empty: nothing.
  public var verify: @Sendable (_ name: String, Language) async throws(Problem) -> [String]

  public init(
    create: @escaping @Sendable () async throws(Problem) -> BackupItem,
    list: @escaping @Sendable () async throws(Problem) -> [BackupItem],
    verify: @escaping @Sendable (String, Language) async throws(Problem) -> [String]
  ) { (self.create, self.list, self.verify) = (create, list, verify) }
}

/// Routes of the server's own backups: long work, each an operation, one at a time.
final class BackupRoutes: Sendable {
  private let backend: Backend
  private var operations: Operations { backend.operations }
  private let isBusy = Mutex(false)

  init(_ backend: Backend) { self.backend = backend }

  var routes: [Route] {
    [
      .answer(BackupCalls.list, in: .system) { _, _ in Page(try await self.work().list()) },
      .answer(
        BackupCalls.create, in: .system,
        with: { _, caller in
          let work = try self.work()
          return try self.begin("backup", caller) { () async throws(Problem) in
            OperationItem.Outcome(backup: try await work.create().id)
          }
        }),
      .answer(
        BackupCalls.verify, in: .system,
        with: { path, caller in
          let work = try self.work()
          guard try await work.list().contains(where: { $0.id.utf8.elementsEqual(path.id.utf8) }) else {
            throw Self.noBackup(path.id)
          }
          return try self.begin("verify_backup", caller) { () async throws(Problem) in
            OperationItem.Outcome(backup: path.id, faults: try await work.verify(path.id, caller.language))
          }
        }),
    ]
  }

  private func work() throws(Problem) -> BackupWork {
    guard let work = backend.backups else { throw Backend.readOnly }
    return work
  }

  private func begin(
    _ verb: String, _ caller: Caller,
    _ work: @escaping @Sendable () async throws(Problem) -> OperationItem.Outcome
  ) throws(Problem) -> StartedWork {
    let isFirst = isBusy.withLock { isBusy in
      defer { isBusy = true }
      return !isBusy
    }
    guard isFirst else { throw Self.running }
    let id: String
    do throws(Problem) {
      id = try operations.begin(verb, count: 1, owner: caller.actor, at: backend.now())
    } catch {
      isBusy.withLock { $0 = false }
      throw error
    }
    caller.note.after(["operation": .string(id)])
    Task {
      var outcome = OperationItem.Outcome(outcome: "refused")
      do throws(Problem) { outcome = try await work() } catch {
        (outcome.code, outcome.message) = (error.code, error.message[caller.language])
      }
      operations.add(outcome, to: id)
      isBusy.withLock { $0 = false }
      operations.end(id, at: backend.now())
    }
    return StartedWork(operation: id)
  }

  private static let running = Problem(
    "backup-running",
    Bilingual("A backup is being made or checked.", pt: "Um backup está sendo feito ou conferido."),
    remedy: Bilingual("Wait for its end.", pt: "Espere o fim dele."))

  private static func noBackup(_ name: String) -> Problem {
    Problem(
      "no-backup", Bilingual("There is no backup \(name).", pt: "Não existe o backup \(name)."),
      remedy: Bilingual("`esteira backup ls` names them.", pt: "`esteira backup ls` mostra os nomes."))
  }
}
