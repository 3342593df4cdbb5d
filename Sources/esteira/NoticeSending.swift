import Engine
import Model
import Watchdog

/// Sends what is to be told of alerts to destinations. It needs neither the engine nor the store of the jobs:
/// what waits lies in the watcher's file.
///
/// To one destination the notices of an alert go one after another. A notice is given up after `tries`; those
/// behind it go on.
actor NoticeSending {
  /// As they are set up now.
  private let destinations: @Sendable () -> [ConfiguredDestination]
  private let store: any WatchStore
  private let source: String
  private let now: @Sendable () -> Timestamp
  private let say: @Sendable (Bilingual) -> Void
  private var isUnderWay = false

  /// With the pauses between them: about two hours.
  static let tries = 10
  /// Notices that are looked at in one go.
  private static let page = 1_000

  /// - Parameter source: of the CloudEvents.
  init(
    _ destinations: @escaping @Sendable () -> [ConfiguredDestination], store: any WatchStore, source: String,
    now: @escaping @Sendable () -> Timestamp, say: @escaping @Sendable (Bilingual) -> Void
  ) {
    (self.destinations, self.store, self.source) = (destinations, store, source)
    (self.now, self.say) = (now, say)
  }

  /// Sends what is due; a second call while one is under way does nothing. Called at each look.
  func send() async throws(WatchFault) {
    if isUnderWay { return }
    isUnderWay = true
    defer { isUnderWay = false }
    // A destination that does not answer is not tried again in the same go, and nothing overtakes.
    var closed: Set<String> = []
    for told in try store.unsent(limit: Self.page) {
      var changed = told
      await send(&changed, closed: &closed)
      if changed != told { try store.save([.notice(changed)]) }
    }
  }

  private func send(_ told: inout Told, closed: inout Set<String>) async {
    let notice = told.notice
    let wanted = recipients(of: notice)
    let missing = wanted.filter { !told.sentTo.contains($0) }
    if let at = told.nextAt, at > now() {
      for name in missing { closed.insert("\(notice.alert.id) \(name)") }
      return
    }
    var (failed, isHeld) = (false, false)
    for name in missing {
      if closed.contains(name) || closed.contains("\(notice.alert.id) \(name)") {
        isHeld = true
        continue
      }
      let outcome = await deliver(notice, to: name, attempt: told.tries + 1)
      if outcome.verdict != .delivered { told.error = "\(name): \(outcome.message)" }
      if case .retry = outcome.verdict {
        failed = true
        closed.insert(name)
      } else {
        told.sentTo.append(name)
      }
    }
    if failed { told.tries += 1 }
    finish(&told, wanted, failed: failed, isHeld: isHeld)
  }

  private func deliver(_ notice: Notice, to name: String, attempt: Int) async -> DeliveryOutcome {
    guard let destination = destinations().first(where: { $0.name == name }) else {
      say(Self.unknown(name, notice))
      return DeliveryOutcome(.refused, code: "no-destination", message: "there is no such destination")
    }
    return await destination.receiver.deliver(message(notice, attempt))
  }

  private func finish(_ told: inout Told, _ wanted: [String], failed: Bool, isHeld: Bool) {
    if wanted.isEmpty {
      told.state = .logged
    } else if failed, told.tries >= Self.tries {
      told.state = .givenUp
      say(Self.gaveUp(told))
    } else if failed {
      told.nextAt = now() + Self.pause(after: told.tries)
    } else if !isHeld {
      told.state = .sent
      told.nextAt = nil
    }
  }

  /// 15 s, doubled up to two hours.
  static func pause(after tries: Int) -> Duration {
    min(.seconds(15 << min(tries - 1, 10)), .seconds(7_200))
  }

  /// Those that it names, or all that subscribe to such events of the pipeline's namespace.
  private func recipients(of notice: Notice) -> [String] {
    if !notice.to.isEmpty { return notice.to }
    guard let type = EventType.allCases.first(where: { $0.name == notice.eventType }) else { return [] }
    let parts = notice.alert.key.prefix { $0 != " " }.split(separator: "/").map(String.init)
    let isPipeline = parts.count == 2 && notice.alert.key.contains(" ") && !notice.alert.isHeartbeat
    let pipeline = isPipeline ? PipelineName(namespace: parts[0], name: parts[1]) : nil
    return destinations().filter { destination in
      guard let pipeline else { return destination.isForAll && destination.events.contains(type) }
      return destination.types(of: pipeline, in: pipeline.namespace).contains(type)
    }.map(\.name)
  }

  private func message(_ notice: Notice, _ attempt: Int) -> OutgoingMessage {
    var data = notice.alert.json.object ?? JSONObject()
    data["message"] = .string(notice.alert.finding.text.english)
    data["text"] = .string(notice.text.english)
    data["texto"] = .string(notice.text.portuguese)
    let id = "evt_\(notice.id)"
    let event: JSON = [
      "specversion": "1.0", "id": .string(id), "source": .string(source),
      "type": .string(notice.eventType), "subject": .string(notice.alert.key),
      "time": .string(notice.at.rfc3339), "datacontenttype": "application/json", "data": .object(data),
    ]
    return OutgoingMessage(
      id: id, type: notice.eventType, namespace: "", body: event.serialized(), attempt: attempt)
  }

  private static func unknown(_ name: String, _ notice: Notice) -> Bilingual {
    Bilingual(
      "alerts of esteira.yaml name the destination \(name), which is not there; \(notice.alert.key) was not "
        + "told to it",
      pt:
        "alerts do esteira.yaml cita o destino \(name), que não existe; \(notice.alert.key) não foi avisado "
        + "a ele")
  }

  private static func gaveUp(_ told: Told) -> Bilingual {
    Bilingual(
      "after \(told.tries) tries \(told.notice.alert.key) was not told: \(told.error ?? "")",
      pt: "depois de \(told.tries) tentativas \(told.notice.alert.key) não foi avisado: \(told.error ?? "")")
  }
}

extension Alert {
  fileprivate var isHeartbeat: Bool { key.hasPrefix("heartbeat ") }
}

extension ConfiguredDestination {
  /// It is told of every namespace and pipeline, so also of what belongs to none.
  fileprivate var isForAll: Bool { namespace == nil && pipelines.isEmpty }
}
