import Access
import Crypto
import Model
import Stores

/// The accounts of a data folder, opened for a server.
enum Accounts {
  /// Also the first admin, whose password is shown once, where there was no account.
  static func open(_ parts: NodeParts) async throws(Problem) -> (AccessService, FirstAdmin?) {
    let file: AccessFile
    do throws(AccessFault) {
      file = try AccessFile(path: parts.folder.path + "/access.db")
    } catch {
      throw Problem(
        "access-store",
        Bilingual(
          "Accounts and the audit cannot be opened: \(error.message)",
          pt: "Contas e auditoria não podem ser abertas: \(error.message)"),
        remedy: Bilingual(
          "Check the disk and access.db in the data folder.",
          pt: "Verifique o disco e access.db na pasta de dados."))
    }
    let vault = parts.vault
    let environment = AccessEnvironment(
      now: Program.now, seal: { vault.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try vault.open(sealed, place: place) },
      hashing: BlockingThreads(count: hashingThreads), storing: BlockingThreads(count: 1))
    let service = try await AccessService.open(store: file, environment: environment)
    return (service, try await service.makeFirstAdmin(from: .server))
  }

  /// Hashing a password takes a core for a third of a second: some stay for the work.
  private static let hashingThreads = 2
}
