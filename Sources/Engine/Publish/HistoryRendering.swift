internal import Model
internal import Pipelines

// Stored facts in the words of people: paths stand in place of numbers.
extension HistoryEvent {
  /// `text` is the list of facts, with or without its closing bracket. A body that is not among `bodies`
  /// is left out.
  init(
    sequence: UInt32, at time: Timestamp, text: some Sequence<UInt8>, _ state: JobState, _ plan: Plan,
    bodies: [BodyPlace: JSON] = [:]
  ) {
    var bytes = Array(text)
    if bytes.last != UInt8(ascii: "]") { bytes.append(UInt8(ascii: "]")) }
    // What this program wrote, it can read; a changed copy shows the event without its facts.
    let facts = (try? JSON(parsing: bytes))?.array ?? []
    self.init(sequence: sequence, at: time, facts: facts.map { Self.readable($0, state, plan, bodies) })
  }

  /// The members of facts that hold data of users where a history is opened.
  public static let bodyKeys = Loading.bodyKeys

  /// Where the bodies of a list of facts lie.
  static func places(in text: [UInt8]) -> [BodyPlace] {
    // As above: what cannot be read has no bodies that could be shown.
    let facts = (try? JSON(parsing: text))?.array ?? []
    return facts.flatMap { fact in Loading.bodyKeys.compactMap { fact[$0].flatMap(BodyPlace.init) } }
  }

  private static func readable(
    _ fact: JSON, _ state: JobState, _ plan: Plan, _ bodies: [BodyPlace: JSON]
  ) -> JSON {
    var shown = JSONObject()
    for member in (fact.object ?? JSONObject()).members {
      add(member.key, member.value, of: fact, to: &shown, state, plan, bodies)
    }
    return .object(shown)
  }

  private static func add(
    _ key: String, _ value: JSON, of fact: JSON, to shown: inout JSONObject, _ state: JobState, _ plan: Plan,
    _ bodies: [BodyPlace: JSON]
  ) {
    if Loading.bodyKeys.contains(key), value.array != nil {
      // A body stays sealed where it was not opened on purpose: the word of the fact is enough.
      if let place = BodyPlace(value), let body = bodies[place] { shown[key] = body }
      return
    }
    switch key {
    case "f": shown["fact"] = value
    case "n": addPath(value, count: fact["count"]?.int ?? 1, to: &shown, state, plan)
    case "in": shown["inside"] = node(value, state).map { .string(state.path(of: $0, in: plan)) }
    case "step" where fact["f"]?.string == "opened": break
    case "due":
      // A deadline that is taken away has none.
      let due = Timestamp(microseconds: value.int ?? 0)
      if due != .never { shown["due"] = .string(due.rfc3339) }
    case "pause": shown["pause"] = .string(Duration.microseconds(value.int ?? 0).text)
    case _: shown[key] = value
    }
  }

  private static func addPath(
    _ value: JSON, count: Int64, to shown: inout JSONObject, _ state: JobState, _ plan: Plan
  ) {
    guard let node = node(value, state) else { return }
    shown["path"] = .string(state.path(of: node, in: plan))
    guard count > 1 else { return }
    let last = min(Int64(node) + count, Int64(state.nextNode)) - 1
    shown["last_path"] = .string(state.path(of: NodeNumber(last), in: plan))
  }

  private static func node(_ value: JSON, _ state: JobState) -> NodeNumber? {
    guard let node = value.int.flatMap({ NodeNumber(exactly: $0) }), Int(node) < state.nodes.count else {
      return nil
    }
    return node
  }
}
