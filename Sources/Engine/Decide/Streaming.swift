internal import Expressions
internal import Model
internal import Pipelines

// Fan-outs over the lines of an artifact: they are counted first, then read as each item begins.
extension Decider {
  mutating func beginLines(_ node: NodeNumber, _ forEach: ForEachPlan) throws(ExpressionError) {
    let value = try forEach.items.value(resolver(at: node)).json()
    guard let handle = ArtifactHandle(value) else {
      let text = "The lines of \(path(node)) are to be read from an artifact, and this is none."
      return fail(node, Failure(.data, code: "not-an-artifact", text))
    }
    let source = body(handle.json)
    emit(.step(node, .counting(source)))
    decision.effects.append(.countLines(node, handle))
  }

  mutating func counted(_ node: NodeNumber, _ count: Result<Int, Failure>) {
    guard state.isCounting(node), let forEach = step(of: node).forEach else { return }
    do {
      let count = try count.get()
      guard let size = try batchSize(of: node, forEach), admits(count, size, at: node) else { return }
      var content = JSONObject([("lines", .int(Int64(count)))])
      if forEach.batch != nil { content["batch"] = .int(Int64(size)) }
      try make((count + size - 1) / size, .object(content), of: node, forEach)
    } catch let failure as Failure {
      fail(node, failure)
    } catch let error as ExpressionError {
      fail(node, Failure(expression: error))
    } catch {
      fail(node, Failure(.internal, "\(error)"))
    }
  }

  /// An item waits for its lines before anything of it runs.
  mutating func readSlice(_ item: NodeNumber) {
    let fanOut = state[item].parent
    guard let handle = state.source(of: fanOut).flatMap({ ArtifactHandle($0) }),
      let items = state.items(of: fanOut)
    else { return fail(item, Failure(.internal, "\(path(item)) has no artifact to be read from.")) }
    if state[item].status == .pending { emit(.queued(item)) }
    let range = items.range(at: state[item].ordinal)
    decision.effects.append(
      .slice(item, handle, first: range.lowerBound, count: range.count, isBatch: items.batch != nil))
  }

  mutating func sliced(_ item: NodeNumber, _ value: Result<JSON, Failure>) {
    guard Int(item) < state.nodes.count, state.isReading(item) else { return }
    switch value {
    case .failure(let failure): fail(item, failure)
    case .success(let value):
      let body = body(value)
      if let size = decision.bodies.last?.range.count, size > Self.maxOutput {
        decision.withdrawLastBody()
        let text = "The lines of \(path(item)) have \(size) bytes; the most are \(Self.maxOutput). "
        return fail(item, Failure(.data, code: "slice-too-large", text + "Make batch smaller."))
      }
      emit(.step(item, .sliced(body)))
      begin(item)
    }
  }
}

extension JobState {
  /// Whether the lines of the node's artifact are being counted.
  func isCounting(_ node: NodeNumber) -> Bool {
    Int(node) < nodes.count && source(of: node) != nil && self[node].status == .running
      && self[node].firstChild == StepState.none
  }

  /// Whether items of a fan-out that goes on have not begun.
  func hasMoreItems(_ node: NodeNumber) -> Bool {
    let state = self[node]
    return state.status == .running && state.stopping == .pending && state.next < state.childCount
      && items(of: node) != nil
  }

  /// Whether the lines of the item are being read.
  func isReading(_ item: NodeNumber) -> Bool {
    let state = self[item]
    return state.layer == .item && state.status == .queued && slice(of: item) == nil
      && items(of: state.parent)?.lines != nil
  }
}
