import API
import Model
import Synchronization
import Testing

@testable import CLI

@Suite("A watch of events", .timeLimit(.minutes(1)))
struct EventWatchTests {
  private static let unreachable = Problem(
    "server-unreachable", Bilingual("It does not answer.", pt: "Não responde."))

  private enum Stream {
    case ends([Int64])
    case breaks([Int64])
    case refused
  }

  /// Answers each time with the next of these, and then with the last one.
  private static func server(_ streams: [Stream]) -> TestBench.Answer {
    let count = Mutex(0)
    return { (_) throws(Problem) in
      let number = count.withLock { count in
        count += 1
        return count
      }
      let (positions, problem): ([Int64], Problem?)
      switch streams[min(number, streams.count) - 1] {
      case .refused: throw unreachable
      case .ends(let list): (positions, problem) = (list, nil)
      case .breaks(let list): (positions, problem) = (list, unreachable)
      }
      let (stream, continuation) = AsyncThrowingStream.makeStream(of: APIEvent.self)
      for position in positions {
        let item = EventItem(
          position: position, at: Timestamp(microseconds: 0), type: "sold", room: "r", job: "j", path: "s",
          data: .int(position))
        continuation.yield(APIEvent(id: "\(position)", data: item.json.text))
      }
      continuation.finish(throwing: problem)
      return APIResponse(contentType: "text/event-stream", body: .events(stream))
    }
  }

  private static func positions(_ out: String) throws -> [Int64] {
    try out.split(separator: "\n").compactMap { try JSON(parsing: String($0))["position"]?.int }
  }

  private static func asked(_ bench: TestBench) -> [String] {
    bench.requests.map { request in request.query.first { $0.name == "after" }?.value ?? "0" }
  }

  @Test(
    "comes back behind what it has seen where the stream ends, breaks, or its server is away for a moment")
  func comesBack() async throws {
    let bench = TestBench(
      answer: Self.server([
        .ends([1, 2]), .refused, .breaks([5]), .refused, .refused, .ends([6, 7]),
      ]))
    #expect(await bench.run("event watch --namespace demo --count 4 -o jsonl") == 0)
    #expect(try Self.positions(bench.out) == [1, 2, 5, 6])
    #expect(Self.asked(bench) == ["0", "2", "2", "5", "5", "5"])
  }

  @Test(
    "says that the server is away, or cannot give events, after three times in a row",
    arguments: [true, false])
  func givesUp(isAway: Bool) async throws {
    let bench = TestBench(answer: Self.server([.ends([1]), isAway ? .refused : .ends([])]))
    #expect(await bench.run("event watch --namespace demo --count 4 -o jsonl") == 7)
    #expect(try Self.positions(bench.out) == [1])
    #expect(bench.requests.count == 4)
    #expect(bench.errors.contains("server-unreachable"))
  }
}
