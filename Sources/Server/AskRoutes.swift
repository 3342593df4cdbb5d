import API
import Access
import Engine
import Model

/// Routes of questions to people.
struct AskRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(AskCalls.list, in: .list { $0.namespace }) { query, caller in try await list(query, caller) },
      .answer(AskCalls.get, in: place { $0.id }) { path, _ in
        AskDetail(try await backend.asks.ask(try find(path.id)))
      },
      .answer(AskCalls.answer, in: place { $0.id }) { request, caller in try await answer(request, caller) },
      .answer(AskCalls.delegate, in: place { $0.id }) { request, caller in try await delegate(request, caller)
      },
      .answer(AskCalls.remind, in: place { $0.id }) { path, _ in
        let id = try find(path.id)
        return AskResult(id, try await backend.writer().remind(id))
      },
    ]
  }

  func place<Input: Wire>(_ id: @escaping @Sendable (Input) -> String) -> Scope<Input> {
    .found { (input, _) throws(Problem) in
      let text = id(input)
      let ask = try find(text)
      let row = try reading { () throws(StoreError) in try backend.readModel.ask(ask) }
      guard let row else { throw Self.unknown(text) }
      return (row.namespace, Self.unknown(text))
    }
  }

  private func list(_ query: AsksQuery, _ caller: Caller) async throws(Problem) -> Page<AskItem> {
    let limit = try PageBounds.limit(query.limit)
    var filter = AskFilter(namespace: query.namespace, states: try states(query.state))
    filter.isOldestFirst = query.sort == "opened_at"
    if query.mine {
      filter.assignees = ["user:\(Self.name(caller.actor))"]
      filter.assignees += try backend.asks.groups(caller.actor).map { "group:\($0)" }
    }
    let before = try query.cursor.map { text throws(Problem) in
      guard let id = ID<Ask>(text) else { throw PageBounds.wrongCursor(text) }
      return id
    }
    var found: [AskView] = []
    for namespace in caller.namespaces(query.namespace) {
      filter.namespace = namespace
      found += try await backend.asks.list(filter, before, limit + 1)
    }
    found.sort { ($0.row.id < $1.row.id) == filter.isOldestFirst }
    let page = found.prefix(limit)
    return Page(
      page.map(AskItem.init), nextCursor: found.count > limit ? page.last?.row.id.description : nil)
  }

  private func states(_ word: String?) throws(Problem) -> [AskRow.State] {
    guard let word else { return [.open] }
    if word == "all" { return [] }
    if let state = AskRow.State.allCases.first(where: { $0.word == word }) { return [state] }
    let words = AskRow.State.allCases.map(\.word).joined(separator: ", ") + ", all"
    throw Problem(
      "invalid-request",
      Bilingual("No question has the state \"\(word)\".", pt: "Nenhuma pergunta tem o estado \"\(word)\"."),
      remedy: Bilingual("There are: \(words).", pt: "Existem: \(words)."))
  }

  private func answer(_ request: AnswerRequest, _ caller: Caller) async throws(Problem) -> AskResult {
    let node = try backend.writer()
    let id = try find(request.id)
    try mayActFor(request.onBehalfOf, caller)
    let person = request.onBehalfOf ?? caller.actor
    let answer = GivenAnswer(
      ask: id, by: caller.actor, groups: try backend.asks.groups(person), choice: request.choice,
      form: request.form, comment: request.comment, onBehalfOf: request.onBehalfOf, shown: request.shown)
    return AskResult(id, try await node.answer(answer))
  }

  private func delegate(_ request: HandoverRequest, _ caller: Caller) async throws(Problem) -> AskResult {
    let node = try backend.writer()
    try mayActFor(request.onBehalfOf, caller)
    let id = try find(request.id)
    let groups = try backend.asks.groups(request.onBehalfOf ?? caller.actor)
    let handover = Handover(
      ask: id, by: caller.actor, groups: groups, onBehalfOf: request.onBehalfOf, to: request.to)
    return AskResult(id, try await node.delegate(handover))
  }

  /// Whoever counts for somebody else takes a right of its own: else one person could be a quorum.
  private func mayActFor(_ person: String?, _ caller: Caller) throws(Problem) {
    guard person != nil, !caller.principal.may("delegate", "asks", in: caller.place) else { return }
    throw Gate.notAllowed("delegate", "asks", caller.place)
  }

  /// The one question that a whole id or the beginning of one means.
  func find(_ text: String) throws(Problem) -> ID<Ask> {
    let prefix = text.lowercased()
    let isHex = prefix.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "-") || Character(UnicodeScalar(byte)).isHexDigit
    }
    guard isHex, (4...36).contains(prefix.utf8.count) else { throw Self.unknown(text) }
    let ids = try reading { () throws(StoreError) in
      try backend.readModel.asks(withPrefix: prefix, limit: 2)
    }
    guard let id = ids.first else { throw Self.unknown(text) }
    guard ids.count == 1 else {
      throw Problem(
        "ambiguous-ask",
        Bilingual("Several questions begin with \(text).", pt: "Várias perguntas começam com \(text)."),
        remedy: Bilingual("Give more characters of the id.", pt: "Dê mais caracteres do id."))
    }
    return id
  }

  private static func unknown(_ text: String) -> Problem {
    Problem(
      "no-ask", Bilingual("There is no question \(text).", pt: "Não existe a pergunta \(text)."),
      remedy: Bilingual("`esteira ask ls` shows their ids.", pt: "`esteira ask ls` mostra os ids."))
  }

  /// Without the prefix of local users.
  private static func name(_ actor: String) -> String {
    actor.hasPrefix("local:") ? String(actor.dropFirst("local:".count)) : actor
  }
}
