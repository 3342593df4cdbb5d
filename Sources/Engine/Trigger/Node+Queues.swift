internal import Model
internal import Pipelines

// What the reader of a queue asks.
extension Node {
  /// Messages of a trigger that wait for their turn before no further one is read (S24).
  public static let mostWaiting = 1_000

  /// For the triggers that read one queue together: names of one namespace.
  public func queueDesk(_ names: [TriggerName], actor: String, dropsUnwanted: Bool) -> QueueTriggerDesk {
    QueueTriggerDesk(
      room: { [self] in await room(names) },
      take: { [self] messages in await take(messages, names, actor, dropsUnwanted) })
  }

  /// What cannot be read now is no room.
  private func room(_ names: [TriggerName]) async -> Int {
    let entries = entries(names)
    if entries.isEmpty { return 0 }
    let (now, readModel) = (configuration.clock.now, configuration.readModel)
    let isPaused = try? await offThread { () throws(Problem) in
      do throws(StoreError) {
        for entry in entries {
          guard let pause = try readModel.pause(of: entry.pipeline), pause.holds(at: now) else {
            return false
          }
        }
        return true
      } catch { throw .store(error) }
    }
    guard isPaused == false else { return 0 }
    let places = entries.map { TriggerLines.Place($0.pipeline, $0.trigger.name) }
    let counts = (try? await send { .waiting(places, $0) }) ?? [Self.mostWaiting]
    return max(0, Self.mostWaiting - (counts.max() ?? 0))
  }

  private func take(
    _ messages: [QueuedMessage], _ names: [TriggerName], _ actor: String, _ dropsUnwanted: Bool
  ) async -> [QueueReceipt] {
    let entries = entries(names)
    guard !entries.isEmpty else { return messages.map { _ in .putOff(.noQueueTrigger) } }
    let routing = QueueRouting(
      configuration: configuration, entries: entries, actor: actor, dropsUnwanted: dropsUnwanted)
    do throws(Problem) {
      let routes = try await offThread { () throws(Problem) in
        messages.map { message in
          do throws(Problem) { return try routing.route(message) } catch { return .failed(error) }
        }
      }
      return try await send { .queued(routes, $0) }
    } catch { return messages.map { _ in .putOff(error) } }
  }

  /// Those of them that stand now and are enabled.
  private func entries(_ names: [TriggerName]) -> [TriggerBook.Entry] {
    let book = triggers
    return names.compactMap { book[$0.pipeline, $0.trigger] }.filter { entry in
      entry.isEnabled && entry.trigger.kind == TriggerMessageRow.queueKind
    }
  }
}
