import API
import Access
import Crypto
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("A signed export of a job", .timeLimit(.minutes(1)))
struct ExportCheckTests {
  private struct World {
    var bytes: [UInt8]
    var trail: AuditTrail
    var job: String
  }

  private func world() async throws -> World {
    let master = MasterKey(SymmetricKey.generate())
    let access = try await AccessService.open(
      store: MemoryAccessStore(),
      environment: AccessEnvironment(
        now: { Timestamp(microseconds: 0) }, seal: { master.seal($0, place: $1) },
        open: { (sealed, place) throws(UnsealError) in try master.open(sealed, place: place) },
        hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1)))
    let server = try TestServer { $0.audit = access.audit }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id
    for await _ in try await server.node.follow(try #require(ID<Job>(job)), after: 0) {}
    let answer = await server.router.handle(
      APIRequest(JobCalls.export.shape, input: ["id": .string(job)]), actor: "local:test")
    guard case .chunks(_, let chunks) = answer.body else { throw Problem.noExport }
    var bytes: [UInt8] = []
    for try await chunk in chunks { bytes += chunk }
    return World(bytes: bytes, trail: access.audit, job: job)
  }

  private func report(
    _ bytes: [UInt8], key: Ed25519.PublicKey? = nil, pieces: Int = 700
  ) throws -> ExportReport {
    var check = ExportCheck(key: key)
    var rest = bytes[...]
    while !rest.isEmpty {
      try check.take(Array(rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
    return try check.finish()
  }

  private func place(of text: String, in bytes: [UInt8]) throws -> Int {
    let wanted = Array(text.utf8)
    return try #require(
      (0...bytes.count - wanted.count).first { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) })
  }

  /// Parts with the checksums and the signature that they would have.
  private func export(
    _ parts: [(String, String)], seal: (@Sendable ([UInt8]) -> JSON)?
  ) async throws -> [UInt8] {
    let export = try await Export(
      folder: "job", at: Timestamp(microseconds: 0),
      parts: parts.map { ExportPart($0.0, bytes: Array($0.1.utf8)) }, seal: seal)
    var bytes: [UInt8] = []
    while let chunk = try await export.next() { bytes += chunk }
    return bytes
  }

  @Test(
    "is intact as it came, in pieces of any size, and names the key of the installation",
    arguments: [1, 511, 1 << 20])
  func intact(pieces: Int) async throws {
    let world = try await world()
    let report = try report(world.bytes, key: world.trail.publicKey, pieces: pieces)
    #expect(report.faults == [] && report.job == world.job && report.files == 5)
    #expect(report.publicKey == world.trail.publicKey)
  }

  @Test("one changed byte is told with its file")
  func changed() async throws {
    var world = try await world()
    world.bytes[try place(of: "Hello, ", in: world.bytes)] ^= 1
    #expect(try report(world.bytes).faults == [.changed("job.json")])
  }

  @Test("new checksums for changed bytes do not fit the signature, nor does that of another job")
  func resealed() async throws {
    let world = try await world()
    let old = world.trail.seal(exportOf: "job", sums: Array("0  x\n".utf8)).json
    #expect(try report(try await export([("x", "forged")], seal: { _ in old })).faults == [.badSignature])
    let other = try await export([("x", "y")]) { world.trail.seal(exportOf: "another", sums: $0).json }
    #expect(try report(other).faults == [.badSignature])
    let own = try await export([("x", "y")]) { world.trail.seal(exportOf: "job", sums: $0).json }
    #expect(try report(own).faults == [])
    #expect(try report(try await export([("x", "y")], seal: nil)).faults == [.unsigned])
    #expect(try report(try await export([("x", "y")], seal: { _ in [:] })).faults == [.badSignature])
  }

  @Test("the signature of somebody else counts for nothing where the key is known")
  func otherKey() async throws {
    let (world, other) = (try await world(), try await world())
    #expect(try report(world.bytes, key: other.trail.publicKey).faults == [.otherKey])
  }

  @Test("a file that is missing or too many is told")
  func files() async throws {
    let world = try await world()
    let whole = try await export([("a", "1"), ("b", "2")]) {
      world.trail.seal(exportOf: "job", sums: $0).json
    }
    // Each file is a header and a block.
    let without = Array(whole[1_024...])
    #expect(try report(without).faults == [.missing("a")])
    var renamed = whole
    let header = Tar.header("job/c", size: 1, at: Timestamp(microseconds: 0))
    renamed.replaceSubrange(0..<512, with: header)
    #expect(try report(renamed).faults == [.missing("a"), .unknown("c")])
  }

  @Test("what is cut off, follows the end, stands twice or is no such file at all is refused")
  func broken() async throws {
    let world = try await world()
    var headless = world.bytes
    headless[0] ^= 1
    let cases = [
      [], Array("hello".utf8), Array(world.bytes.dropLast(512)), Array(world.bytes.prefix(700)), headless,
      world.bytes + world.bytes, Tar.end,
    ]
    for bytes in cases {
      let problem = #expect(throws: Problem.self) { try report(bytes) }
      #expect(problem?.code == "invalid-export")
    }
  }

  @Test("a file with a long name of another alphabet is compared like the others")
  func longName() async throws {
    let world = try await world()
    let name = "pipeline/files/" + String(repeating: "pasta é longa/", count: 12) + "x.txt"
    var bytes = try await export([(name, "text")]) { world.trail.seal(exportOf: "job", sums: $0).json }
    #expect(try report(bytes).faults == [])
    bytes[try place(of: "text\0", in: bytes)] ^= 1
    #expect(try report(bytes).faults == [.changed(name)])
  }
}
