import Crypto
import Foundation
import Model
import Stores
import Testing

@Suite("The data folder and its key", .timeLimit(.minutes(1)))
struct DataFolderTests {
  let temporary: TemporaryFolder
  let path: String
  let now = Timestamp(microseconds: 1)

  init() throws {
    temporary = try TemporaryFolder()
    path = temporary.path("deep/data")
  }

  private func mode(_ name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path + name)[.posixPermissions] as? Int
  }

  private func start() throws -> KeyRing { try DataFolder(path: path).open(now: now).key }

  private func problem(_ body: () throws -> Void) -> Problem? {
    do {
      try body()
      return nil
    } catch {
      return error as? Problem
    }
  }

  @Test("is made for its owner alone, with a key of 32 bytes that stays the same")
  func firstStart() throws {
    let first = try start()
    #expect(try mode("") == 0o700)
    #expect(try mode("/master.key") == 0o600)
    #expect(try Data(contentsOf: URL(filePath: path + "/master.key")).count == 32)
    let wrapped = first.wrap(.generate(), place: "job 1")
    _ = try start().unwrap(wrapped, place: "job 1")
    #expect(throws: UnsealError()) { try first.unwrap(wrapped, place: "job 2") }
  }

  @Test("a start that was cut off while it wrote the key is begun anew")
  func halfKey() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data([1, 2, 3]).write(to: URL(filePath: path + "/master.key.new"))
    _ = try start()
    #expect(try Data(contentsOf: URL(filePath: path + "/master.key")).count == 32)
    #expect(!FileManager.default.fileExists(atPath: path + "/master.key.new"))
  }

  @Test("is opened to others than its owner by nobody, even when it was there before")
  func narrowed() throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    _ = try start()
    #expect(try mode("") == 0o700)
  }

  @Test("a key that does not open the store refuses to start, and stays")
  func wrongKey() throws {
    _ = try start()
    let other = Data(SecureRandom.bytes(32))
    try other.write(to: URL(filePath: path + "/master.key"))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + "/master.key")
    #expect(problem { _ = try start() }?.code == "master-key-wrong")
    #expect(problem { _ = try DataFolder.openForReading(path: path) }?.code == "master-key-wrong")
    #expect(try Data(contentsOf: URL(filePath: path + "/master.key")) == other)
  }

  @Test("a short key is a wrong key", arguments: [0, 31, 33])
  func wrongSize(size: Int) throws {
    _ = try start()
    try Data(SecureRandom.bytes(size)).write(to: URL(filePath: path + "/master.key"))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + "/master.key")
    #expect(problem { _ = try start() }?.code == "master-key-wrong")
  }

  @Test("a missing key beside a store refuses to start, and no new one is made")
  func missingKey() throws {
    _ = try start()
    try FileManager.default.removeItem(atPath: path + "/master.key")
    #expect(problem { _ = try start() }?.code == "master-key-missing")
    #expect(problem { _ = try DataFolder.openForReading(path: path) }?.code == "master-key-missing")
    #expect(!FileManager.default.fileExists(atPath: path + "/master.key"))
  }

  @Test("a key that others can read refuses to start")
  func exposedKey() throws {
    _ = try start()
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path + "/master.key")
    #expect(problem { _ = try start() }?.code == "master-key-exposed")
  }

  @Test("a second node on it is refused with the number of the first, which it leaves alone")
  func secondNode() throws {
    do {
      let first = try DataFolder(path: path)
      let refused = problem { _ = try DataFolder(path: path) }
      #expect(refused?.code == "already-running")
      #expect(refused?.message.english.contains("process \(getpid())") == true)
      #expect(DataFolder.runningProcess(in: path) == getpid())
      _ = try first.open(now: now)
      _ = try DataFolder.openForReading(path: path)
    }
    #expect(DataFolder.runningProcess(in: path) == nil)
    _ = try start()
  }

  @Test("a folder without a store has nothing to read")
  func nothing() { #expect(problem { _ = try DataFolder.openForReading(path: path) }?.code == "no-store") }

  @Test("a folder that cannot be made says so")
  func impossible() throws {
    try Data().write(to: URL(filePath: temporary.path("deep")))
    #expect(problem { _ = try DataFolder(path: path) }?.code == "data-folder")
  }
}
