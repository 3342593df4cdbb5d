internal import Expressions
internal import Model
internal import Pipelines

// One step for each item of a list.
extension Decider {
  mutating func beginFanOut(_ node: NodeNumber, _ forEach: ForEachPlan) throws(ExpressionError) {
    if forEach.isLines { return try beginLines(node, forEach) }
    guard case .list(let list) = try forEach.items.value(resolver(at: node)) else {
      return fail(node, Failure(.data, code: "not-a-list", "The for_each of \(path(node)) gave no list."))
    }
    guard let size = try batchSize(of: node, forEach), admits(list.count, size, at: node) else { return }
    var (items, keys): ([JSON], [JSON]) = ([], [])
    var seen: Set<ScalarString> = []
    let step = StepIndex(Int(state[node].step))
    for first in stride(from: 0, to: list.count, by: size) {
      let item = try value(of: list, first..<min(first + size, list.count), isBatch: forEach.batch != nil)
      if let template = forEach.key {
        let key = try self.key(template, of: item, items.count, step, node)
        guard seen.insert(ScalarString(key)).inserted else {
          let text = "Two items of \(path(node)) have the key \"\(key)\". Keys must differ."
          return fail(node, Failure(.data, code: "duplicate-item-key", text))
        }
        keys.append(.string(key))
      }
      items.append(item)
    }
    var content = JSONObject([("items", .array(items))])
    if forEach.key != nil { content["keys"] = .array(keys) }
    try make(items.count, .object(content), of: node, forEach)
  }

  /// The items exist, and the first of them begin.
  mutating func make(
    _ count: Int, _ content: JSON, of node: NodeNumber, _ forEach: ForEachPlan
  ) throws(ExpressionError) {
    let parallel = try max(1, forEach.maxParallel.value(resolver(at: node)))
    let body = body(content)
    emit(
      .items(
        parent: node, first: state.nextNode, count: UInt32(count), parallel: UInt32(clamping: parallel),
        items: body, isWindow: count > ForEachPlan.keptItems && !forEach.keeps(count: count)))
    emit(.entered(node))
    if count == 0 { return succeed(node, .success, nil) }
    startItems(of: node)
  }

  /// How many elements make an item; nil where that is wrong and the node has failed.
  mutating func batchSize(of node: NodeNumber, _ forEach: ForEachPlan) throws(ExpressionError) -> Int? {
    guard let batch = forEach.batch else { return 1 }
    let size = try batch.value(resolver(at: node))
    if size >= 1 { return size }
    let text = "The batch of \(path(node)) is \(size); it must be at least 1."
    fail(node, Failure(.configuration, code: "bad-batch", text))
    return nil
  }

  /// Whether so many elements may be; where not, the node has failed.
  mutating func admits(_ count: Int, _ size: Int, at node: NodeNumber) -> Bool {
    let items = (count + size - 1) / size
    if items <= setting.maxItems { return true }
    let least = (count + setting.maxItems - 1) / setting.maxItems
    let text =
      "The for_each of \(path(node)) gave \(items) items; the most are \(setting.maxItems). "
      + "Take more elements into one item: batch: \(least) or more."
    fail(node, Failure(.data, code: "too-many-items", text))
    return false
  }

  private func value(
    of list: [Value], _ range: Range<Int>, isBatch: Bool
  ) throws(ExpressionError) -> JSON {
    guard isBatch else { return try list[range.lowerBound].json() }
    var slice: [JSON] = []
    for element in list[range] { slice.append(try element.json()) }
    return .array(slice)
  }

  private func key(
    _ template: Template, of item: JSON, _ index: Int, _ step: StepIndex, _ node: NodeNumber
  ) throws(ExpressionError) -> String {
    let resolver = resolver(at: node)
    resolver.item = (step, item, index)
    let key = try template.evaluate(resolver)
    return key.string ?? key.text
  }

  /// Items begin in order, as places become free.
  mutating func startItems(of fanOut: NodeNumber) {
    guard let forEach = step(of: fanOut).forEach else { return }
    let allowed = forEach.allowFailed.limit(of: Int(state[fanOut].childCount))
    while true {
      let parent = state[fanOut]
      guard parent.next < parent.childCount, parent.live < parent.bound else { return }
      let again = state.nextAgain(of: fanOut)
      if Int(parent.failed) > allowed {
        if let again {
          emit(.skipped(first: again, count: 1, .limit))
          continue
        }
        return emit(
          .skipped(first: parent.firstChild + parent.next, count: parent.childCount - parent.next, .limit))
      }
      if decision.facts > Decision.longEnough { return cutShort(fanOut) }
      begin(again ?? parent.firstChild + parent.next)
      // A queued item has begun; one that could not even fail would loop for ever.
      precondition(state[fanOut].next > parent.next, "An item that begins leaves the state pending.")
    }
  }

  private mutating func cutShort(_ fanOut: NodeNumber) {
    if cutShort.insert(fanOut).inserted { wake(Wake(.items, fanOut), after: .zero) }
  }

  mutating func itemEnded(in fanOut: NodeNumber) {
    guard !state[fanOut].status.hasEnded else { return }
    if state[fanOut].stopping == .pending { startItems(of: fanOut) }
    let parent = state[fanOut]
    guard parent.open == 0, !parent.status.hasEnded else { return }
    if parent.stopping != .pending { return endStopped(fanOut) }
    guard let forEach = step(of: fanOut).forEach else { return }
    let failed = Int(parent.failed)
    if failed == 0 && parent.partial == 0 { return succeed(fanOut, .success, nil) }
    if failed <= forEach.allowFailed.limit(of: Int(parent.childCount)) {
      return succeed(fanOut, .partial, nil)
    }
    let first = state.children(of: fanOut).lazy.compactMap { [state] in state.failure(of: $0) }.first
    let text = "\(failed) of \(parent.childCount) items of \(path(fanOut)) failed; the first: "
    fail(
      fanOut,
      Failure(first?.errorClass ?? .data, code: "items-failed", text + (first?.message ?? "no message")),
      as: .failed)
  }
}
