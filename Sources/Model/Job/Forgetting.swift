extension StepStatus {
  var isFailure: Bool { self == .failed || self == .timeout || self == .cancelled }
}

/// The output of an ended node: its place, and its value while an expression may still ask for it.
struct KeptOutput: Sendable, Hashable {
  var place: BodyPlace
  var value: JSON?
}

/// The failure of a node, with its message while an expression may still ask for it.
struct KeptFailure: Sendable, Hashable {
  var errorClass: ErrorClass
  var code: String
  var message: String?
  var place: BodyPlace

  init(_ errorClass: ErrorClass, code: String, _ message: Body) {
    (self.errorClass, self.code) = (errorClass, code)
    (self.message, place) = (message.value.string ?? "", message.place)
  }

  var failure: Failure { Failure(errorClass, code: code, message ?? "") }
}

/// The items of a fan-out.
public struct Items: Sendable, Hashable {
  /// Where the list of them lies.
  public internal(set) var place: BodyPlace
  /// Keeps only what failed: no value, output or row of an item that went well.
  public internal(set) var isWindow: Bool
  /// Over an artifact: how many lines it has.
  public internal(set) var lines: Int?
  /// Over an artifact: how many lines make an item; nil: each is one.
  public internal(set) var batch: Int?
  /// Empty where lines are read as they are needed; nil where a value has left memory.
  var values: [JSON?]
  /// Empty where the index is the key.
  var keys: [String]
  /// Of a window the indices of the first items that failed, in order: what `errors` shows.
  var shown: [UInt32] = []

  /// As many failures of a fan-out as an expression sees.
  public static let errorsShown = 100

  init(_ body: Body, isWindow: Bool) {
    (place, self.isWindow) = (body.place, isWindow)
    values = body.value["items"]?.array ?? []
    keys = (body.value["keys"]?.array ?? []).map { $0.string ?? "" }
    lines = body.value["lines"]?.int.map { Int($0) }
    batch = body.value["batch"]?.int.map { Int($0) }
  }

  /// Nil where it has left memory, or is read from its artifact.
  public func value(at index: UInt32) -> JSON? {
    values.indices.contains(Int(index)) ? values[Int(index)] : nil
  }

  public func key(at index: UInt32) -> String {
    keys.indices.contains(Int(index)) ? keys[Int(index)] : String(index)
  }

  /// The lines of an item, as places in the artifact.
  public func range(at index: UInt32) -> Range<Int> {
    let size = batch ?? 1
    let first = Int(index) * size
    return first..<max(first, min(first + size, lines ?? 0))
  }

  /// Whether it is the list of so many items.
  func agrees(with count: UInt32) -> Bool {
    guard keys.isEmpty || keys.count == Int(count) else { return false }
    guard let lines else { return values.count == Int(count) }
    let size = batch ?? 1
    return lines >= 0 && size > 0 && (lines + size - 1) / size == Int(count)
  }
}

// What nobody can ask for any more leaves memory. Where it lies stays known, for people and for replay.
extension JobState {
  /// Of an ended node only its own output, failure and items can be seen from outside. What lies in a round
  /// can still be asked by its loop, and what lies in a failed node by a `job retry` that goes on there.
  mutating func forgetInside(of node: NodeNumber) {
    let state = nodes[Int(node)]
    guard state.layer != .round, !state.status.isFailure else { return }
    if !asides.isEmpty {
      for aside in asides[node] ?? [] { forget(aside.nodes) }
    }
    if state.firstChild != StepState.none, fanOuts[node] == nil { forget(children(of: node)) }
  }

  private mutating func forget(_ nodes: Range<NodeNumber>) {
    for node in nodes { forget(node) }
  }

  /// Lets go the values of a node that cannot be seen any more, and of what can be seen through it.
  mutating func forget(_ node: NodeNumber) {
    // Steps beside it may still ask; the end of the last of them comes here again.
    if !asides.isEmpty, asides[node]?.contains(where: { $0.open > 0 }) == true { return }
    if !afters.isEmpty, afters[node] != nil { return }
    if kept.indices.contains(Int(node)) { kept[Int(node)]?.value = nil }
    if !failures.isEmpty { failures[node]?.message = nil }
    let state = nodes[Int(node)]
    if state.layer == .round { carries[node] = nil }
    if fanOuts[node] != nil { fanOuts[node]?.values = [] }
    if state.layer == .round || state.status.isFailure || fanOuts[node] != nil { forget(children(of: node)) }
  }

  /// One of the steps after a node has ended. The last of them lets the node go.
  mutating func leaveAfters(of node: NodeNumber) {
    afters[node]?.open -= 1
    guard let aside = afters[node], aside.open == 0 else { return }
    afters[node] = nil
    forget(aside.nodes)
    let parent = nodes[Int(node)].parent
    guard parent != StepState.none, fanOuts[parent] == nil, nodes[Int(parent)].status.hasEnded,
      nodes[Int(parent)].layer != .round
    else { return }
    forget(node)
  }

  /// An item has ended: a window keeps its value only for `errors`.
  mutating func leaveWindow(_ item: NodeNumber, of fanOut: NodeNumber, _ status: StepStatus) {
    guard fanOuts[fanOut]?.isWindow == true else { return }
    let ordinal = nodes[Int(item)].ordinal
    switch status {
    case .failed, .cancelled, .timeout: show(failed: ordinal, of: fanOut)
    case .success, .partial, .skipped: dropItem(ordinal, of: fanOut)
    case .pending, .queued, .running, .waiting, .retrying, .needsAttention: break
    }
  }

  /// Items end in any order, and shown are the first in theirs.
  private mutating func show(failed ordinal: UInt32, of fanOut: NodeNumber) {
    guard var shown = fanOuts[fanOut]?.shown else { return }
    if shown.count >= Items.errorsShown, let last = shown.last, last < ordinal {
      return dropItem(ordinal, of: fanOut)
    }
    shown.insert(ordinal, at: shown.firstIndex { $0 > ordinal } ?? shown.count)
    if shown.count > Items.errorsShown { dropItem(shown.removeLast(), of: fanOut) }
    fanOuts[fanOut]?.shown = shown
  }

  private mutating func dropItem(_ ordinal: UInt32, of fanOut: NodeNumber) {
    let item = nodes[Int(fanOut)].firstChild + ordinal
    if fanOuts[fanOut]?.values.indices.contains(Int(ordinal)) == true {
      fanOuts[fanOut]?.values[Int(ordinal)] = nil
    }
    if nodes[Int(item)].status.isFailure { forget(item) }
  }

  /// Whether the projection has a row of the node once it has ended. Inside a window only what failed has
  /// one, or did before, so that 50,000 items do not make as many rows.
  public func hasRow(_ node: NodeNumber) -> Bool {
    let status = nodes[Int(node)].status
    guard !fanOuts.isEmpty, status == .success || status == .skipped, !nodes[Int(node)].isShown else {
      return true
    }
    var current = nodes[Int(node)]
    while current.hasParent {
      if current.layer == .item, fanOuts[current.parent]?.isWindow == true { return false }
      current = nodes[Int(current.parent)]
    }
    return true
  }
}

extension Fact {
  /// The node that gets a row by it before its end, or by a bad one.
  var shownNode: NodeNumber? {
    switch self {
    case .failed(let node, _, _, _, _), .retrying(let node, _, _, _, _, _), .delayed(let node, _, _),
      .question(let node, _), .resolved(let node, _, _), .step(let node, _):
      node
    case .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .skipped, .deadline,
      .lost, .superseded, .adopted, .stopping, .cancelRequested, .killed, .overdue, .phase, .outcome, .status,
      .recovered, .quarantined, .aside, .reopened, .updated:
      nil
    }
  }
}
