internal import Crypto
public import Model

/// A job's history with its bodies opened, for whoever takes the job out of the store. Folded once, then read
/// page by page. Every call blocks its thread for as long as the store reads.
public struct OpenedHistory: Sendable {
  private let history: JobHistory
  private let folded: JobHistory.Folded
  private let key: SymmetricKey
  /// How far the history reached when this was made; later decisions are left out.
  public var last: UInt32 { folded.state.sequence }

  public init(_ history: JobHistory, _ id: ID<Job>) throws(Problem) {
    (self.history, folded) = (history, try history.fold(id))
    key = try history.unwrap(folded.summary.wrappedKey)
  }

  /// The decisions behind `sequence`, at most `limit`; a body stands where the fact names its place.
  public func events(after sequence: UInt32, limit: Int) throws(Problem) -> [HistoryEvent] {
    let stored = try history.events(of: folded.summary.number, after: sequence, limit: limit)
      .filter { $0.sequence <= last }
    let readModel = history.readModel
    var loading = Loading(key: key, job: folded.summary.number, readModel: readModel)
    var events: [HistoryEvent] = []
    for event in stored {
      var bodies: [BodyPlace: JSON] = [:]
      for place in HistoryEvent.places(in: event.payload) {
        bodies[place] = try open(place, event, &loading)
      }
      events.append(
        HistoryEvent(
          sequence: event.sequence, at: event.at, text: event.payload, folded.state, folded.plan,
          bodies: bodies))
    }
    return events
  }

  private func open(
    _ place: BodyPlace, _ event: StoredEvent, _ loading: inout Loading
  ) throws(Problem) -> JSON {
    var holder = [event]
    if case .event(let sequence, _, _) = place, sequence != event.sequence {
      holder = try history.events(of: folded.summary.number, after: max(1, sequence) - 1, limit: 1)
    }
    do throws(FactError) {
      return try loading.value(at: place, event, holder, folded.state)
    } catch {
      throw .damaged(folded.summary.id, "event \(event.sequence): \(error.text)")
    }
  }
}
