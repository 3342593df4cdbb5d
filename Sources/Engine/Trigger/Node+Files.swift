internal import Model
internal import Pipelines

// What the watcher of a folder asks.
extension Node {
  /// Batches of files of a pipeline that wait for their job before no further file is taken (S24).
  static let mostBatches = 100

  /// A trigger by its names.
  public struct TriggerName: Sendable, Hashable {
    public var pipeline: PipelineName
    public var trigger: String
    public init(_ pipeline: PipelineName, _ trigger: String) {
      (self.pipeline, self.trigger) = (pipeline, trigger)
    }

    public static func == (one: Self, other: Self) -> Bool {
      one.pipeline == other.pipeline && ScalarString(one.trigger) == ScalarString(other.trigger)
    }
    public func hash(into hasher: inout Hasher) {
      hasher.combine(pipeline)
      hasher.combine(ScalarString(trigger))
    }
  }

  /// For the trigger of kind `files` with this name.
  public func filesDesk(_ pipeline: PipelineName, trigger: String) -> FilesTriggerDesk {
    FilesTriggerDesk(
      mayTake: { [self] in await mayTake(pipeline, trigger) },
      known: { [self] (contents) throws(Problem) in
        try await reading { (readModel) throws(StoreError) in
          try readModel.takenContents(contents, by: pipeline, trigger: trigger)
        }
      },
      begin: { [self] (batch) throws(Problem) in
        let arrival = TriggerArrival(
          id: newMessage(), pipeline: pipeline, trigger: trigger, kind: "files", state: .claiming,
          key: batch.id, actor: "trigger:\(pipeline)/\(trigger)", body: ["batch": batch.json])
        _ = try await send { (reply: @escaping Reply<ID<TriggerMessage>>) in
          .arrive(arrival, accepted: reply, outcome: nil)
        }
      },
      fire: { [self] (batch) throws(Problem) in
        let body: JSON = [
          "batch_sha256": .string(batch.sha256), "files": .array(batch.files.map(\.json)),
        ]
        try await send {
          .claimed(
            ClaimedFiles(
              pipeline: pipeline, trigger: trigger, key: batch.id, body: body,
              contents: batch.files.map(\.sha256)), $0)
        }
      },
      abandon: { [self] (id) throws(Problem) in
        try await send {
          .claimed(
            ClaimedFiles(pipeline: pipeline, trigger: trigger, key: id, body: nil, contents: []), $0)
        }
      },
      open: { [self] () throws(Problem) in try await begun(pipeline, trigger) },
      note: { [self] (note) throws(Problem) in
        let row = RefusalRow(
          at: configuration.clock.now, namespace: pipeline.namespace, pipeline: pipeline.name,
          trigger: trigger, actor: "trigger:\(pipeline)/\(trigger)", reason: note.reason.rawValue,
          key: note.name, idempotencyKey: nil)
        try await send { .refused(row, $0) }
      })
  }

  /// What cannot be read now is not a yes.
  private func mayTake(_ pipeline: PipelineName, _ trigger: String) async -> Bool {
    guard let entry = triggers[pipeline, trigger], entry.isEnabled, entry.trigger.kind == "files" else {
      return false
    }
    let now = configuration.clock.now
    let isFree = try? await reading { (readModel) throws(StoreError) in
      if let pause = try readModel.pause(of: pipeline), pause.holds(at: now) { return false }
      // What else waits before the pipeline has bounds of its own.
      let rows = try readModel.triggerMessages(of: pipeline, limit: TriggerLines.mostOpen)
      return rows.count { $0.kind == "files" } < Self.mostBatches
    }
    return isFree ?? false
  }

  /// The batches whose files were to be moved when the last node ended.
  private func begun(_ pipeline: PipelineName, _ trigger: String) async throws(Problem) -> [FileBatch] {
    let rows = try await reading { (readModel) throws(StoreError) in
      var rows: [TriggerMessageRow] = []
      for row in try readModel.triggerMessages(of: pipeline, limit: TriggerLines.mostOpen)
      where row.state == .claiming && ScalarString(row.trigger) == ScalarString(trigger) {
        if let whole = try readModel.triggerMessage(row.id) { rows.append(whole) }
      }
      return rows
    }
    var batches: [FileBatch] = []
    for row in rows {
      let body = try MessageOpening(configuration: configuration).open(row)
      guard let batch = body["batch"].flatMap(FileBatch.init) else { throw .unreadableMessage(row.id) }
      batches.append(batch)
    }
    return batches
  }

  private func reading<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadModel) throws(StoreError) -> Value
  ) async throws(Problem) -> Value {
    let readModel = configuration.readModel
    return try await offThread { () throws(Problem) in
      do throws(StoreError) { return try body(readModel) } catch { throw .store(error) }
    }
  }
}
