public import Engine
public import Model

/// How the hub reads logs.
public struct HubLogs: Sendable {
  public struct Line: Sendable, Hashable {
    public var at: Timestamp
    public var level: LogLevel
    public var node: UInt32
    public var attempt: Int
    public var message: String

    public init(at: Timestamp, level: LogLevel, node: UInt32, attempt: Int, message: String) {
      (self.at, self.level, self.node, self.attempt, self.message) = (at, level, node, attempt, message)
    }
  }

  public struct Batch: Sendable {
    /// How many lines of the job stand before them.
    public var first: Int
    /// Counts the batches from 0: where one is left out, it was not taken in time.
    public var number: Int
    public var lines: [Line]
    public init(first: Int, number: Int, lines: [Line]) {
      (self.first, self.number, self.lines) = (first, number, lines)
    }
  }

  /// Gives the next stored lines; none where there are no more by now.
  public typealias Reader = @Sendable () async throws(Problem) -> [Line]

  /// The lines that are stored from now on. Some may be missing where nobody took them in time.
  public var follow: @Sendable (ID<Job>) -> AsyncStream<Batch>
  /// Reads the stored lines from the first one on.
  public var reader: @Sendable (ID<Job>) async throws(Problem) -> Reader
  /// The paths of some steps, that of this node among them.
  public var paths: @Sendable (ID<Job>, _ node: UInt32) async -> [UInt32: String]

  public init(
    follow: @escaping @Sendable (ID<Job>) -> AsyncStream<Batch>,
    reader: @escaping @Sendable (ID<Job>) async throws(Problem) -> Reader,
    paths: @escaping @Sendable (ID<Job>, UInt32) async -> [UInt32: String]
  ) { (self.follow, self.reader, self.paths) = (follow, reader, paths) }
}
