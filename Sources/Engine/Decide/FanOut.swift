internal import Expressions
internal import Model
internal import Pipelines

// One step for each item of a list.
extension Decider {
  mutating func beginFanOut(_ node: NodeNumber, _ forEach: ForEachPlan) throws(ExpressionError) {
    let step = state[node].step
    guard case .list(let list) = try forEach.items.value(resolver(at: node)) else {
      return fail(node, Failure(.data, code: "not-a-list", "The for_each of \(path(node)) gave no list."))
    }
    guard list.count <= setting.maxItems else {
      let text = "The for_each of \(path(node)) gave \(list.count) items; the most are \(setting.maxItems)."
      return fail(node, Failure(.data, code: "too-many-items", text))
    }
    var (items, keys): ([JSON], [JSON]) = ([], [])
    var seen: Set<ScalarString> = []
    for (index, value) in list.enumerated() {
      let item = try value.json()
      let key = try self.key(of: item, index, forEach, StepIndex(Int(step)), node)
      guard seen.insert(ScalarString(key)).inserted else {
        let text = "Two items of \(path(node)) have the key \"\(key)\". Keys must differ."
        return fail(node, Failure(.data, code: "duplicate-item-key", text))
      }
      items.append(item)
      keys.append(.string(key))
    }
    let parallel = try max(1, forEach.maxParallel.value(resolver(at: node)))
    let body = body(["items": .array(items), "keys": .array(keys)])
    emit(
      .items(
        parent: node, first: state.nextNode, count: UInt32(items.count),
        parallel: UInt32(clamping: parallel), items: body))
    emit(.entered(node))
    if items.isEmpty { return succeed(node, .success, nil) }
    startItems(of: node)
  }

  private func key(
    of item: JSON, _ index: Int, _ forEach: ForEachPlan, _ step: StepIndex, _ node: NodeNumber
  ) throws(ExpressionError) -> String {
    guard let template = forEach.key else { return String(index) }
    var resolver = resolver(at: node)
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
      begin(again ?? parent.firstChild + parent.next)
      // A queued item has begun; one that could not even fail would loop for ever.
      precondition(state[fanOut].next > parent.next, "An item that begins leaves the state pending.")
    }
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
