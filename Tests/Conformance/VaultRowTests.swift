import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("Rows of keys and credentials", .timeLimit(.minutes(1)))
struct VaultRowTests {
  private func open(_ backend: Backend) throws -> (any Store & ReadModel, TemporaryFolder) {
    let folder = try TemporaryFolder()
    return (try backend.open(folder), folder)
  }

  private func write(_ writes: [CatalogWrite], _ store: any Store) throws -> [RefusedJob] {
    try store.commit(Batch { $0.writes = writes })
  }

  private func record(_ version: Int, sealed: [UInt8] = [1], expires: Int64? = nil) -> CredentialRecord {
    CredentialRecord(
      namespace: "sales", name: "api", type: "bearer", version: version, sealed: sealed,
      createdAt: moment(Int64(version)), createdBy: "local:ana", expiresAt: expires.map { moment($0) })
  }

  @Test("keys and the rotation are kept as they were written, each once", arguments: Backend.all)
  func keys(_ backend: Backend) throws {
    let (store, folder) = try open(backend)
    let old = MasterKeyRow(
      id: .first, canary: [1, 2, 3], state: .retiring, createdAt: moment(1), createdBy: "local:ana")
    let new = MasterKeyRow(
      id: KeyID(2), canary: [4], state: .active, createdAt: moment(2), createdBy: "local:bia")
    var rotation = KeyRotationRow(target: KeyID(2), startedAt: moment(2), startedBy: "local:bia")
    #expect(try store.keyRotation() == nil)
    #expect(try write([.masterKey(old), .masterKey(new), .keyRotation(rotation)], store) == [])
    #expect(try store.masterKeys() == [old, new])
    #expect(try store.keyRotation() == rotation)

    var retired = old
    (retired.state, retired.retiredAt) = (.retired, moment(9))
    (rotation.stage, rotation.rewrapped, rotation.unreadable, rotation.endedAt) = (nil, 7, 1, moment(9))
    #expect(try write([.masterKey(retired), .keyRotation(rotation)], store) == [])
    #expect(try store.masterKeys() == [retired, new] && store.keyRotation() == rotation)
    _ = folder
  }

  @Test("the canary of a store of before is the first key's")
  func canaryOfBefore() throws {
    let folder = try TemporaryFolder()
    let store = try Backend.sqlite(folder)
    let first = try #require(try store.masterKeys().first)
    #expect(first.id == .first && first.canary == [1, 2, 3] && first.state == .active)
  }

  @Test(
    "what is not under a key is found page by page, and changes where it still stands", arguments: Backend.all
  )
  func rewrap(_ backend: Backend) throws {
    let (store, folder) = try open(backend)
    _ = try store.commit(
      Batch { for job in 1...5 as ClosedRange<Int64> { $0.admit(.fixture(job, idempotencyKey: "\(job)")) } })
    _ = try write(
      [
        .namespaceKey(namespace: "sales", wrapped: [5, 1]),
        .namespaceKey(namespace: "other", wrapped: [5, 2]),
        .credential(record(1, sealed: [6, 1])), .credential(record(2, sealed: [6, 2])),
      ], store)
    let header: [UInt8] = [8]
    for (kind, count) in [(WrappedKind.jobs, 5), (.namespaces, 2), (.credentials, 2)] {
      var (found, place): ([WrappedRow], WrappedPlace?) = ([], nil)
      while true {
        let page = try store.wrapped(kind, notUnder: header, after: place, limit: 2)
        guard let last = page.last else { break }
        found += page
        place = last.place
      }
      #expect(found.count == count && Set(found.map(\.place)).count == count)
      let changes = found.map { Rewrap($0.place, old: $0.sealed, new: header + $0.sealed) }
      let wrong = Rewrap(found[0].place, old: [0], new: header)
      #expect(try write([.rewrap([wrong])], store) == [])
      #expect(try store.wrapped(kind, notUnder: header, after: nil, limit: 9).count == count)
      #expect(try write([.rewrap(Array(changes.dropLast()))], store) == [])
      #expect(try store.wrapped(kind, notUnder: header, after: nil, limit: 9) == [found[count - 1]])
      #expect(try write([.rewrap(changes)], store) == [])
      #expect(try store.wrapped(kind, notUnder: header, after: nil, limit: 9) == [])
    }
    #expect(try store.namespaceKey("other") == [8, 5, 2])
    #expect(try store.liveJobs().first?.wrappedKey == [8, 9, 1])
    #expect(try store.credential("api", in: "sales")?.sealed == [8, 6, 2])
    _ = folder
  }

  @Test("a version that was followed stays for its overlap, and then goes", arguments: Backend.all)
  func overlap(_ backend: Backend) throws {
    let (store, folder) = try open(backend)
    _ = try write([.credential(record(1, expires: 50))], store)
    #expect(try store.credentials(in: "sales").first?.expiresAt == moment(50))
    _ = try write(
      [
        .credential(record(2, expires: 90)),
        .retireVersions(name: "api", namespace: "sales", before: 2, until: moment(100)),
      ], store)
    _ = try write(
      [
        .credential(record(3)),
        .retireVersions(name: "api", namespace: "sales", before: 3, until: moment(200)),
        .retireVersions(name: "other", namespace: "sales", before: 3, until: moment(1)),
      ], store)
    func versions() throws -> [Int] {
      try store.versions(ofCredential: "api", in: "sales").map(\.version)
    }
    let all = try store.versions(ofCredential: "api", in: "sales")
    #expect(all.map(\.usableUntil) == [nil, moment(200), moment(100)], "An end is never put off.")
    #expect(all.allSatisfy { $0.expiresAt == nil }, "The expiry is that of the newest.")
    _ = try write([.forgetVersions(until: moment(99))], store)
    #expect(try versions() == [3, 2, 1])
    _ = try write([.forgetVersions(until: moment(100))], store)
    #expect(try versions() == [3, 2])
    #expect(try write([.credential(record(3))], store).map(\.reason) == [.conflict])
    _ = try write([.removeCredential(name: "api", namespace: "sales")], store)
    #expect(try versions() == [])
    _ = folder
  }

  @Test("the last use stands, whatever the order in which uses are written", arguments: Backend.all)
  func uses(_ backend: Backend) throws {
    let (store, folder) = try open(backend)
    func use(_ at: Int64, _ by: String) -> CredentialUse {
      CredentialUse(namespace: "sales", name: "api", at: moment(at), by: by)
    }
    _ = try write([.credential(record(1)), .credentialUses([use(5, "sales/b"), use(3, "sales/a")])], store)
    _ = try write([.credentialUses([use(4, "sales/c")]), .credential(record(2))], store)
    let found = try #require(try store.credentials(in: "sales").first)
    #expect(found.lastUsedAt == moment(5) && found.lastUsedBy == "sales/b" && found.version == 2)
    #expect(
      try write([.credentialUses([CredentialUse(namespace: "x", name: "y", at: moment(1), by: "z")])], store)
        == [])
    _ = folder
  }
}

@Suite("The file of the master keys", .timeLimit(.minutes(1)))
struct KeyFileTests {
  let temporary: TemporaryFolder
  let path: String
  let now = Timestamp(microseconds: 1)
  private let identity = AgeIdentity.generate()

  init() throws {
    temporary = try TemporaryFolder()
    path = temporary.path("data")
  }

  private func unlock(_ protection: KeyProtection, passphrase: String? = nil) -> KeyUnlock {
    let identity = identity
    return KeyUnlock(
      first: protection, passphrase: { () throws(Problem) in passphrase.map { Array($0.utf8) } },
      identities: { () throws(Problem) in protection == .age ? [identity] : [] })
  }

  private func code(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return (error as? Problem)?.code }
    return nil
  }

  private var bytes: [UInt8] { Array(FileManager.default.contents(atPath: path + "/master.key") ?? Data()) }

  @Test("a first start under a passphrase leaves no key in the clear, and opens with it alone")
  func passphrase() throws {
    let unlock = unlock(.passphrase, passphrase: "a long passphrase")
    let key = try DataFolder(path: path).open(now: now, unlock: unlock).key
    let wrapped = key.wrap(.generate(), place: "job")
    _ = try DataFolder(path: path).open(now: now, unlock: unlock).key.unwrap(wrapped, place: "job")
    let json = try JSON(parsing: bytes)
    #expect(json["kdf"]?["iterations"] == 600_000 && json["kdf"]?["name"] == "pbkdf2-sha256")
    #expect(json["format"] == "esteira-sealed-keys/1")
    #expect(code { _ = try DataFolder(path: path).open(now: now) } == "master-key-locked")
    let wrong = self.unlock(.passphrase, passphrase: "another passphrase")
    #expect(code { _ = try DataFolder(path: path).open(now: now, unlock: wrong) } == "master-key-locked")
    #expect(code { _ = try DataFolder.openForReading(path: path) } == "master-key-locked")
    _ = try DataFolder.openForReading(path: path, unlock: unlock)
  }

  @Test("a first start with an age identity encrypts the key for it")
  func age() throws {
    _ = try DataFolder(path: path).open(now: now, unlock: unlock(.age))
    #expect(bytes.starts(with: "age-encryption.org/v1\n".utf8))
    _ = try DataFolder(path: path).open(now: now, unlock: unlock(.age))
    #expect(code { _ = try DataFolder(path: path).open(now: now) } == "master-key-locked")
    let other = KeyUnlock(identities: { () throws(Problem) in [.generate()] })
    #expect(code { _ = try DataFolder(path: path).open(now: now, unlock: other) } == "master-key-locked")
  }

  @Test("another key goes into the file under the same protection", arguments: KeyProtection.allCases)
  func change(_ protection: KeyProtection) throws {
    let unlock = unlock(protection, passphrase: "a long passphrase")
    let second = SymmetricKey.generate()
    do {
      let folder = try DataFolder(path: path)
      let (store, ring) = try folder.open(now: now, unlock: unlock)
      try folder.changeKeys { $0[KeyID(2)] = second }
      #expect(folder.protection == protection)
      let rotated = ring.rotated(to: KeyID(2), second)
      let rows = try store.masterKeys()
      var old = try #require(rows.first)
      old.state = .retiring
      let new = MasterKeyRow(
        id: KeyID(2), canary: KeyCheck.canary(of: rotated), state: .active, createdAt: now, createdBy: "ana")
      _ = try store.commit(Batch { $0.writes = [.masterKey(old), .masterKey(new)] })
    }
    let file = try DataFolder.keys(at: path + "/master.key", unlock: unlock)
    #expect(file.protection == protection && file.keys[KeyID(2)] == second && file.keys.count == 2)
    let key = try DataFolder(path: path).open(now: now, unlock: unlock).key
    #expect(key.active == KeyID(2) && key.ids == [.first, KeyID(2)])
  }

  @Test("a file without a key that something is sealed under is refused; without a retired one it is not")
  func absent() throws {
    let first: SymmetricKey
    do {
      let folder = try DataFolder(path: path)
      let (store, ring) = try folder.open(now: now)
      first = try #require(try DataFolder.keys(at: path + "/master.key").keys[.first])
      let second = SymmetricKey.generate()
      var old = try #require(try store.masterKeys().first)
      old.state = .retiring
      let new = MasterKeyRow(
        id: KeyID(2), canary: KeyCheck.canary(of: ring.rotated(to: KeyID(2), second)), state: .active,
        createdAt: now, createdBy: "ana")
      try folder.changeKeys { $0[KeyID(2)] = second }
      _ = try store.commit(Batch { $0.writes = [.masterKey(old), .masterKey(new)] })
      try folder.changeKeys { $0[.first] = nil }
    }
    #expect(code { _ = try DataFolder(path: path).open(now: now) } == "master-key-wrong")
    try Data(first.reveal()).write(to: URL(filePath: path + "/master.key"))
    #expect(code { _ = try DataFolder(path: path).open(now: now) } == "master-key-wrong", "An older file.")
  }

  @Test("what is no file of keys is refused, whatever it says")
  func broken() throws {
    _ = try DataFolder(path: path).open(now: now)
    let key = String(repeating: "0", count: 64)
    for text in [
      "{", "[]", #"{"format":"esteira-keys/1","keys":[]}"#, #"{"format":"esteira-keys/2","keys":[]}"#,
      #"{"format":"esteira-keys/1","keys":[{"id":0,"key":"\#(key)"}]}"#,
      #"{"format":"esteira-keys/1","keys":[{"id":1,"key":"00"}]}"#,
      #"{"format":"esteira-keys/1","keys":[{"id":1,"key":"\#(key)"},{"id":1,"key":"\#(key)"}]}"#,
      #"{"format":"esteira-sealed-keys/1","kdf":{"name":"scrypt"}}"#,
    ] {
      try Data(text.utf8).write(to: URL(filePath: path + "/master.key"))
      #expect(code { _ = try DataFolder(path: path).open(now: now) } == "master-key-wrong", "\(text)")
    }
  }
}
