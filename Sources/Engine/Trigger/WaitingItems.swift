public import Model

/// What waits before a pipeline, by its name alone: what it holds is read when it is opened.
public struct WaitingItem: Sendable {
  enum Row: Sendable {
    case job(JobSummary)
    case message(TriggerMessageRow)
  }

  let row: Row

  public var name: QueuedItem.Name {
    switch row {
    case .job(let summary): QueuedItem.Name(kind: .job, id: summary.id.description)
    case .message(let row): QueuedItem.Name(kind: .message, id: row.id.description)
    }
  }

  /// Before which trigger a message waits; nil of a job.
  public var trigger: String? {
    switch row {
    case .job: nil
    case .message(let row): row.trigger
    }
  }
}

extension QueuedItem {
  /// As a backup has it, with its line break.
  public var line: [UInt8] {
    var line = content
    line["kind"] = .string(name.kind.rawValue)
    line["id"] = .string(name.id)
    return JSON.object(line).serialized() + [UInt8(ascii: "\n")]
  }
}

// What a person asks about it. The right is looked at before.
extension Node {
  /// Queued jobs, then undelivered messages, each oldest first.
  public func waiting(before pipeline: PipelineName) async throws(Problem) -> [WaitingItem] {
    let reading = WaitingReading(configuration: configuration)
    return try await offThread { () throws(Problem) in try reading.all(before: pipeline) }
  }

  /// What they hold, in plain. One that has been settled since is left out.
  public func open(_ items: [WaitingItem]) async throws(Problem) -> [QueuedItem] {
    let reading = WaitingReading(configuration: configuration)
    return try await offThread { () throws(Problem) in
      var opened: [QueuedItem] = []
      for item in items { if let found = try reading.open(item) { opened.append(found) } }
      return opened
    }
  }

  /// Takes these away where nothing of them has begun; gives those that are gone now.
  public func purge(
    _ items: [QueuedItem.Name], of pipeline: PipelineName, by actor: String, reason: String
  ) async throws(Problem) -> [QueuedItem.Name] {
    let desk = ControlDesk(configuration: configuration) { [self] in push($0) }
    return try await desk.purge(pipeline, items, reason, by: actor)
  }
}

/// Reads what waits before a pipeline. Blocks.
struct WaitingReading: Sendable {
  let configuration: NodeConfiguration

  /// Jobs that are looked at once.
  static let mostJobs = 100_000
  private static let page = 200

  func all(before pipeline: PipelineName) throws(Problem) -> [WaitingItem] {
    let jobs = try queuedJobs(of: pipeline)
    do throws(StoreError) {
      let rows = try configuration.readModel.triggerMessages(of: pipeline, limit: TriggerLines.mostOpen)
      let triggers = try TriggerReading(configuration: configuration).entries(of: pipeline)
      // Files that are being moved are their watcher's; where it is gone nobody will go on with them.
      let messages = rows.filter { row in
        row.state != .claiming || !triggers.contains { $0.watches(row) }
      }
      return jobs.map { WaitingItem(row: .job($0)) } + messages.map { WaitingItem(row: .message($0)) }
    } catch { throw .store(error) }
  }

  /// Nil where it has been settled since.
  func open(_ item: WaitingItem) throws(Problem) -> QueuedItem? {
    switch item.row {
    case .job(let summary): try open(summary)
    case .message(let row): try open(row)
    }
  }

  private func queuedJobs(of pipeline: PipelineName) throws(Problem) -> [JobSummary] {
    let filter = JobFilter(
      namespace: pipeline.namespace, pipeline: pipeline.name, statuses: [.pending, .queued])
    var found: [JobSummary] = []
    var last: ID<Job>?
    repeat {
      let page: [JobSummary]
      do throws(StoreError) {
        page = try configuration.readModel.jobs(filter, before: last, limit: Self.page)
      } catch { throw .store(error) }
      found += page
      last = page.count == Self.page ? page.last?.id : nil
    } while last != nil && found.count < Self.mostJobs
    return found.reversed()
  }

  private func open(_ summary: JobSummary) throws(Problem) -> QueuedItem {
    let context = try JobHistory(configuration).fold(summary.id).state.context?.value
    var content = JSONObject([
      ("pipeline", .string(summary.pipeline.description)), ("revision", .int(Int64(summary.revision))),
      ("created_at", .string(summary.createdAt.rfc3339)), ("actor", .string(summary.actor)),
      ("inputs", context?["inputs"] ?? [:]), ("trigger", context?["trigger"] ?? [:]),
    ])
    if let key = summary.key { content["key"] = .string(key) }
    return QueuedItem(name: .init(kind: .job, id: summary.id.description), content: content)
  }

  private func open(_ row: TriggerMessageRow) throws(Problem) -> QueuedItem? {
    let whole: TriggerMessageRow?
    do throws(StoreError) { whole = try configuration.readModel.triggerMessage(row.id) } catch {
      throw .store(error)
    }
    guard let whole else { return nil }
    let body = try MessageOpening(configuration: configuration).open(whole)
    return QueuedItem(
      name: .init(kind: .message, id: row.id.description),
      content: JSONObject([
        ("pipeline", .string(row.pipeline.description)), ("trigger", .string(row.trigger)),
        ("kind_of_trigger", .string(row.kind)), ("key", .string(row.key)),
        ("received_at", .string(row.receivedAt.rfc3339)), ("actor", .string(row.actor)), ("body", body),
      ]))
  }
}
