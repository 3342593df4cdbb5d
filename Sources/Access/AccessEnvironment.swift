public import Crypto
public import Model

/// What the service gets from outside: time, chance, the master key, and threads that may wait.
public struct AccessEnvironment: Sendable {
  public var now: @Sendable () -> Timestamp
  /// So many bytes that nobody can guess.
  public var random: @Sendable (Int) -> [UInt8]
  /// For a place, as `Crypto.MasterKey.seal`.
  public var seal: @Sendable ([UInt8], String) -> [UInt8]
  public var open: @Sendable ([UInt8], String) throws(UnsealError) -> [UInt8]
  /// Whether the newest master key sealed it.
  public var isCurrent: @Sendable ([UInt8]) -> Bool
  /// Where passwords are hashed: as many at once as it has threads.
  public var hashing: any TaskExecutor
  /// Where the store is asked: it must have one thread, so that calls come one after another.
  public var storing: any TaskExecutor
  /// Called with the reason once the store can no longer be relied on. A server ends its process here;
  /// where it returns, those who wait are told.
  public var broken: @Sendable (String) -> Void

  public init(
    now: @escaping @Sendable () -> Timestamp,
    random: @escaping @Sendable (Int) -> [UInt8] = SecureRandom.bytes,
    seal: @escaping @Sendable ([UInt8], String) -> [UInt8],
    open: @escaping @Sendable ([UInt8], String) throws(UnsealError) -> [UInt8],
    isCurrent: @escaping @Sendable ([UInt8]) -> Bool = { _ in true },
    hashing: any TaskExecutor, storing: any TaskExecutor,
    broken: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.now, self.random, self.seal, self.open) = (now, random, seal, open)
    self.isCurrent = isCurrent
    (self.hashing, self.storing, self.broken) = (hashing, storing, broken)
  }

  func newID<Entity>(at moment: Timestamp) -> ID<Entity> {
    var chance = PassedChance(random: random)
    return ID.generate(at: moment, using: &chance)
  }
}

private struct PassedChance: RandomNumberGenerator {
  let random: @Sendable (Int) -> [UInt8]
  mutating func next() -> UInt64 { random(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
