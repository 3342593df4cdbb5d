import Engine
import Glibc
import Model
import Synchronization

/// Gives at once about as many bytes as the smallest real connector does.
struct NoOperation: InPlaceConnector {
  let description = ConnectorDescription(
    name: "bench.none", title: Bilingual("None", pt: "Nada"), summary: Bilingual("None", pt: "Nada"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  func output(of with: JSON) throws(Failure) -> JSON {
    [
      "rows": with["rows"] ?? 10, "file": with["file"] ?? "gold/2026-11-20/part-0001.json",
      "sha256": "b94d27b9934d3e08a52e52d7da7dabfa", "ok": true,
    ]
  }
}

/// Notes when its attempt began.
final class NotesStart: Connector {
  private let starts = Mutex<[ContinuousClock.Instant]>([])
  let description = ConnectorDescription(
    name: "bench.start", title: Bilingual("Start", pt: "Início"), summary: Bilingual("Start", pt: "Início"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  var last: ContinuousClock.Instant? { starts.withLock(\.last) }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let now = ContinuousClock.now
    starts.withLock { $0.append(now) }
    return AttemptOutput(.object(JSONObject()))
  }
}

/// Waits 100 ms and notes the whole time from the first begin to the last end.
final class Sleeps: Connector {
  static let pause = Duration.milliseconds(100)
  private let span = Mutex<(first: ContinuousClock.Instant?, last: ContinuousClock.Instant?)>((nil, nil))
  let description = ConnectorDescription(
    name: "bench.sleep", title: Bilingual("Sleep", pt: "Pausa"), summary: Bilingual("Sleep", pt: "Pausa"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  var elapsed: Duration {
    span.withLock { span in
      guard let first = span.first, let last = span.last else { return .zero }
      return last - first
    }
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let begin = ContinuousClock.now
    span.withLock { if $0.first == nil { $0.first = begin } }
    do { try await Task.sleep(until: begin + Self.pause, clock: .continuous) } catch {
      throw Failure(.cancelled, code: "confirmed", "The pause was cut short.")
    }
    let end = ContinuousClock.now
    span.withLock { $0.last = max($0.last ?? end, end) }
    return AttemptOutput(.object(JSONObject()))
  }
}

/// Ends only when it is told to.
struct Hangs: Connector {
  let description = ConnectorDescription(
    name: "bench.hang", title: Bilingual("Hang", pt: "Espera"), summary: Bilingual("Hang", pt: "Espera"),
    with: ["type": "object"], output: true, effect: .always(.pure))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    do { try await Task.sleep(for: .seconds(86_400)) } catch {
      throw Failure(.cancelled, code: "confirmed", "It was told to stop.")
    }
    return AttemptOutput(.object(JSONObject()))
  }
}

/// Takes every message at once and does nothing with it.
struct NoDestination: Destination {
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { .delivered }
}
