public import Model

/// Slows guessing. It is asked before a password is looked at, and told afterwards. Names that nobody has are
/// counted like any other, so that its answer says nothing about who exists.
///
/// A burst is met by a rate for each address and each name. What goes on for longer is met by a lockout that
/// grows: of a name from one address after a few failures, of a name from everywhere and of an address after
/// more. An address that has a session of the account is let by the lockout from everywhere, or anyone could
/// keep anyone else out.
public struct Throttle: Sendable {
  public struct Limits: Sendable, Hashable {
    public var perMinute = 5
    public var failuresOfPair = 5
    public var failuresOfName = 20
    public var failuresOfAddress = 20
    public var firstLockout = Duration.seconds(30)
    public var longestLockout = Duration.seconds(900)
    /// After so long without a failure, all is forgiven.
    public var forgetsAfter = Duration.seconds(86_400)
    /// Names and addresses that are remembered. Beyond, those that did least are forgotten.
    public var most = 20_000

    public init() {}
  }

  public enum Refusal: Error, Sendable, Hashable {
    case tooFast(Duration)
    case lockedOut(Duration)

    public var wait: Duration {
      switch self {
      case .tooFast(let wait), .lockedOut(let wait): wait
      }
    }
  }

  private enum Key: Hashable {
    case address(String)
    case name(String)
    case pair(name: String, address: String)
  }

  private struct Record {
    /// Of the last minute.
    var tries: [Timestamp] = []
    var failures = 0
    var lastAt: Timestamp
    var lockedUntil: Timestamp?
  }

  private let limits: Limits
  private var records: [Key: Record] = [:]

  public init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Names, addresses and pairs that are remembered.
  public var remembered: Int { records.count }

  /// Counts a try that begins, or refuses it. A try that is refused counts for nothing, so that waiting
  /// helps. Until it is told of success it counts as a failure: a hundred tries at once are a hundred
  /// failures. The second step of a sign-in is no try of its own.
  public mutating func begin(
    name: String, address: String, knownAddress: Bool, isSecondStep: Bool = false, at now: Timestamp
  ) throws(Refusal) {
    switch refusal(name: name, address: address, knownAddress: knownAddress, at: now) {
    case .some(.tooFast) where isSecondStep: break
    case .some(let refusal): throw refusal
    case .none: break
    }
    makeRoom(at: now)
    for key in keys(name, address) {
      var record = current(key, at: now)
      if !isSecondStep { record.tries.append(now) }
      record.failures += 1
      record.lastAt = now
      if record.failures >= most(key) {
        record.lockedUntil = now + lockout(after: record.failures - most(key))
      }
      records[key] = record
    }
  }

  /// What `begin` would say.
  public func refusal(
    name: String, address: String, knownAddress: Bool, at now: Timestamp
  ) -> Refusal? {
    var wait = (locked: Duration.zero, rate: Duration.zero)
    for key in keys(name, address) {
      let record = current(key, at: now)
      if let until = record.lockedUntil, until > now, !(knownAddress && key == .name(name)) {
        wait.locked = max(wait.locked, until - now)
      }
      if case .pair = key { continue }
      if record.tries.count >= limits.perMinute, let first = record.tries.first {
        wait.rate = max(wait.rate, first + .seconds(60) - now)
      }
    }
    if wait.locked > .zero { return .lockedOut(wait.locked) }
    return wait.rate > .zero ? .tooFast(wait.rate) : nil
  }

  /// Of a name, where it is kept out now: from everywhere, or only from the addresses that guessed.
  public struct Lockout: Sendable, Hashable {
    public var until: Timestamp
    public var isEverywhere: Bool
  }

  /// The one that ends last; one from everywhere hides those of addresses.
  public func lockout(of name: String, at now: Timestamp) -> Lockout? {
    func until(_ key: Key) -> Timestamp? {
      current(key, at: now).lockedUntil.flatMap { $0 > now ? $0 : nil }
    }
    if let everywhere = until(.name(name)) { return Lockout(until: everywhere, isEverywhere: true) }
    let pairs = records.keys.compactMap { key -> Timestamp? in
      if case .pair(name, _) = key { until(key) } else { nil }
    }
    return pairs.max().map { Lockout(until: $0, isEverywhere: false) }
  }

  /// The whole sign-in went well. Of the address only this try is taken back: else one known password would
  /// pay for guessing all others.
  public mutating func succeeded(name: String, address: String) {
    records[.name(name)] = nil
    records[.pair(name: name, address: address)] = nil
    takeBack(.address(address))
  }

  /// The password was right and a second factor is asked for: neither a failure nor the end of failures.
  public mutating func undecided(name: String, address: String) {
    for key in keys(name, address) { takeBack(key) }
  }

  /// An admin unlocks an account.
  public mutating func forget(name: String) {
    records = records.filter { entry in
      switch entry.key {
      case .name(let other), .pair(let other, _): other != name
      case .address: true
      }
    }
  }

  private mutating func takeBack(_ key: Key) {
    guard var record = records[key] else { return }
    record.failures = max(0, record.failures - 1)
    if record.failures < most(key) { record.lockedUntil = nil }
    records[key] = record
  }

  private func keys(_ name: String, _ address: String) -> [Key] {
    [.address(address), .name(name), .pair(name: name, address: address)]
  }

  private func current(_ key: Key, at now: Timestamp) -> Record {
    guard var record = records[key], now - record.lastAt < limits.forgetsAfter else {
      return Record(lastAt: now)
    }
    record.tries.removeAll { now - $0 >= .seconds(60) }
    return record
  }

  private func most(_ key: Key) -> Int {
    switch key {
    case .address: limits.failuresOfAddress
    case .name: limits.failuresOfName
    case .pair: limits.failuresOfPair
    }
  }

  /// Doubles with each failure, up to the longest.
  private func lockout(after further: Int) -> Duration {
    min(limits.longestLockout, limits.firstLockout * (1 << min(further, 20)))
  }

  private mutating func makeRoom(at now: Timestamp) {
    guard records.count + 3 > limits.most else { return }
    records = records.filter { now - $0.value.lastAt < limits.forgetsAfter }
    guard records.count + 3 > limits.most else { return }
    // A quarter at once, so that a flood of names does not sort the table for each of them.
    let worth = records.sorted { left, right in
      (left.value.failures, left.value.lastAt) > (right.value.failures, right.value.lastAt)
    }
    records = Dictionary(uniqueKeysWithValues: worth.prefix(limits.most * 3 / 4).map { ($0.key, $0.value) })
  }
}
