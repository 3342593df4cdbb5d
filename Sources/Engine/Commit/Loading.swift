internal import Crypto
internal import Model
internal import Pipelines

/// Rebuilds a job from the store: the newest snapshot, then the facts behind it.
struct Loading: ~Copyable {
  let key: SymmetricKey
  let job: JobNumber
  let readBody: (BodyID) throws(StoreError) -> [UInt8]?
  let readEvent: (UInt32) throws(StoreError) -> StoredEvent?
  private var sealer = Sealer()
  private var additional: [UInt8] = []
  /// Values that follow each other often lie in one event.
  private var lastRead: StoredEvent?
  /// Goes on with null in place of a body that cannot be opened, and names it in `faults`: for `replay`.
  var isLenient = false
  private(set) var faults: [String] = []

  /// A snapshot, and what a job that is opened again asks for, may name values of any earlier event.
  init(
    key: SymmetricKey, job: JobNumber, readBody: @escaping (BodyID) throws(StoreError) -> [UInt8]?,
    readEvent: @escaping (UInt32) throws(StoreError) -> StoredEvent?
  ) {
    (self.key, self.job, self.readBody, self.readEvent) = (key, job, readBody, readEvent)
  }

  init(key: SymmetricKey, job: JobNumber, readModel: any ReadModel) {
    self.init(key: key, job: job) { (body) throws(StoreError) in
      try readModel.readBody(body)
    } readEvent: { (sequence) throws(StoreError) in
      guard sequence > 0 else { return nil }
      let found = try readModel.events(of: job, after: sequence - 1, limit: 1).first
      return found?.sequence == sequence ? found : nil
    }
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
      var state = try JobState(encoded: plain)
      try state.fillRows { place throws(FactError) in try value(at: place) }
      return state
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
      if case .reopened = fact { try fillFailed(&loaded.state, event.sequence) }
      loaded.state.apply(fact, sequence: event.sequence, at: event.at)
    }
    loaded.state.passed(sequence: event.sequence)
    loaded.chain = event.chain
  }

  /// Brings back what an ended job may ask for once it is opened again, just before it is.
  mutating func fillFailed(_ state: inout JobState, _ sequence: UInt32) throws(LoadError) {
    do throws(FactError) {
      try state.fillFailed { place throws(FactError) in try value(at: place) }
    } catch { throw .damaged(sequence: sequence, error.text) }
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
    "answer", "to", "inputs", "source", "value", "labels",
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
    if case .event(event.sequence, _, _) = place { return try value(at: place, in: event) }
    if let known = state.value(at: place) { return known }
    guard case .event(let sequence, _, _) = place,
      let holder = events.first(where: { $0.sequence == sequence })
    else { return try value(at: place) }
    return try value(at: place, in: holder)
  }

  /// A value, wherever it lies.
  mutating func value(at place: BodyPlace) throws(FactError) -> JSON {
    var sealed: [UInt8]?
    do throws(StoreError) {
      switch place {
      case .row(let id): sealed = try readBody(id) ?? []
      case .event(let sequence, _, _):
        if lastRead?.sequence != sequence { lastRead = try readEvent(sequence) }
      }
    } catch { throw FactError("A body cannot be read: \(error)") }
    if let sealed { return try open(sealed, place) }
    guard let holder = lastRead else { throw FactError("A body lies outside of its event.") }
    return try value(at: place, in: holder)
  }

  private mutating func value(at place: BodyPlace, in holder: StoredEvent) throws(FactError) -> JSON {
    guard case .event(_, let offset, let length) = place,
      Int(offset) + Int(length) <= holder.sealed.count
    else { throw FactError("A body lies outside of its event.") }
    return try open(Array(holder.sealed[Int(offset)..<Int(offset) + Int(length)]), place)
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
