import Crypto
import Engine
import Model
import Server
import Stores
import Synchronization

/// Changes the master key while the node works: a new key seals what is new, and what the older ones sealed
/// is sealed anew in small commits. A crash at any point leaves both keys opening; the next start goes on.
final class KeyKeeper: Sendable {
  /// So many things are sealed anew in one commit.
  static let batch = 200
  /// What was prepared under the old key may be committed behind a pass; later passes find it.
  static let mostPasses = 3
  /// A commit that a neighbour's conflict took with it is tried again so often.
  static let mostTries = 5

  private let folder: DataFolder
  private let vault: Vault
  private let readModel: any ReadModel
  private let write: @Sendable ([CatalogWrite]) async throws(Problem) -> Void
  private let tell: @Sendable (Problem) -> Void
  private let isBusy = Mutex(false)
  private let besides = Mutex<[@Sendable () async throws(Problem) -> Int]>([])

  init(
    folder: DataFolder, vault: Vault, readModel: any ReadModel,
    write: @escaping @Sendable ([CatalogWrite]) async throws(Problem) -> Void,
    tell: @escaping @Sendable (Problem) -> Void
  ) {
    (self.folder, self.vault, self.readModel) = (folder, vault, readModel)
    (self.write, self.tell) = (write, tell)
  }

  var facts: KeyFacts {
    let ring = vault.master
    let prints = ring.ids.map { ($0, ring.fingerprint(of: $0) ?? "") }
    return KeyFacts(
      protection: folder.protection?.rawValue, fingerprints: Dictionary(prints) { first, _ in first })
  }

  /// What is sealed elsewhere than in the store: `sealAnew` seals it under the newest key, durably, and
  /// returns how much it could not open.
  func alsoSeals(_ sealAnew: @escaping @Sendable () async throws(Problem) -> Int) {
    besides.withLock { $0.append(sealAnew) }
  }

  private func sealBesides() async throws(Problem) -> Int {
    var unreadable = 0
    for sealAnew in besides.withLock({ $0 }) { unreadable += try await sealAnew() }
    return unreadable
  }

  /// Returns once the new key seals; the rest goes on in a task of its own.
  func rotate(by actor: String) async throws(Problem) {
    let row = try await exclusively { [self] () async throws(Problem) in try await begin(by: actor) }
    run(row)
  }

  /// Goes on with what the last server left unfinished.
  func resume() {
    // Where the store cannot be read now, the next start does it.
    guard let row = try? readModel.keyRotation(), row.endedAt == nil else { return }
    run(row)
  }

  /// Takes retired keys out of the file.
  func forgetRetired() async throws(Problem) {
    try await exclusively { [self] () async throws(Problem) in
      let rows = try read { () throws(StoreError) in try readModel.masterKeys() }
      let retired = rows.filter { $0.state == .retired }.map(\.id)
      let header = KeyRing.header(of: vault.master.active)
      for kind in WrappedKind.allCases where !retired.isEmpty && !header.isEmpty {
        let left = try read { () throws(StoreError) in
          try readModel.wrapped(kind, notUnder: header, after: nil, limit: 1)
        }
        if !left.isEmpty { throw Self.inUse }
      }
      if try await sealBesides() > 0 { throw Self.inUse }
      try folder.changeKeys { keys in for id in retired { keys[id] = nil } }
      vault.forget(retired)
    }
  }

  private func begin(by actor: String) async throws(Problem) -> KeyRotationRow {
    let (rows, last) = try read { () throws(StoreError) in
      (try readModel.masterKeys(), try readModel.keyRotation())
    }
    if let last, last.endedAt == nil { throw Self.running }
    guard let active = rows.first(where: { $0.state == .active }), let newest = rows.map(\.id).max() else {
      throw Self.running
    }
    let (id, key, now) = (newest.next, SymmetricKey.generate(), Program.now())
    // On the disk before anything is sealed under it; a key of a start that was cut off here opens nothing.
    try folder.changeKeys { $0[id] = key }
    var old = active
    old.state = .retiring
    let canary = KeyCheck.canary(of: vault.master.rotated(to: id, key))
    let row = KeyRotationRow(target: id, startedAt: now, startedBy: actor)
    try await store([
      .masterKey(old),
      .masterKey(MasterKeyRow(id: id, canary: canary, state: .active, createdAt: now, createdBy: actor)),
      .keyRotation(row),
    ])
    vault.rotate(to: id, key)
    return row
  }

  private func run(_ row: KeyRotationRow) {
    Task { [self] in
      do throws(Problem) {
        try await finish(row)
      } catch {
        // Both keys open, and the next start goes on.
        tell(error)
      }
    }
  }

  private func finish(_ row: KeyRotationRow) async throws(Problem) {
    var row = row
    let first = row.stage ?? .credentials
    for pass in 0..<Self.mostPasses {
      let before = row.rewrapped
      row.unreadable = 0
      for kind in WrappedKind.allCases where pass > 0 || kind.rawValue >= first.rawValue {
        row.stage = kind
        try await rewrapAll(kind, &row)
      }
      if pass > 0 && row.rewrapped == before { break }
    }
    row.unreadable += try await sealBesides()
    (row.stage, row.endedAt) = (nil, Program.now())
    var writes = [CatalogWrite.keyRotation(row)]
    if row.unreadable == 0 {
      let rows = try read { () throws(StoreError) in try readModel.masterKeys() }
      for var key in rows where key.state == .retiring {
        (key.state, key.retiredAt) = (.retired, row.endedAt)
        writes.append(.masterKey(key))
      }
    }
    try await store(writes)
  }

  private func rewrapAll(_ kind: WrappedKind, _ row: inout KeyRotationRow) async throws(Problem) {
    let header = KeyRing.header(of: row.target)
    var place: WrappedPlace?
    while true {
      let last = place
      let rows = try read { () throws(StoreError) in
        try readModel.wrapped(kind, notUnder: header, after: last, limit: Self.batch)
      }
      guard let end = rows.last else { return }
      let changes = rows.compactMap { vault.rewrap($0) }
      row.rewrapped += changes.count
      row.unreadable += rows.count - changes.count
      try await store([.rewrap(changes), .keyRotation(row)])
      place = end.place
    }
  }

  /// All catalog writes of a turn are stored or refused together.
  private func store(_ writes: [CatalogWrite]) async throws(Problem) {
    for _ in 1..<Self.mostTries {
      do throws(Problem) { return try await write(writes) } catch {
        if error.code != "conflict" { throw error }
      }
    }
    try await write(writes)
  }

  private func exclusively<Value>(
    _ body: () async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let mayBegin = isBusy.withLock { isBusy in
      defer { isBusy = true }
      return !isBusy
    }
    if !mayBegin { throw Self.running }
    defer { isBusy.withLock { $0 = false } }
    return try await body()
  }

  private func read<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch {
      throw Problem(
        "store-unavailable",
        Bilingual("The store cannot be read: \(error)", pt: "Não foi possível ler os dados: \(error)"))
    }
  }

  private static let running = Problem(
    "key-rotation-running",
    Bilingual("The master key is being changed already.", pt: "A chave mestra já está sendo trocada."),
    remedy: Bilingual(
      "`esteira key status` shows how far it is.", pt: "`esteira key status` mostra em que ponto está."))
  private static let inUse = Problem(
    "keys-in-use",
    Bilingual(
      "Something is still sealed under a retired key.", pt: "Algo ainda está selado com uma chave aposentada."
    ),
    remedy: Bilingual(
      "`esteira key rotate` seals it anew; then try again.",
      pt: "`esteira key rotate` sela tudo de novo; então tente outra vez."))
}
