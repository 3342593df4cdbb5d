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
    for member in fact.object ?? JSONObject() {
      switch member.key {
      case "f": shown["fact"] = member.value
      case "n":
        guard let node = member.value.int.flatMap({ NodeNumber(exactly: $0) }), Int(node) < state.nodes.count
        else { continue }
        shown["path"] = .string(state.path(of: node, in: plan))
        if let count = fact["count"]?.int, count > 1 {
          shown["last_path"] = .string(
            state.path(of: min(node + NodeNumber(count) - 1, state.nextNode - 1), in: plan))
        }
      case "in":
        guard let node = member.value.int.flatMap({ NodeNumber(exactly: $0) }), Int(node) < state.nodes.count
        else { continue }
        shown["inside"] = .string(state.path(of: node, in: plan))
      case "step" where fact["f"]?.string == "opened": break
      case let key where Loading.bodyKeys.contains(key) && member.value.array != nil:
        // A body stays sealed where it was not opened on purpose: the word of the fact is enough.
        if let place = BodyPlace(member.value), let body = bodies[place] { shown[key] = body }
      // A deadline that is taken away has none.
      case "due" where member.value.int == Timestamp.never.microseconds: break
      case "due":
        shown["due"] = .string(Timestamp(microseconds: member.value.int ?? 0).rfc3339)
      case "pause":
        shown["pause"] = .string(Duration.microseconds(member.value.int ?? 0).text)
      case let key: shown[key] = member.value
      }
    }
    return .object(shown)
  }
}
