internal import Model

/// The answer of `decide`: facts as the text that is stored, their bodies in the clear, and the effects that
/// wait for the commit. Its arrays are used again: a decision allocates little.
public struct Decision: Sendable {
  /// A part of the decision that becomes one event. A large decision is several, in one commit.
  struct Segment: Sendable {
    var sequence: UInt32
    /// In `text`.
    var facts: Range<Int>
    /// In `bodies`.
    var bodies: Range<Int>
  }

  /// A body in the clear, to be sealed for its place.
  struct PlainBody: Sendable {
    /// In `plain`.
    var range: Range<Int>
    var place: BodyPlace
  }

  /// A body up to this size lies in the event; a longer one has a row of its own.
  static let inlineLimit = 64 * 1024
  /// The facts of one event take about this much text at most.
  static let textLimit = 3_500
  /// The sealed bodies of one event take about this much at most.
  static let sealedLimit = 1 << 20
  /// What sealing adds to a body: nonce and tag.
  static let sealOverhead = 28
  /// A decision that needs more facts than any legal pipeline is a fault of the engine.
  static let factLimit = 400_000
  /// A decision goes on in a later one from about here: others take their turns between, and no turn needs
  /// the memory of 50,000 items at once.
  static let longEnough = 10_000

  var text: [UInt8] = []
  var plain: [UInt8] = []
  var bodies: [PlainBody] = []
  var segments: [Segment] = []
  var effects: [Effect] = []
  /// Nodes whose projection changed, in order; one may stand here twice.
  var changed: [NodeNumber] = []
  var facts = 0
  /// Whether somebody listens to what is moved; the shell sets it before each decision.
  var isHeard = false
  /// What the facts moved, where somebody listens.
  var moves: [Move] = []
  /// Numbers for rows of `bodies`, counted by the shell across jobs.
  var nextBody: Int64 = 1
  /// Free places, by `ConnectorDescription.Place`; the shell sets them before each decision.
  var freeSlots = [Int](repeating: 0, count: ConnectorDescription.Place.allCases.count)

  private var sealedLength = 0
  private var hasBodyWithoutFact = false

  public init() {}

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    plain.removeAll(keepingCapacity: true)
    bodies.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    effects.removeAll(keepingCapacity: true)
    changed.removeAll(keepingCapacity: true)
    moves.removeAll()
    (facts, sealedLength, hasBodyWithoutFact) = (0, 0, false)
  }

  /// Makes room for a fact: the number of the event that it will stand in.
  mutating func sequence(after last: UInt32) -> UInt32 {
    if let segment = segments.last {
      let isFull = segment.facts.count >= Self.textLimit || sealedLength >= Self.sealedLimit
      if !isFull || hasBodyWithoutFact { return segment.sequence }
    }
    let next = (segments.last?.sequence ?? last) + 1
    segments.append(
      Segment(sequence: next, facts: text.count..<text.count, bodies: bodies.count..<bodies.count))
    sealedLength = 0
    return next
  }

  /// Adds a body for the fact that follows, and says where its ciphertext will lie.
  mutating func add(_ value: JSON, after last: UInt32) -> Body {
    let sequence = sequence(after: last)
    let start = plain.count
    value.write(to: &plain)
    let range = start..<plain.count
    let place: BodyPlace
    if range.count > Self.inlineLimit {
      place = .row(BodyID(nextBody))
      nextBody += 1
    } else {
      let length = range.count + Self.sealOverhead
      place = .event(sequence: sequence, offset: UInt32(sealedLength), length: UInt32(length))
      sealedLength += length
    }
    bodies.append(PlainBody(range: range, place: place))
    segments[segments.count - 1].bodies = segments[segments.count - 1].bodies.lowerBound..<bodies.count
    hasBodyWithoutFact = true
    return Body(place: place, value: value)
  }

  /// Takes back the body that was added last and that no fact names yet.
  mutating func withdrawLastBody() {
    guard hasBodyWithoutFact, let last = bodies.popLast() else { return }
    plain.removeSubrange(last.range)
    if case .event(_, let offset, _) = last.place { sealedLength = Int(offset) }
    let segment = segments.count - 1
    segments[segment].bodies = segments[segment].bodies.lowerBound..<bodies.count
    hasBodyWithoutFact = false
  }

  mutating func add(_ fact: Fact) {
    let last = segments.count - 1
    text.append(segments[last].facts.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
    fact.append(to: &text)
    segments[last].facts = segments[last].facts.lowerBound..<text.count
    facts += 1
    hasBodyWithoutFact = false
  }
}
