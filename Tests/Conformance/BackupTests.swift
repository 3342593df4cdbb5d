import Crypto
import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("A backup", .timeLimit(.minutes(1)))
struct BackupTests {
  let folder: TemporaryFolder
  var data: String { folder.path("data") }
  var target: String { folder.path("backups") }

  init() throws { folder = try TemporaryFolder() }

  /// A data folder with a job, an artifact, an object, a log and a file of another job's log.
  private func fill(_ store: SQLiteStore) throws {
    _ = try store.commit(
      Batch {
        $0.admit(.fixture(1))
        $0.event(1, 2, sealed: "0123456789")
        $0.artifacts.append(
          ArtifactRow(
            job: JobNumber(1), node: 0, namespace: "sales", path: "work",
            handle: ArtifactHandle(
              sha256: String(repeating: "ab", count: 32), name: "list", size: 5, mediaType: "text/plain"),
            at: moment(1)))
      })
    try write("artifacts/sales/ab/" + String(repeating: "ab", count: 32), "bytes")
    try write("objects/sales/in/one", "object")
    try write("logs/\(jobID(1))", "log")
    try write("logs/\(jobID(2))", "a job that the store does not know")
    try write("work/scratch", "nothing to keep")
  }

  private func write(_ name: String, _ text: String, in root: String? = nil) throws {
    let file = URL(filePath: (root ?? data) + "/" + name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private func made(withKey: Bool = false) throws -> BackupFolder {
    try BackupFolder.create(of: data, in: target, withKey: withKey, version: "test", now: moment(9))
  }

  private func code(_ body: () throws -> Void) -> String? {
    #expect(throws: Problem.self, performing: body)?.code
  }

  @Test("may lie in the folder that is the data folder's own for them; of the server's the newest are kept")
  func own() throws {
    let holder = try DataFolder(path: data)
    let (store, _) = try holder.open(now: moment(1))
    try fill(store)
    let own = data + "/" + BackupFolder.own
    var names: [String] = []
    for time in 1...3 as ClosedRange<Int64> {
      let backup = try BackupFolder.create(
        of: data, in: own, withKey: false, version: "test", origin: "this:/data",
        now: moment(time * 1_000_000))
      #expect(backup.faults() == [] && !backup.manifest.files.contains { $0.path.hasPrefix("backups") })
      names.insert(backup.name, at: 0)
    }
    var others: [String] = []
    for origin in [nil, "other:/data"] as [String?] {
      let backup = try BackupFolder.create(
        of: data, in: own, withKey: false, version: "test", origin: origin, now: moment(1))
      others.append(backup.name)
    }
    BackupFolder.keep(2, of: "this:/data", in: own)
    let left = Set(BackupFolder.list(in: own).map(\.name))
    #expect(left == Set(names.prefix(2) + others), "What people and other servers made stays.")
    #expect(
      code {
        _ = try BackupFolder.create(
          of: data, in: own + "/deeper", withKey: false, version: "test", now: moment(9))
      } == "backup-target")
  }

  @Test("holds the store and all that it refers to, and not the key, while a node has the folder")
  func create() throws {
    let holder = try DataFolder(path: data)
    let (store, _) = try holder.open(now: moment(1))
    try fill(store)
    let backup = try made()
    #expect(
      backup.manifest.files.map(\.path) == [
        "artifacts/sales/ab/" + String(repeating: "ab", count: 32), "esteira.db", "logs/\(jobID(1))",
        "objects/sales/in/one",
      ])
    #expect(backup.faults() == [])
    #expect(!backup.manifest.holdsKey)
    #expect(backup.manifest.jobs == 1)
    // What is committed afterwards is not in it.
    _ = try store.commit(Batch { $0.admit(.fixture(2)) })
    #expect(try SQLiteReader(path: backup.databasePath).jobs(JobFilter(), before: nil, limit: 9).count == 1)
    #expect(BackupFolder.list(in: target).map(\.path) == [backup.path])
    #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [backup.name])
  }

  @Test("is not made in the data folder, and names an artifact that is not there")
  func refuses() throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    #expect(
      code {
        _ = try BackupFolder.create(of: data, in: data + "/b", withKey: false, version: "", now: moment(1))
      } == "backup-target")
    try FileManager.default.removeItem(atPath: data + "/artifacts")
    #expect(try made().manifest.missing == ["artifacts/sales/ab/" + String(repeating: "ab", count: 32)])
  }

  @Test(
    "that was changed is told apart, file by file",
    arguments: ["objects/sales/in/one", "esteira.db", "more", "manifest.json"])
  func changed(_ name: String) throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    let backup = try made()
    try write(name, "changed", in: backup.path)
    if name == "manifest.json" {
      #expect(code { _ = try BackupFolder(path: backup.path) } == "backup-unreadable")
    } else {
      let faults = try BackupFolder(path: backup.path).faults()
      #expect(faults.contains { $0.english.hasPrefix(name) }, "\(faults.map(\.english))")
    }
  }

  @Test("is restored with its key into an empty folder, which a node then opens")
  func restore() throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    let backup = try made()
    let restored = folder.path("restored")
    try backup.restore(to: restored, key: data + "/master.key")
    let (store, _) = try DataFolder(path: restored).open(now: moment(2))
    #expect(try store.liveJobs().map(\.id) == [jobID(1)])
    #expect(try store.orphans() == [])
    #expect(try String(contentsOfFile: restored + "/objects/sales/in/one", encoding: .utf8) == "object")
    #expect(code { try backup.restore(to: restored, key: data + "/master.key") } == "restore-target")
  }

  @Test("is not restored with a wrong key or none, nor where a file was changed, and leaves nothing behind")
  func refusesRestore() throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    let backup = try made()
    let (other, restored) = (folder.path("other"), folder.path("restored"))
    _ = try DataFolder(path: other).open(now: moment(1))
    #expect(code { try backup.restore(to: restored, key: other + "/master.key") } == "master-key-wrong")
    #expect(code { try backup.restore(to: restored, key: backup.keyPath) } == "master-key-missing")
    try write("objects/sales/in/one", "Object", in: backup.path)
    #expect(code { try backup.restore(to: restored, key: data + "/master.key") } == "backup-damaged")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "backups", "data", "other",
      ])
  }

  @Test("with its key needs no other")
  func withKey() throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    let backup = try made(withKey: true)
    #expect(backup.manifest.holdsKey)
    try backup.restore(to: folder.path("restored"), key: backup.keyPath)
    _ = try DataFolder.openForReading(path: folder.path("restored"))
  }

  @Test("whose manifest leads out of it is none")
  func paths() throws {
    try fill(try DataFolder(path: data).open(now: moment(1)).store)
    let backup = try made()
    let file = backup.path + "/manifest.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("objects/sales/in/one", with: "../one").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(code { _ = try BackupFolder(path: backup.path) } == "backup-unreadable")
  }
}
