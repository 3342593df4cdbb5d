import Access
import Engine
import Model
import Synchronization

@testable import Server

/// A client in memory. It takes a message when the test asks for one, and has room for so many.
final class MemoryClient: Sendable {
  private struct State {
    var received: [String] = []
    var first = 0
    var room: Int
    var isOver = false
    var close: UInt16?
    var writers: [CheckedContinuation<Bool, Never>] = []
    var readers: [CheckedContinuation<Void, Never>] = []
    var most = 0

    var waiting: Int { received.count - first }
  }
  private let state: Mutex<State>
  private let (said, mouth) = AsyncStream.makeStream(of: String.self)

  init(room: Int = .max) { state = Mutex(State(room: room)) }

  var peer: HubPeer {
    let messages = Messages(said)
    return HubPeer(
      trySend: { [self] in put($0) }, send: { [self] in await send($0) },
      receive: { await messages.next() },
      close: { [self] code, _ in end(code) })
  }

  /// Only one task reads.
  private actor Messages {
    private var iterator: AsyncStream<String>.Iterator?
    init(_ stream: AsyncStream<String>) { iterator = stream.makeAsyncIterator() }
    func next() async -> String? {
      guard var taken = iterator else { return nil }
      iterator = nil
      let next = await taken.next(isolation: self)
      iterator = taken
      return next
    }
  }

  func say(_ message: JSON) { mouth.yield(message.text) }
  func say(raw text: String) { mouth.yield(text) }
  func leave() {
    mouth.finish()
    end(nil)
  }

  var close: UInt16? { state.withLock(\.close) }
  /// As many messages as ever waited for it.
  var mostWaiting: Int { state.withLock(\.most) }

  private func put(_ text: String) -> Bool {
    let (isTaken, readers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
      guard !state.isOver, state.waiting < state.room else { return (false, []) }
      state.received.append(text)
      state.most = max(state.most, state.waiting)
      defer { state.readers = [] }
      return (true, state.readers)
    }
    for reader in readers { reader.resume() }
    return isTaken
  }

  private func send(_ text: String) async -> Bool {
    while true {
      if put(text) { return true }
      let isOpen = await withCheckedContinuation { continuation in
        let answer = state.withLock { state -> Bool? in
          if state.isOver { return false }
          if state.waiting < state.room { return true }
          state.writers.append(continuation)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
      if !isOpen { return false }
    }
  }

  private func end(_ code: UInt16?) {
    let (writers, readers) = state.withLock { state in
      state.isOver = true
      state.close = state.close ?? code
      defer { (state.writers, state.readers) = ([], []) }
      return (state.writers, state.readers)
    }
    for writer in writers { writer.resume(returning: false) }
    for reader in readers { reader.resume() }
    if code != nil { mouth.finish() }
  }

  /// The next message as text; nil once the connection is over.
  func nextText() async -> String? {
    while true {
      let (text, writers, isOver) = state.withLock {
        state -> (String?, [CheckedContinuation<Bool, Never>], Bool) in
        guard state.waiting > 0 else { return (nil, [], state.isOver) }
        let text = state.received[state.first]
        state.first += 1
        if state.first > 1_024 {
          state.received.removeFirst(state.first)
          state.first = 0
        }
        defer { state.writers = [] }
        return (text, state.writers, false)
      }
      for writer in writers { writer.resume(returning: true) }
      if text != nil || isOver { return text }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.waiting > 0 || state.isOver { return true }
          state.readers.append(continuation)
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  func next() async throws -> JSON? {
    guard let text = await nextText() else { return nil }
    return try JSON(parsing: Array(text.utf8))
  }

  /// The next message of this type; what comes before it is passed over.
  func next(_ type: String) async throws -> JSON? {
    while let message = try await next() {
      if message["type"]?.string == type { return message }
    }
    return nil
  }

  /// All up to the first message of this type, that one too.
  func all(to type: String) async throws -> [JSON] {
    var messages: [JSON] = []
    while let message = try await next() {
      messages.append(message)
      if message["type"]?.string == type { break }
    }
    return messages
  }
}

/// A hub over a node, or over nothing but a feed, with clients in memory.
final class HubWorld: Sendable {
  let hub: Hub
  let people: People
  private let runner: Task<Void, Never>

  /// Who is signed in, and as what.
  final class People: Sendable {
    private let known = Mutex<[String: Principal]>([:])
    private let tickets = Mutex<[String: Principal]>([:])

    func set(_ principal: Principal?, _ id: String) { known.withLock { $0[id] = principal } }
    func give(_ ticket: String, to principal: Principal) {
      set(principal, principal.id)
      tickets.withLock { $0[ticket] = principal }
    }
    var access: HubAccess {
      HubAccess(
        refresh: { [self] principal in known.withLock { $0[principal.id] } },
        redeem: { [self] ticket in tickets.withLock { $0.removeValue(forKey: ticket) } },
        groups: { actor in actor == "bia" ? ["compliance"] : [] })
    }
  }

  /// `pauses`: those that are over at once. The others last until the end.
  init(_ sources: HubSources, pauses: [Duration] = []) {
    people = People()
    let hub = Hub(
      sources, access: people.access, now: { Timestamp(microseconds: 0) },
      pause: { duration in
        if pauses.contains(duration) { return await Task.yield() }
        for await _ in AsyncStream<Never>.makeStream().stream {}
      },
      jitter: { .milliseconds(7) })
    self.hub = hub
    runner = Task { await hub.run() }
  }

  deinit { runner.cancel() }

  static func person(_ name: String, _ namespace: String = "*", _ words: [String] = ["*:read"]) -> Principal {
    Principal(
      kind: .person, id: name, actor: name,
      grants: [Grant(namespace: namespace, permissions: Permissions(words) ?? .none)])
  }

  /// A client that is signed in.
  func client(
    _ principal: Principal? = HubWorld.person("ana"), room: Int = .max
  ) -> MemoryClient {
    let client = MemoryClient(room: room)
    if let principal { people.set(principal, principal.id) }
    Task { [hub] in await hub.serve(client.peer, as: principal, .english) }
    return client
  }

  /// A subscribed client, and what the hub acknowledged.
  func subscribed(
    _ channel: String, after: Int? = nil, _ more: JSONObject = JSONObject(),
    as principal: Principal? = HubWorld.person("ana"), room: Int = .max
  ) async throws -> (client: MemoryClient, ack: JSON?) {
    let client = client(principal, room: room)
    return (client, try await client.subscribe(channel, after: after, more))
  }
}

extension MemoryClient {
  /// The acknowledgement, or the error.
  @discardableResult
  func subscribe(_ channel: String, after: Int? = nil, _ more: JSONObject = JSONObject()) async throws
    -> JSON?
  {
    var message = more
    message["type"] = "subscribe"
    message["id"] = 1
    message["channel"] = .string(channel)
    message["after"] = after.map { .int(Int64($0)) }
    say(.object(message))
    while let answer = try await next() {
      if ["ack", "error"].contains(answer["type"]?.string), answer["payload"]?["id"] == 1 { return answer }
    }
    return nil
  }
}

extension HubSources {
  /// A hub whose jobs the test makes up.
  static func made(_ feed: Feed, jobs: [FeedJob] = [], logs: HubLogs? = nil) -> HubSources {
    let none = Problem("test", Bilingual("None.", pt: "Nada."))
    return HubSources(
      listen: { () throws(Problem) in feed }, unlisten: {},
      job: { (id) throws(Problem) in jobs.first { $0.id == id } },
      snapshot: { (_) throws(Problem) in
        JobSnapshot(sequence: 0, status: .running, counts: [:], steps: [])
      },
      changes: { (_) throws(Problem) in throw none }, asks: { (_) throws(Problem) in [] }, logs: logs)
  }
}
