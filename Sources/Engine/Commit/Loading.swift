internal import Crypto
internal import Model
internal import Pipelines

/// Rebuilds a job from the store: the newest snapshot, then the facts behind it.
struct Loading: ~Copyable {
  let key: SymmetricKey
  let job: JobNumber
  let readBody: (BodyID) throws(StoreError) -> [UInt8]?
  private var sealer = Sealer()
  private var additional: [UInt8] = []
  /// Goes on with null in place of a body that cannot be opened, and names it in `faults`: for `replay`.
  var isLenient = false
  private(set) var faults: [String] = []

  init(
    key: SymmetricKey, job: JobNumber, readBody: @escaping (BodyID) throws(StoreError) -> [UInt8]?
  ) {
    (self.key, self.job, self.readBody) = (key, job, readBody)
  }

  struct Loaded {
    var state: JobState
    var chain: [UInt8]
  }

  mutating func load(_ store: any Store) throws(LoadError) -> Loaded {
    var loaded = Loaded(state: JobState(), chain: [UInt8](repeating: 0, count: SHA256.byteCount))
    do throws(StoreError) {
      if let snapshot = try store.snapshot(of: job), let state = open(snapshot) {
        loaded = Loaded(state: state, chain: snapshot.chain)
      }
    } catch { throw .store(error) }
    let events: [StoredEvent]
    do throws(StoreError) { events = try store.history(of: job, after: loaded.state.sequence) } catch {
      throw .store(error)
    }
    for event in events { try fold(event, of: events, into: &loaded) }
    return loaded
  }

  /// A snapshot that cannot be read is no loss: the whole history is folded instead.
  private mutating func open(_ snapshot: StoredSnapshot) -> JobState? {
    guard snapshot.format == JobState.format else { return nil }
    Snapshot.writeAdditionalData(job, snapshot.sequence, into: &additional)
    let place = additional
    var plain: [UInt8] = []
    do {
      try sealer.open(snapshot.state.span, key: key, additionalData: place.span, into: &plain)
      return try JobState(encoded: plain)
    } catch {
      return nil
    }
  }

  /// Adds one event to the fold. Bodies lie in this event or, rarely, in an earlier one.
  mutating func fold(_ event: StoredEvent, of events: [StoredEvent], into loaded: inout Loaded)
    throws(LoadError)
  {
    for fact in try facts(of: event, of: events, loaded.state) {
      guard loaded.state.accepts(fact) else {
        throw .damaged(sequence: event.sequence, "A fact names a step execution that does not exist.")
      }
      loaded.state.apply(fact, sequence: event.sequence, at: event.at)
    }
    loaded.state.passed(sequence: event.sequence)
    loaded.chain = event.chain
  }

  mutating func facts(
    of event: StoredEvent, of events: [StoredEvent], _ state: JobState
  ) throws(LoadError) -> [Fact] {
    let list: JSON
    do { list = try JSON(parsing: event.payload) } catch {
      throw .damaged(sequence: event.sequence, "The facts are not JSON: \(error.message.english)")
    }
    guard let array = list.array else {
      throw .damaged(sequence: event.sequence, "The facts are not a list.")
    }
    var facts: [Fact] = []
    for json in array {
      do throws(FactError) {
        let values = try bodies(of: json, event, events, state)
        facts.append(try Fact(json) { place throws(FactError) in values[place] ?? .null })
      } catch {
        throw .damaged(sequence: event.sequence, error.text)
      }
    }
    return facts
  }

  mutating func takeFaults() -> [String] {
    defer { faults = [] }
    return faults
  }

  static let bodyKeys = [
    "context", "items", "carry", "input", "output", "outputs", "message", "reason", "wait", "payload", "ask",
    "answer", "to", "inputs", "source", "value",
  ]

  private mutating func bodies(
    of fact: JSON, _ event: StoredEvent, _ events: [StoredEvent], _ state: JobState
  ) throws(FactError) -> [BodyPlace: JSON] {
    var values: [BodyPlace: JSON] = [:]
    for key in Self.bodyKeys {
      guard let place = fact[key].flatMap(BodyPlace.init) else { continue }
      do throws(FactError) { values[place] = try value(at: place, event, events, state) } catch {
        guard isLenient else { throw error }
        faults.append(error.text)
      }
    }
    return values
  }

  mutating func value(
    at place: BodyPlace, _ event: StoredEvent, _ events: [StoredEvent], _ state: JobState
  ) throws(FactError) -> JSON {
    var sealed: [UInt8]
    switch place {
    case .event(let sequence, let offset, let length):
      if sequence != event.sequence, let known = state.value(at: place) { return known }
      guard
        let holder = sequence == event.sequence ? event : events.first(where: { $0.sequence == sequence }),
        Int(offset) + Int(length) <= holder.sealed.count
      else { throw FactError("A body lies outside of its event.") }
      sealed = Array(holder.sealed[Int(offset)..<Int(offset) + Int(length)])
    case .row(let id):
      if let known = state.value(at: place) { return known }
      do throws(StoreError) { sealed = try readBody(id) ?? [] } catch {
        throw FactError("A body cannot be read: \(error)")
      }
    }
    return try open(sealed, place)
  }

  mutating func open(_ sealed: [UInt8], _ place: BodyPlace) throws(FactError) -> JSON {
    place.writeAdditionalData(job, into: &additional)
    let data = additional
    var plain: [UInt8] = []
    do { try sealer.open(sealed.span, key: key, additionalData: data.span, into: &plain) } catch {
      throw FactError("The body at \(place.json.text) was changed or its key is gone.")
    }
    do { return try JSON(parsing: plain, depthLimit: JSON.storedDepthLimit) } catch {
      throw FactError("A body is not JSON.")
    }
  }
}

enum LoadError: Error {
  case store(StoreError)
  /// The history itself is wrong: it cannot be driven, only shown to a person.
  case damaged(sequence: UInt32, String)
}
