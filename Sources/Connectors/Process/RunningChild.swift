import CSystem
import Glibc
import Model

/// A supervisor that was started, with the streams of its program: all on one thread that may block.
struct RunningChild {
  private let order: ChildOrder
  private let life: LifeLine
  private var watch: Int32 = -1
  private var streams: [(source: Source, descriptor: Int32)] = []
  private enum Source {
    case stream(ChildStream)
    case channel(ChildChannel)
  }

  private var chunk = [UInt8](repeating: 0, count: 65_536)

  /// How long beyond the grace a supervisor may take before it is killed itself.
  private static let supervisorPatience: Duration = .seconds(10)
  /// How often the thread looks whether an end was asked for that does not come.
  private static let lookInterval: Int32 = 1_000

  init(_ order: ChildOrder, supervisors: Supervisors, life: LifeLine) throws(Failure) {
    (self.order, self.life) = (order, life)
    guard Folders.make(order.recordFolder) else { throw .cannotSpawn("its folder cannot be made", errno) }
    for record in ["started", "end"] { unlink("\(order.recordFolder)/\(record)") }
    var ends = Descriptors()
    defer { ends.closeAll() }
    let output = ends.pipe()
    let errors = ends.pipe()
    let input = ends.add(esteira_open(order.input ?? "/dev/null", O_RDONLY | O_CLOEXEC, 0))
    let extra = order.extra.map { [ends.filledPipe($0)] } ?? []
    let channel = order.channel == nil ? nil : ends.channel()
    guard ends.areOpen else { throw .cannotSpawn("no further file can be opened", errno) }
    switch supervisors.start(streams: [input, output.write, errors.write] + extra + (channel?.program ?? []))
    {
    case .failure(let error): throw .cannotSpawn("the supervisor cannot start", error.value)
    case .success(let started):
      watch = started.watch
      let failure = Self.request(order).send(to: started.life)
      guard failure == 0 else {
        Glibc.close(started.life)
        Glibc.close(started.watch)
        throw .cannotSpawn("the supervisor did not take its order", failure)
      }
      life.open(started.life)
    }
    streams = [
      (.stream(.output), ends.keep(output.read)), (.stream(.errors), ends.keep(errors.read)),
    ]
    if let talk = order.channel, let channel {
      talk.open(ends.keep(channel.write))
      streams.append((.channel(talk), ends.keep(channel.read)))
    }
  }

  private static func request(_ order: ChildOrder) -> SupervisorOrder {
    var request = SupervisorOrder(
      folder: order.recordFolder, workFolder: order.workFolder, grace: order.grace.milliseconds,
      program: order.program, arguments: order.arguments)
    request.environment = order.environment.map { "\($0.name)=\($0.value)" }
    request.limits = order.limits.compactMap { SupervisorOrder.Limit(name: $0.name, value: $0.value) }
    request.extras = order.channel != nil ? 2 : order.extra != nil ? 1 : 0
    return request
  }

  /// Reads both streams until the supervisor has ended, then says how the program did.
  mutating func run(_ received: (ChildStream, ArraySlice<UInt8>) -> Void) -> ChildEnd {
    var askedAt: ContinuousClock.Instant?
    while true {
      var watched = [pollfd(fd: watch, events: Int16(POLLIN), revents: 0)]
      for stream in streams {
        watched.append(pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0))
      }
      let sending = order.channel?.waiting
      if let sending { watched.append(pollfd(fd: sending, events: Int16(POLLOUT), revents: 0)) }
      poll(&watched, nfds_t(watched.count), Self.lookInterval)
      for index in streams.indices where watched[index + 1].revents != 0 { drain(index, received) }
      if sending != nil { order.channel?.flush() }
      if watched[0].revents != 0 { break }
      order.channel?.look()
      if life.wasAsked, askedAt == nil { askedAt = .now }
      if let askedAt, askedAt.duration(to: .now) > order.grace + Self.supervisorPatience {
        _ = esteira_pidfd_kill(watch, SIGKILL)
      }
    }
    // All processes are gone: what the streams hold now is the rest.
    for index in streams.indices { while drain(index, received) {} }
    return close()
  }

  /// True where something was read and more may follow.
  @discardableResult
  private mutating func drain(_ index: Int, _ received: (ChildStream, ArraySlice<UInt8>) -> Void) -> Bool {
    guard streams[index].descriptor >= 0 else { return false }
    let count = read(streams[index].descriptor, &chunk, chunk.count)
    if count > 0 {
      switch streams[index].source {
      case .stream(let stream): received(stream, chunk[..<count])
      case .channel(let channel): channel.received(chunk[..<count])
      }
      return true
    }
    if count == 0 || (errno != EAGAIN && errno != EINTR) {
      Glibc.close(streams[index].descriptor)
      streams[index].descriptor = -1
    }
    return false
  }

  private mutating func close() -> ChildEnd {
    life.close()
    order.channel?.end()
    Glibc.close(watch)
    for stream in streams where stream.descriptor >= 0 { Glibc.close(stream.descriptor) }
    if let report = SupervisorReport.read(from: order.recordFolder) { return .ended(report) }
    StartedRecord.read(from: order.recordFolder)?.killGroup()
    // What was killed takes a moment to go; what fled from the group is found by `PreviousChildren.settle`.
    _ = PreviousChildren.isFree(order.recordFolder, within: PreviousChildren.killPatience)
    return .supervisorLost
  }
}

extension Failure {
  fileprivate static func cannotSpawn(_ what: String, _ number: Int32) -> Failure {
    Failure(
      number == E2BIG ? .data : .transient, code: "cannot-start-process",
      "The child process could not be started: \(what) (\(SystemError.text(number))).")
  }
}

/// Descriptors that are closed together, but for those that are kept.
private struct Descriptors {
  private var open: [Int32] = []
  private(set) var areOpen = true

  mutating func add(_ descriptor: Int32) -> Int32 {
    if descriptor < 0 { areOpen = false } else { open.append(descriptor) }
    return descriptor
  }

  /// The reading end does not block.
  mutating func pipe() -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    _ = esteira_pipe(&ends)
    if ends[0] >= 0 { _ = fcntl(ends[0], F_SETFL, O_NONBLOCK) }
    return (add(ends[0]), add(ends[1]))
  }

  mutating func filledPipe(_ bytes: [UInt8]) -> Int32 {
    var ends: [Int32] = [-1, -1]
    _ = esteira_pipe(&ends)
    if ends[1] >= 0, !AtomicFile.writeAll(bytes, to: add(ends[1])) { areOpen = false }
    return add(ends[0])
  }

  /// What the program gets as its 3 and 4, and the node's ends. Its 3 is a socket: a write to a pipe that
  /// nobody reads would end the node.
  mutating func channel() -> (program: [Int32], write: Int32, read: Int32) {
    var ends: [Int32] = [-1, -1]
    if socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) != 0 {
      areOpen = false
    }
    let said = pipe()
    return ([add(ends[1]), said.write], add(ends[0]), said.read)
  }

  mutating func keep(_ descriptor: Int32) -> Int32 {
    open.removeAll { $0 == descriptor }
    return descriptor
  }

  func closeAll() { for descriptor in open { close(descriptor) } }
}
