import API
import Access
import Engine
import Foundation
import Model
import Stores
import Synchronization
import Testing

@testable import Server

@Suite("A request with an Idempotency-Key", .timeLimit(.minutes(1)))
struct KeyedAnswerTests {
  /// A time that tests move, and a handler that counts how often it ran.
  private final class World: Sendable {
    let moment = Mutex(Timestamp(microseconds: 1_772_000_000_000_000))
    let runs = Mutex(0)

    func router(_ answers: KeptAnswers, _ gate: (@Sendable () async -> Void)? = nil) -> Router {
      let keys = IdempotencyKeys(answers, now: { [self] in moment.withLock { $0 } })
      return Router(
        [
          .answer(Self.make, in: .own) { [self] request, _ in
            let count = runs.withLock { count in
              count += 1
              return count
            }
            await gate?()
            if request["fail"] == true { throw Problem("conflict", Bilingual("No.", pt: "Não.")) }
            if let size = request["size"]?.int { return .string(String(repeating: "x", count: Int(size))) }
            return .int(Int64(count))
          },
          .answer(Self.token, in: .own) { [self] _, _ in
            runs.withLock { $0 += 1 }
            return Secret()
          },
        ], keys: keys)
    }

    private static let make = Endpoint<JSON, JSON>(.post, "/things/{id}", .signedIn, "Makes one.")
    private static let token = Endpoint<JSON, Secret>(.post, "/tokens", .signedIn, "Makes a token.")
  }

  private struct Secret: Wire, ShownOnce {
    init() {}
    init(_ json: JSON) throws(WireError) {}
    var json: JSON { "est_secret" }
    static let schema = Schema.text
  }

  private func send(
    _ router: Router, _ body: String = "{}", key: String? = "k", path: String = "/things/1",
    as actor: String = "local:ana"
  ) async -> APIResponse {
    var request = APIRequest(.post, "/api/v1" + path, body: Array(body.utf8))
    request.idempotencyKey = key
    return await router.handle(request, actor: actor)
  }

  private func text(_ response: APIResponse) -> String {
    guard case .bytes(let bytes) = response.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func code(_ response: APIResponse) throws -> String {
    try JSON(parsing: text(response))["code"]?.string ?? ""
  }

  @Test("is done once, and answered the same again")
  func once() async {
    let world = World()
    let router = world.router(MemoryAnswers().answers)
    let (first, second) = (await send(router), await send(router))
    #expect((text(first), text(second)) == ("1", "1"))
    #expect(second.headers.contains { $0.name == "idempotency-replayed" })
    #expect(!first.headers.contains { $0.name == "idempotency-replayed" })
    #expect(text(await send(router, key: "other")) == "2")
    #expect(text(await send(router, key: nil)) == "3")
    #expect(text(await send(router, key: nil)) == "4")
    #expect(text(await send(router, as: "local:bia")) == "5", "Keys of others are others.")
  }

  @Test("with another body or another path is refused")
  func mismatch() async throws {
    let world = World()
    let router = world.router(MemoryAnswers().answers)
    _ = await send(router)
    for other in [await send(router, #"{"a":1}"#), await send(router, path: "/things/2")] {
      #expect(other.status == 422)
      #expect(try code(other) == "idempotency-mismatch")
    }
    #expect(world.runs.withLock { $0 } == 1)
  }

  @Test("whose first is still under way is refused, and does nothing")
  func inFlight() async throws {
    let world = World()
    let (began, begin) = AsyncStream.makeStream(of: Void.self)
    let (go, going) = AsyncStream.makeStream(of: Void.self)
    let router = world.router(MemoryAnswers().answers) {
      begin.yield()
      for await _ in go { break }
    }
    async let first = send(router)
    for await _ in began { break }
    let second = await send(router)
    #expect(second.status == 409)
    #expect(try code(second) == "idempotency-in-flight")
    going.yield()
    #expect(text(await first) == "1")
  }

  @Test("that was refused, or is too large to keep, may be sent again")
  func released() async {
    let world = World()
    let router = world.router(MemoryAnswers().answers)
    #expect(await send(router, #"{"fail":true}"#).status == 409)
    #expect(await send(router, #"{"fail":true}"#).status == 409)
    let large = #"{"size":\#(KeptAnswer.longestBody)}"#
    _ = await send(router, large, key: "large")
    _ = await send(router, large, key: "large")
    #expect(world.runs.withLock { $0 } == 4)
  }

  @Test("whose answer is a secret is told so, and not told the secret")
  func secret() async throws {
    let world = World()
    let memory = MemoryAnswers()
    let router = world.router(memory.answers)
    #expect(text(await send(router, path: "/tokens")).contains("est_secret"))
    let again = await send(router, path: "/tokens")
    #expect(again.status == 409 && world.runs.withLock { $0 } == 1)
    #expect(try code(again) == "shown-once")
    let row = try #require(try await memory.answers.find("local:ana", "k"))
    #expect(row.answer.body == nil)
  }

  @Test("is forgotten after a day")
  func day() async {
    let world = World()
    let router = world.router(MemoryAnswers().answers)
    _ = await send(router)
    world.moment.withLock { $0 = $0 + IdempotencyKeys.lifetime + .microseconds(-1) }
    #expect(text(await send(router)) == "1")
    world.moment.withLock { $0 = $0 + .microseconds(1) }
    #expect(text(await send(router)) == "2")
  }

  @Test("has a key of printable letters", arguments: ["", "a b", "é", String(repeating: "k", count: 256)])
  func wrongKey(_ key: String) async throws {
    let world = World()
    #expect(await send(world.router(MemoryAnswers().answers), key: key).status == 400)
    #expect(world.runs.withLock { $0 } == 0)
  }

  @Test("is known in the file after a restart, and what was in flight is free")
  func file() async throws {
    let path = NSTemporaryDirectory() + "esteira-keys-\(UUID().uuidString).db"
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let world = World()
    do {
      let keys = IdempotencyKeys(try IdempotencyFile(path: path).answers, now: { Timestamp(microseconds: 5) })
      let abandoned = KeyedRequest(key: "a", principal: "local:ana", route: "r", content: [1])
      #expect(try await keys.reserve(abandoned) == .mine)
      _ = await send(world.router(try IdempotencyFile(path: path).answers))
    }
    let file = try IdempotencyFile(path: path)
    #expect(text(await send(world.router(file.answers))) == "1")
    let later = IdempotencyKeys(file.answers, now: { Timestamp(microseconds: 5) })
    let abandoned = KeyedRequest(key: "a", principal: "local:ana", route: "r", content: [1])
    #expect(try await later.reserve(abandoned) == .mine)
  }

  @Test("is kept whole, and old or surplus ones go", arguments: [true, false])
  func pruned(_ inFile: Bool) async throws {
    let path = NSTemporaryDirectory() + "esteira-keys-\(UUID().uuidString).db"
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let (memory, file) = (MemoryAnswers(most: 3), try IdempotencyFile(path: path, most: 3))
    let answers = inFile ? file.answers : memory.answers
    func row(_ at: Int64) -> KeptRow {
      KeptRow(
        route: "POST /x", digest: [1, UInt8(at)],
        answer: KeptAnswer(
          status: 201, contentType: "a/b", entityTag: at == 1 ? nil : "t", location: "/é", body: [0, 255]),
        at: Timestamp(microseconds: at))
    }
    func count() throws -> Int { try inFile ? file.count() : memory.count }
    for at in 1...5 as ClosedRange<Int64> {
      try await answers.keep("ana", "k\(at)", row(at), Timestamp(microseconds: 0))
    }
    #expect(try count() == 3)
    #expect(try await answers.find("ana", "k1") == nil)
    #expect(try await answers.find("ana", "k5") == row(5))
    #expect(try await answers.find("bia", "k5") == nil)
    try await answers.keep("ana", "k6", row(6), Timestamp(microseconds: 6))
    #expect(try count() == 1)
    try await answers.keep("ana", "k6", row(7), Timestamp(microseconds: 6))
    #expect(try count() == 1)
    #expect(try await answers.find("ana", "k6") == row(7))
  }
}
