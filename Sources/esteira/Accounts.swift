import Access
import Crypto
import Engine
import Glibc
import Model
import Server
import Stores

/// The accounts of a data folder, opened for a server.
enum Accounts {
  /// Beside what else a first start does; nil of a folder that has accounts already.
  static func firstPassword(for folder: DataFolder) -> Task<FirstPassword?, Never> {
    let isThere = Glibc.access(storePath(folder.path), F_OK) == 0
    return Task {
      isThere ? nil : FirstPassword.make(SignInPolicy(), random: { SecureRandom.bytes($0) })
    }
  }

  private static func storePath(_ folder: String) -> String { folder + "/access.db" }

  /// Also the first admin, whose password is shown once, where there was no account.
  static func open(
    _ parts: NodeParts, _ outside: OutsideSignIn?, operatorsMayRetry: Bool,
    first: Task<FirstPassword?, Never>
  ) async throws(Problem) -> (AccessService, FirstAdmin?) {
    let file: AccessFile
    do throws(AccessFault) {
      file = try AccessFile(path: storePath(parts.folder.path))
    } catch {
      throw unreadable(error)
    }
    let service = try await AccessService.open(
      store: file, environment: environment(parts.vault, broken: parts.broken), oidc: outside?.settings,
      operatorsMayRetry: operatorsMayRetry)
    parts.keeper.alsoSeals { () async throws(Problem) in try await service.sealAnew() }
    // What a rotation before this start did not come to.
    _ = try await service.sealAnew()
    return (service, try await service.makeFirstAdmin(with: await first.value, from: .server))
  }

  /// What was answered to requests with a key.
  static func keys(_ parts: NodeParts, _ access: AccessService) throws(Problem) -> IdempotencyKeys {
    let file = try IdempotencyFile(path: parts.folder.path + "/requests.db")
    return IdempotencyKeys(file.answers, now: Program.now, hash: { access.digest(ofRequest: $0) })
  }

  /// The audit beside no server.
  static func openAudit(of folder: String, _ vault: Vault) throws(Problem) -> AuditTrail? {
    let path = storePath(folder)
    let file: AccessFile
    do throws(AccessFault) {
      file = try AccessFile(reading: path, exists: Glibc.access(path, F_OK) == 0)
    } catch {
      throw unreadable(error)
    }
    return try AccessService.openAudit(of: file, environment: environment(vault, broken: { _ in }))
  }

  private static func environment(
    _ vault: Vault, broken: @escaping @Sendable (String) -> Void
  ) -> AccessEnvironment {
    AccessEnvironment(
      now: Program.now, seal: { vault.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try vault.open(sealed, place: place) },
      isCurrent: { KeyRing.id(of: $0) == vault.master.active },
      hashing: BlockingThreads(count: hashingThreads), storing: BlockingThreads(count: 1), broken: broken)
  }

  private static func unreadable(_ fault: AccessFault) -> Problem {
    Problem(
      "access-store",
      Bilingual(
        "Accounts and the audit cannot be opened: \(fault.message)",
        pt: "Contas e auditoria não podem ser abertas: \(fault.message)"),
      remedy: Bilingual(
        "Check the disk and access.db in the data folder.",
        pt: "Verifique o disco e access.db na pasta de dados."))
  }

  /// Rows of the audit for each use of a credential by an attempt. An attempt never waits for its row; where
  /// rows come faster than the disk takes them, those beyond `mostUses` are left out, and the job's history
  /// still has the attempt.
  static func auditUses(of parts: NodeParts, in trail: AuditTrail) {
    let (uses, told) = AsyncStream.makeStream(
      of: CredentialLease.self, bufferingPolicy: .bufferingOldest(mostUses))
    parts.credentialUsed { told.yield($0) }
    Task {
      for await use in uses {
        let name = "\(use.namespace)/\(use.name)"
        let after: JSON = [
          "version": .int(Int64(use.version)), "job": .string("\(use.attempt.job)"),
          "step": .string(use.path),
        ]
        let actor = Principal(
          kind: .service, id: "\(use.attempt.pipeline)", actor: "pipeline:\(use.attempt.pipeline)", grants: []
        )
        // What cannot be written now is told by the next change, which is refused then.
        _ = try? await trail.record(
          AuditAct(
            "credentials:use", namespace: use.namespace, resourceType: "credentials", resourceID: name,
            after: after), .read, by: actor, from: .server)
      }
    }
  }

  /// Takes away what has expired, from time to time, until its task is cancelled.
  static func tidy(_ access: AccessService) async {
    while !Task.isCancelled {
      await Program.pause(tidying)
      // What cannot be written now is tried again the next time.
      try? await access.removeExpired()
    }
  }

  /// Who may hear what is looked at again when accounts change, at most once a second, until its task is
  /// cancelled.
  static func tell(_ hub: Hub, of access: AccessService) async {
    for await _ in access.changes {
      hub.rolesChanged()
      await Program.pause(.seconds(1))
    }
  }

  private static let tidying = Duration.seconds(60)
  private static let mostUses = 20_000

  /// Hashing a password takes a core for a third of a second: some stay for the work.
  private static let hashingThreads = 2
}
