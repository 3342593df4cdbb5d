public import Model

/// What a step may ask of the node that runs it, with the rights of its pipeline: those that `grants:` of
/// `esteira.yaml` gives, and no others.
public struct NodeControl: Sendable {
  /// Sends an event to those who follow a room of the own namespace. Once for a step's key.
  public var emit: @Sendable (_ type: String, _ room: String, _ data: JSON) async throws(Failure) -> Void
  /// Pauses a pipeline. One that rests already stays paused as it was, and the answer says by whom.
  public var pause:
    @Sendable (_ pipeline: PipelineName, _ reason: String) async throws(Failure) -> PauseAnswer
  /// Ends a pause. With a job only one that a step of that job made; false where there was none such.
  public var resume: @Sendable (_ pipeline: PipelineName, _ pausedBy: ID<Job>?) async throws(Failure) -> Bool
  /// Gives what waits before a pipeline, one after the other: queued jobs, then undelivered messages, each
  /// oldest first.
  public var queue:
    @Sendable (
      _ pipeline: PipelineName, _ take: @escaping @Sendable (QueuedItem) throws(Failure) -> Void
    ) async throws(Failure) -> Void
  /// Takes these away, where nothing of them has begun; gives those that are gone now.
  public var purge:
    @Sendable (_ pipeline: PipelineName, _ items: [QueuedItem.Name], _ reason: String) async throws(Failure)
      ->
      [QueuedItem.Name]

  public struct PauseAnswer: Sendable, Hashable {
    public var by: String
    /// False: it rested already.
    public var isOurs: Bool
    public init(by: String, isOurs: Bool) { (self.by, self.isOurs) = (by, isOurs) }
  }

  /// For engines without a node around them: in tests and rehearsals.
  public static let none = NodeControl(
    emit: { (_, _, _) throws(Failure) in throw nothing },
    pause: { (_, _) throws(Failure) in throw nothing }, resume: { (_, _) throws(Failure) in throw nothing },
    queue: { (_, _) throws(Failure) in throw nothing }, purge: { (_, _, _) throws(Failure) in throw nothing })
  private static let nothing = Failure(
    .configuration, code: "no-node",
    "There is no node here that could be asked. Run the pipeline on a server.")

  public init(
    emit: @escaping @Sendable (String, String, JSON) async throws(Failure) -> Void,
    pause: @escaping @Sendable (PipelineName, String) async throws(Failure) -> PauseAnswer,
    resume: @escaping @Sendable (PipelineName, ID<Job>?) async throws(Failure) -> Bool,
    queue:
      @escaping @Sendable (PipelineName, @escaping @Sendable (QueuedItem) throws(Failure) -> Void)
      async throws(Failure) -> Void,
    purge:
      @escaping @Sendable (PipelineName, [QueuedItem.Name], String) async throws(Failure) -> [QueuedItem.Name]
  ) {
    (self.emit, self.pause, self.resume) = (emit, pause, resume)
    (self.queue, self.purge) = (queue, purge)
  }
}

/// What waits before a pipeline: a job of which nothing has begun, or a message that no job was made of.
public struct QueuedItem: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable { case job, message }

  public struct Name: Sendable, Hashable {
    public var kind: Kind
    public var id: String
    public init(kind: Kind, id: String) { (self.kind, self.id) = (kind, id) }
  }

  public var name: Name
  /// Of a job `key`, `created_at`, `actor`, `inputs` and `trigger`; of a message `trigger`, `key`,
  /// `received_at`, `actor` and `body`. In plain: whoever keeps it keeps what users wrote.
  public var content: JSONObject
  public init(name: Name, content: JSONObject) { (self.name, self.content) = (name, content) }
}
