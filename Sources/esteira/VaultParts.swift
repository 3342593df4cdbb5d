import API
import CLI
import Connectors
import Crypto
import Engine
import Glibc
import Model
import Net
import Server
import Stores

/// What tries credentials and connections.
struct AccessProbes: Sendable {
  let credential: CredentialProbe
  let connection: ConnectionProbe

  init(_ client: CurlClient, _ brokers: Brokers) {
    credential = CredentialProbe(client, now: Program.now)
    connection = ConnectionProbe(client, brokers, now: Program.now)
  }
}

extension VaultDesk {
  init(
    keeper: KeyKeeper, vault: Vault, leases: CredentialLeases, probes: AccessProbes
  ) {
    self.init(
      keys: { () throws(Problem) in keeper.facts },
      rotate: { (actor) throws(Problem) in try await keeper.rotate(by: actor) },
      forgetRetired: { (_) throws(Problem) in try await keeper.forgetRetired() },
      test: { (record, connection, path) throws(Problem) in
        try await Self.checks(of: try vault.open(record), connection, path, probes.credential)
      },
      testConnection: { (connection, record, path) throws(Problem) in
        let credential = try record.map { (record) throws(Problem) in try vault.open(record) }
        let findings = await probes.connection.ask(connection, credential, path: path)
        return (credential == nil ? [] : [Self.opened])
          + findings.map { .init("request", $0.passed, $0.note) }
      },
      leases: { name, namespace in leases.current(name, in: namespace) })
  }

  private static let opened = AccessTest.Check("opens", true, "The vault opens the credential.")

  /// It was opened; now its shape, and a request where its type can be tried.
  private static func checks(
    of credential: Credential, _ connection: Connection?, _ path: String?, _ probe: CredentialProbe
  ) async throws(Problem) -> [AccessTest.Check] {
    var checks = [opened]
    let values = credential.values.map { (name: $0.name, value: $0.secret.reveal()) }
    if CredentialType.named(credential.type) == nil {
      checks.append(
        .init("shape", nil, "The type \(credential.type) is not known here, so its members are not checked."))
    } else if let fault = CredentialType.fault(values, type: credential.type) {
      checks.append(.init("shape", false, fault.english))
    } else {
      checks.append(.init("shape", true, "It has the members of the type \(credential.type)."))
    }
    let finding = await probe.ask(credential, connection, path: path)
    checks.append(.init("request", finding.passed, finding.note))
    return checks
  }
}

extension KeyWork {
  /// Works on the files, beside a running server or without one.
  static let local = KeyWork(
    export: { (wish) throws(Problem) in
      try await offPool { () throws(Problem) in try export(wish) }
    },
    verify: { (data, file) throws(Problem) in
      try await offPool { () throws(Problem) in try verify(Places.data(data), file) }
    })

  private static func export(_ wish: KeyExport) throws(Problem) -> [Int] {
    let file = try DataFolder.keys(at: Places.data(wish.data) + "/master.key", unlock: .system)
    let copy: KeyFile
    switch wish.protection {
    case .none: copy = KeyFile(file.keys)
    case .age(let recipients): copy = KeyFile(file.keys, recipients: recipients)
    case .passphrase(let path):
      let passphrase =
        try path.map { path throws(Problem) in try KeyUnlock.secret(path) }
        ?? Terminal.secret("New passphrase: ")
      guard let passphrase, passphrase.count >= KeyExport.shortestPassphrase else {
        throw KeyUnlock.wrong(
          path ?? "/dev/tty",
          Bilingual(
            "a passphrase has at least \(KeyExport.shortestPassphrase) bytes",
            pt: "uma frase secreta tem ao menos \(KeyExport.shortestPassphrase) bytes"))
      }
      copy = KeyFile(file.keys, passphrase: PassphraseKey(passphrase))
    }
    try DataFolder.export(copy, to: wish.target)
    return file.keys.keys.sorted().map { Int($0.number) }
  }

  private static func verify(_ data: String, _ path: String?) throws(Problem) -> [KeyFinding] {
    let path = path ?? data + "/master.key"
    let file = try DataFolder.keys(at: path, unlock: .system)
    let reader = try SQLiteReader(path: data + "/esteira.db")
    let rows: [MasterKeyRow]
    do throws(StoreError) { rows = try reader.masterKeys() } catch {
      throw Problem(
        "store-unavailable",
        Bilingual("The store cannot be read: \(error)", pt: "Não foi possível ler os dados: \(error)"))
    }
    return rows.map { row in
      KeyFinding(id: Int(row.id.number), state: row.state.word, opens: KeyCheck.opens(row, file))
    }
  }

  private static func offPool<Value: Sendable>(
    _ body: @escaping @Sendable () throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let result: Result<Value, Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try body() }
    }
    return try result.get()
  }
}
