import Model
import Synchronization

/// One channel with its subscribers. Messages are encoded once and held until all have them, or until there
/// are too many; nobody who appends waits for one who reads.
final class HubChannel: Sendable {
  let topic: HubTopic
  private let held: HubBudget

  fileprivate struct Reader {
    var place: Int
    var bell: HubBell
  }

  fileprivate struct State {
    var ring = HubRing()
    var readers: [Int: Reader] = [:]
    var count = 0
    /// Grows when messages were lost before they came here.
    var losses = 0
  }
  private let state = Mutex(State())

  init(_ topic: HubTopic, _ held: HubBudget) { (self.topic, self.held) = (topic, held) }
  deinit { held.change(by: -state.withLock { $0.ring.bytes }) }

  /// From now on nothing that is appended passes this reader by.
  func join(_ bell: HubBell) -> Int {
    state.withLock { state in
      state.count += 1
      state.readers[state.count] = Reader(place: state.ring.end, bell: bell)
      return state.count
    }
  }

  /// True where nobody is left.
  func leave(_ reader: Int) -> Bool {
    change { state in
      state.readers[reader] = nil
      state.releaseRead()
      return state.readers.isEmpty
    }
  }

  func append(_ entries: [HubEntry]) {
    if entries.isEmpty { return }
    let isLines = topic.linesJob != nil
    let limit = isLines ? HubLimits.lineRingBytes : HubLimits.ringBytes
    let bytes = held.isTight ? HubLimits.tightBytes : limit
    let bells = change { state in
      state.ring.append(
        entries, bytes: bytes, messages: isLines ? HubLimits.lineRingMessages : HubLimits.ringMessages)
      return state.readers.values.map(\.bell)
    }
    for bell in bells { bell.ring() }
  }

  /// Something that belongs here is lost; whoever can, reads it from where it is stored.
  func lose() {
    let bells = state.withLock { state in
      state.losses += 1
      return state.readers.values.map(\.bell)
    }
    for bell in bells { bell.ring() }
  }

  var losses: Int { state.withLock(\.losses) }

  /// What the reader has not taken yet.
  func take(_ reader: Int) -> HubRing.Taken? {
    change { (state) -> HubRing.Taken? in
      guard let place = state.readers[reader]?.place else { return nil }
      let taken = state.ring.take(
        from: place, messages: HubLimits.takenMessages, bytes: HubLimits.takenBytes)
      state.readers[reader]?.place = taken.next
      state.releaseRead()
      return taken
    }
  }

  /// Whether the reader can take all that follows that sequence number. Where it cannot, it goes on with what
  /// is held.
  func holdsAll(_ reader: Int, after sequence: Int64) -> Bool {
    state.withLock { state in
      guard let place = state.readers[reader]?.place else { return false }
      state.readers[reader]?.place = max(place, state.ring.first)
      return state.ring.holdsAll(after: sequence, from: place)
    }
  }

  private func change<Value: Sendable>(_ body: (inout State) -> sending Value) -> Value {
    let (value, change) = state.withLock { state -> (Value, Int) in
      let before = state.ring.bytes
      let value = body(&state)
      return (value, state.ring.bytes - before)
    }
    held.change(by: change)
    return value
  }
}

extension HubChannel.State {
  fileprivate mutating func releaseRead() {
    ring.release(before: readers.values.map(\.place).min() ?? ring.end)
  }
}

/// The bytes that all channels hold.
final class HubBudget: Sendable {
  private let bytes = Atomic(0)

  var isTight: Bool { bytes.load(ordering: .relaxed) > HubLimits.allBytes }
  func change(by change: Int) { if change != 0 { bytes.add(change, ordering: .relaxed) } }
  var held: Int { bytes.load(ordering: .relaxed) }
}

/// Wakes one session. Rings that it has not heard become one.
struct HubBell: Sendable {
  let rings: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (rings, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func ring() { continuation.yield() }
  func end() { continuation.finish() }
}
