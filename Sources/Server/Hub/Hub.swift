import Engine
public import Model
import Synchronization

/// Tells clients what happens, over WebSockets and event streams: one for a node.
///
/// Each channel that somebody follows exists once. What belongs to it is encoded once and held until all who
/// follow it have it. A client takes when it has room; what it costs does not grow while it is slow.
public final class Hub: Sendable {
  let sources: HubSources
  let access: HubAccess
  let now: @Sendable () -> Timestamp
  let pause: @Sendable (Duration) async -> Void
  /// How much longer than `HubLimits.reconnect` a client that has to go stays away.
  let jitter: @Sendable () -> Duration
  let budget = HubBudget()

  enum Work: Sendable {
    case feed(Feed)
    case logs(ID<Job>, AsyncStream<HubLogs.Batch>, until: AsyncStream<Never>)
    case rows(HubRows, until: AsyncStream<Never>)
    /// Somebody has stopped to listen.
    case unlisten
  }

  private struct State {
    var channels: [HubTopic: HubChannel] = [:]
    /// Those that follow the feed and are neither of one job nor of one pipeline.
    var wide: [HubTopic: HubChannel] = [:]
    var fed = 0
    /// What of the feed has been given to the channels.
    var position: Int64 = 0
    var feed: Feed?
    var pumps: [ID<Job>: AsyncStream<Never>.Continuation] = [:]
    var looks: [HubRows: AsyncStream<Never>.Continuation] = [:]
    var signs: [Int: HubSign] = [:]
    var count = 0
  }
  private let state = Mutex(State())
  private let work: AsyncStream<Work>
  private let workers: AsyncStream<Work>.Continuation

  /// `pause` waits for the time that it is given, or less when its task is cancelled.
  public init(
    _ sources: HubSources, access: HubAccess, now: @escaping @Sendable () -> Timestamp,
    pause: @escaping @Sendable (Duration) async -> Void, jitter: @escaping @Sendable () -> Duration
  ) {
    (self.sources, self.access, self.now, self.pause) = (sources, access, now, pause)
    self.jitter = jitter
    (work, workers) = AsyncStream.makeStream()
  }

  /// Carries what happens to the channels, until its task is cancelled. Called once, beside the server.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        while !Task.isCancelled {
          await pause(HubLimits.access)
          rolesChanged()
        }
      }
      for await work in work {
        switch work {
        case .feed(let feed): group.addTask { [self] in await carry(feed) }
        case .logs(let job, let batches, let end):
          group.addTask { [self] in await carry(batches, of: job, until: end) }
        case .rows(let rows, let end): group.addTask { [self] in await carry(rows, until: end) }
        case .unlisten:
          group.addTask { [self] in
            await pause(HubLimits.linger)
            sources.unlisten()
          }
        }
      }
      group.cancelAll()
    }
  }

  /// What anybody may do has changed: everybody's subscriptions are looked at again.
  public func rolesChanged() {
    for sign in state.withLock({ Array($0.signs.values) }) { sign.tell { $0.isStale = true } }
  }

  /// The server stops: clients are told to come back later.
  public func stop() {
    for sign in state.withLock({ Array($0.signs.values) }) { sign.tell { $0.end = .stopping } }
  }

  /// How many clients there are.
  public var clients: Int { state.withLock { $0.signs.count } }
}

// Channels.
extension Hub {
  /// From now on nothing of the topic passes this seat by.
  func join(_ topic: HubTopic, _ bell: HubBell) -> HubSeat {
    let (channel, reader) = state.withLock { state in
      if topic.isFed, state.fed == 0 { state.position = state.feed?.position ?? 0 }
      let channel = state.channels[topic] ?? HubChannel(topic, budget)
      if state.channels[topic] == nil { add(channel, &state) }
      return (channel, channel.join(bell))
    }
    return HubSeat(self, channel, reader)
  }

  private func add(_ channel: HubChannel, _ state: inout State) {
    state.channels[channel.topic] = channel
    if channel.topic.isFed { state.fed += 1 }
    if channel.topic.isWide { state.wide[channel.topic] = channel }
    if case .rows(let rows) = channel.topic {
      let (until, end) = AsyncStream.makeStream(of: Never.self)
      state.looks[rows] = end
      workers.yield(.rows(rows, until: until))
    }
    guard let job = channel.topic.linesJob, state.pumps[job] == nil, let logs = sources.logs else { return }
    let (until, end) = AsyncStream.makeStream(of: Never.self)
    state.pumps[job] = end
    // Followed before anybody reads what is stored.
    workers.yield(.logs(job, logs.follow(job), until: until))
  }

  func leave(_ channel: HubChannel, _ reader: Int) {
    let end = state.withLock { state -> AsyncStream<Never>.Continuation? in
      guard channel.leave(reader), state.channels[channel.topic] === channel else { return nil }
      state.channels[channel.topic] = nil
      state.wide[channel.topic] = nil
      if channel.topic.isFed { state.fed -= 1 }
      if case .rows(let rows) = channel.topic { return state.looks.removeValue(forKey: rows) }
      guard let job = channel.topic.linesJob, state.channels[.logs(job)] == nil,
        state.channels[.lines(job)] == nil
      else { return nil }
      return state.pumps.removeValue(forKey: job)
    }
    end?.finish()
  }

  func channel(_ topic: HubTopic) -> HubChannel? { state.withLock { $0.channels[topic] } }

  /// Begins to listen, for as long as the answer is kept.
  func listen() async throws(Problem) -> HubListening {
    let feed = try await sources.listen()
    let isFirst = state.withLock { state in
      if state.feed != nil { return false }
      (state.feed, state.position) = (feed, feed.position)
      return true
    }
    if isFirst { workers.yield(.feed(feed)) }
    return HubListening(feed) { [workers] in workers.yield(.unlisten) }
  }

  func register(_ sign: HubSign) -> Int {
    state.withLock { state in
      state.count += 1
      state.signs[state.count] = sign
      return state.count
    }
  }

  func deregister(_ number: Int) { state.withLock { $0.signs[number] = nil } }
}

// From the feed to the channels.
extension Hub {
  private func carry(_ feed: Feed) async {
    let rings = feed.rings()
    carryAll(of: feed)
    for await _ in rings { carryAll(of: feed) }
  }

  private func carryAll(of feed: Feed) {
    while true {
      let position = state.withLock(\.position)
      let page = feed.entries(after: position, limit: HubLimits.feedPage)
      // Who joins only now reads what is stored later than this page was.
      let (channels, wide) = state.withLock { state in
        if state.position == position { state.position = page.position }
        return (state.channels, state.wide)
      }
      if page.hasGap { for channel in channels.values where channel.topic.isFed { channel.lose() } }
      if page.entries.isEmpty { return }
      if channels.isEmpty { continue }
      var found: [HubTopic: [HubEntry]] = [:]
      for entry in page.entries {
        for topic in entry.topics + wide.keys where channels[topic] != nil && topic.takes(entry) {
          found[topic, default: []].append(HubText.entry(entry, in: topic))
        }
      }
      for (topic, entries) in found { channels[topic]?.append(entries) }
    }
  }
}

extension Feed.Entry {
  /// Those that are found without a search.
  fileprivate var topics: [HubTopic] {
    [
      .job(job.id),
      .pipeline(namespace: ScalarString(job.pipeline.namespace), name: ScalarString(job.pipeline.name)),
    ]
  }
}

extension HubTopic {
  fileprivate var isWide: Bool {
    switch self {
    case .namespace, .labels, .global, .asks: true
    case .job, .pipeline, .logs, .lines, .rows: false
    }
  }

  /// The job whose log it follows.
  var linesJob: ID<Job>? {
    switch self {
    case .logs(let job), .lines(let job): job
    case .job, .pipeline, .namespace, .labels, .global, .asks, .rows: nil
    }
  }
}

/// A place among the subscribers of a channel, which is given up with the value.
final class HubSeat: Sendable {
  let channel: HubChannel
  private let reader: Int
  private let hub: Hub

  init(_ hub: Hub, _ channel: HubChannel, _ reader: Int) {
    (self.hub, self.channel, self.reader) = (hub, channel, reader)
  }
  deinit { hub.leave(channel, reader) }

  func take() -> HubRing.Taken? { channel.take(reader) }
  func holdsAll(after sequence: Int64) -> Bool { channel.holdsAll(reader, after: sequence) }
}

/// As long as it is there, the node tells what it commits.
final class HubListening: Sendable {
  let feed: Feed
  private let end: @Sendable () -> Void

  init(_ feed: Feed, end: @escaping @Sendable () -> Void) { (self.feed, self.end) = (feed, end) }
  deinit { end() }
}

/// What the hub has to say to one session besides messages.
final class HubSign: Sendable {
  struct Word: Sendable {
    /// What the client may do has to be asked again.
    var isStale = false
    var end: HubEnd?
  }
  let bell = HubBell()
  private let word = Mutex(Word())

  func tell(_ change: (inout Word) -> Void) {
    word.withLock { change(&$0) }
    bell.ring()
  }

  func take() -> Word {
    word.withLock { word in
      defer { word.isStale = false }
      return word
    }
  }
}
