import Crypto
import Engine
import Model
import Stores
import Testing

@Suite("What every store does with the catalog", .timeLimit(.minutes(1)))
struct CatalogTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func revision(_ number: Int, _ source: String, files: [RevisionRecord.File] = []) -> RevisionRecord
  {
    RevisionRecord(
      pipeline: daily, number: number, title: "Daily \(number)", source: Array(source.utf8),
      sha256: SHA256.digest(Array(source.utf8)), files: files, createdAt: moment(Int64(number)),
      createdBy: "local:ana")
  }

  private func write(_ writes: [CatalogWrite], to store: any Store) throws -> [RefusedJob] {
    try store.commit(Batch { $0.writes = writes })
  }

  @Test("revisions stay as they were, with their files", arguments: Backend.all)
  func revisions(_ backend: Backend) throws {
    let files = [
      RevisionRecord.File(path: "b/tool.py", bytes: [0, 1, 255], isExecutable: true),
      RevisionRecord.File(path: "a.csv", bytes: [], isExecutable: false),
      RevisionRecord.File(path: "copy.py", bytes: [0, 1, 255], isExecutable: false),
    ]
    let (first, second) = (revision(1, "id: daily"), revision(2, "id: daily #", files: files))
    do {
      let store = try backend.open(folder)
      #expect(try write([.revision(first), .revision(second)], to: store) == [])
    }
    let store = try backend.open(folder)
    #expect(try store.revision(of: daily, number: nil) == second)
    #expect(try store.readRevision(of: daily, number: 1) == first)
    for record in [first, second] {
      let expected = record.files.isEmpty ? nil : record.sha256
      #expect(try store.fileSet(of: daily, number: record.number) == expected)
    }
    #expect(try store.fileSet(of: daily, number: 3) == nil)
    #expect(try store.revision(of: daily, number: 3) == nil)
    #expect(
      try store.pipelines(in: "sales") == [
        PipelineSummary(
          pipeline: daily, title: "Daily 2", revision: 2, createdAt: moment(1), updatedAt: moment(2))
      ])
    #expect(try store.pipelines(in: nil).count == 1)
    #expect(try store.pipelines(in: "finance") == [])
  }

  @Test(
    "a number that another revision has refuses all writes of the batch, not its jobs", arguments: Backend.all
  )
  func revisionConflict(_ backend: Backend) throws {
    let store = try backend.open(folder)
    let first = revision(1, "id: daily")
    #expect(try write([.revision(first)], to: store) == [])
    #expect(try write([.revision(first)], to: store) == [])
    let refused = try store.commit(
      Batch {
        $0.writes = [
          .setting(namespace: "sales", name: "limit", value: 3, by: "ana", at: moment(1)),
          .revision(revision(1, "other")),
        ]
        $0.admit(.fixture(1))
      })
    #expect(refused == [RefusedJob(job: .catalog, reason: .conflict)])
    #expect(try store.settings(of: "sales") == JSONObject())
    #expect(try store.revision(of: daily, number: 1) == first)
    #expect(try store.job(jobID(1)) != nil)
  }

  @Test("connections are replaced and removed by name", arguments: Backend.all)
  func connections(_ backend: Backend) throws {
    let site = Connection(
      namespace: "sales", name: "site", kind: "http", address: ["url": "http://127.0.0.1", "weight": 1.0],
      allowedEgress: ["127.0.0.0/8"], credential: "token")
    var other = site
    (other.namespace, other.credential) = ("finance", nil)
    var changed = site
    changed.address = ["url": "https://example.org"]
    let writes = [site, other, changed].map { CatalogWrite.connection($0, at: moment(1), by: "ana") }
    do {
      let store = try backend.open(folder)
      #expect(try write(writes, to: store) == [])
    }
    let store = try backend.open(folder)
    #expect(try store.connection("site", in: "sales") == changed)
    #expect(try store.readConnection("site", in: "sales") == changed)
    #expect(try store.readConnection("site", in: "marketing") == nil)
    #expect(try store.connections(in: nil) == [other, changed])
    #expect(try write([.removeConnection(name: "site", namespace: "sales")], to: store) == [])
    #expect(try store.connection("site", in: "sales") == nil)
    #expect(try store.connections(in: "finance") == [other])
  }

  @Test("the newest version of a credential counts, and removing it removes all", arguments: Backend.all)
  func credentials(_ backend: Backend) throws {
    let store = try backend.open(folder)
    func record(_ version: Int) -> CredentialRecord {
      CredentialRecord(
        namespace: "sales", name: "token", type: "bearer", version: version, sealed: [UInt8(version), 7],
        createdAt: moment(Int64(version)), createdBy: "ana")
    }
    #expect(try write([.credential(record(1)), .credential(record(2))], to: store) == [])
    #expect(try store.credential("token", in: "sales") == record(2))
    #expect(try store.credential("token", in: "finance") == nil)
    #expect(try store.readCredential("token", in: "sales") == record(2))
    #expect(try store.readCredential("token", in: "finance") == nil)
    #expect(try store.credentials(in: nil) == [record(2)])
    #expect(try write([.credential(record(2))], to: store) == [RefusedJob(job: .catalog, reason: .conflict)])
    #expect(try write([.removeCredential(name: "token", namespace: "sales")], to: store) == [])
    #expect(try store.credentials(in: "sales") == [])
    #expect(try write([.credential(record(1))], to: store) == [])
    #expect(try store.credential("token", in: "sales") == record(1))
  }

  @Test("a namespace keeps its first key; a setting its last value", arguments: Backend.all)
  func keysAndSettings(_ backend: Backend) throws {
    func setting(_ name: String, _ value: JSON?) -> CatalogWrite {
      .setting(namespace: "sales", name: name, value: value, by: "ana", at: moment(1))
    }
    let deep: JSON = ["deep": [1.0, .null, "é"]]
    let writes: [CatalogWrite] = [
      .namespaceKey(namespace: "sales", wrapped: [1]), .namespaceKey(namespace: "sales", wrapped: [2]),
      setting("b", 1), setting("a", deep), setting("b", 2), setting("c", true), setting("c", nil),
    ]
    do {
      let store = try backend.open(folder)
      #expect(try write(writes, to: store) == [])
    }
    let store = try backend.open(folder)
    #expect(try store.namespaceKey("sales") == [1])
    #expect(try store.namespaceKey("finance") == nil)
    let settings = try store.settings(of: "sales")
    #expect(settings.keys == ["a", "b"])
    #expect(settings == JSONObject([("a", deep), ("b", 2)]))
    #expect(try store.settings(of: "finance") == JSONObject())
  }
}
