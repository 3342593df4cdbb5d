import Model

/// Who waits for whom among the steps of one scope.
struct NeedGraph {
  let draft: Draft

  /// Joins the edges between the same two steps: the stronger one stays, with its first reason.
  func joinEdges() {
    for index in draft.edges.indices {
      var joined: [Edge] = []
      var places: [Int: Int] = [:]
      for edge in draft.edges[index] {
        guard let place = places[edge.step] else {
          places[edge.step] = joined.count
          joined.append(edge)
          continue
        }
        if joined[place].strength == .weak, edge.strength == .strong { joined[place] = edge }
      }
      draft.edges[index] = joined.sorted { $0.step < $1.step }
    }
  }

  func reportCycles() {
    for scope in draft.scopes { reportCycles(in: scope.steps) }
  }

  /// An order in which every step comes after those that it waits for; steps that could come at once stand in
  /// the order of the file. Steps of a cycle come last.
  func order(of scope: Range<Int>) -> [Int] {
    var waiting = Dictionary(uniqueKeysWithValues: scope.map { ($0, draft.edges[$0].count) })
    var successors: [Int: [Int]] = [:]
    for step in scope {
      for edge in draft.edges[step] { successors[edge.step, default: []].append(step) }
    }
    var ready = scope.filter { waiting[$0] == 0 }.sorted(by: >)
    var (order, done) = ([Int](), Set<Int>())
    while let step = ready.popLast() {
      order.append(step)
      done.insert(step)
      for successor in successors[step] ?? [] {
        waiting[successor, default: 0] -= 1
        guard waiting[successor] == 0 else { continue }
        let place = ready.firstIndex { $0 < successor } ?? ready.count
        ready.insert(successor, at: place)
      }
    }
    return order + scope.filter { !done.contains($0) }
  }

  private func reportCycles(in scope: Range<Int>) {
    var state: [Int: Int] = [:]
    var told = Set<Int>()
    for start in scope where state[start] == nil {
      var path = [start]
      var next = [0]
      state[start] = 1
      while let step = path.last {
        let place = next[next.count - 1]
        guard place < draft.edges[step].count else {
          state[step] = 2
          path.removeLast()
          next.removeLast()
          continue
        }
        next[next.count - 1] += 1
        let edge = draft.edges[step][place]
        if state[edge.step] == nil {
          state[edge.step] = 1
          path.append(edge.step)
          next.append(0)
        } else if state[edge.step] == 1, let first = path.firstIndex(of: edge.step) {
          report(Array(path[first...]), closedBy: edge, told: &told)
        }
      }
    }
  }

  private func report(_ cycle: [Int], closedBy edge: Edge, told: inout Set<Int>) {
    guard told.isDisjoint(with: cycle) else { return }
    told.formUnion(cycle)
    // Each of them waits for the next; arrows lead, as everywhere, from what comes first to what waits.
    let names = ([cycle[0]] + cycle.reversed()).map { draft.steps[$0].name }.joined(separator: " -> ")
    draft.report.error(
      "cycle", at: draft.span(of: edge.place), path: edge.path,
      Bilingual(
        "these steps wait for each other: \(names).", pt: "estes passos esperam uns pelos outros: \(names)."),
      remedy: Bilingual(
        "Take one of these references or needs away.", pt: "Retire uma destas referências ou needs."))
  }
}
