import API
import Engine
import Model
import Pipelines

/// Routes of what ran out.
struct LetterRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(DeadLetterCalls.groups, in: .list { $0.selection.namespace }) { query, caller in
        try groups(query, caller)
      },
      .answer(DeadLetterCalls.list, in: .list { $0.selection.namespace }) { query, caller in
        try list(query, caller)
      },
      .answer(DeadLetterCalls.get, in: place) { path, _ in try get(path) },
      .answer(
        DeadLetterCalls.replay, in: places,
        with: { request, caller in try await LetterActions(backend, caller).replay(request) }),
      .answer(
        DeadLetterCalls.discard, in: places,
        with: { request, caller in try await LetterActions(backend, caller).discard(request) }),
    ]
  }

  private var place: Scope<LetterPath> {
    .found { (path, _) throws(Problem) in
      let row = try reading { () throws(StoreError) in try backend.readModel.readDeadLetter(path.id) }
      guard let row else { throw Self.noLetter(path.id) }
      return (row.namespace, Self.noLetter(path.id))
    }
  }

  /// Letters that are named lie where they lie; those of a filter are looked for where the caller may act.
  private var places: Scope<LettersRequest> {
    .each { (request) throws(Problem) in
      if let namespace = request.filter.namespace { return [namespace] }
      var namespaces: Set<String> = []
      for id in request.ids.prefix(LetterActions.most) {
        let row = try reading { () throws(StoreError) in try backend.readModel.readDeadLetter(id) }
        if let row { namespaces.insert(row.namespace) }
      }
      return namespaces.sorted()
    }
  }

  private func groups(
    _ query: LetterGroupsQuery, _ caller: Caller
  ) throws(Problem) -> Page<LetterGroupItem> {
    let filter = try DeadLetterFilter(query.selection, state: query.state)
    let limit = try PageBounds.limit(query.limit)
    let found = try caller.page(
      filter.namespace, limit: limit, inOrder: { $0.lastAt > $1.lastAt },
      { (namespace) throws(Problem) in
        let wanted = filter.within(namespace)
        return try reading { () throws(StoreError) in
          try backend.readModel.deadLetterGroups(wanted, limit: limit)
        }
      })
    return Page(found.map(LetterGroupItem.init))
  }

  private func list(_ query: LettersQuery, _ caller: Caller) throws(Problem) -> Page<LetterItem> {
    let limit = try PageBounds.limit(query.limit)
    var filter = try DeadLetterFilter(query.selection, state: query.state)
    filter.isOldestFirst = query.sort == "last_at"
    let before = try query.cursor.map { text throws(Problem) in try Self.place(text) }
    let found = try caller.page(
      filter.namespace, limit: limit + 1,
      inOrder: { (($0.lastAt, $0.id) < ($1.lastAt, $1.id)) == filter.isOldestFirst },
      { [filter] (namespace) throws(Problem) in
        let wanted = filter.within(namespace)
        return try reading { () throws(StoreError) in
          try backend.readModel.deadLetters(wanted, before: before, limit: limit + 1)
        }
      })
    let page = found.prefix(limit)
    let next = found.count > limit ? page.last.map { "\($0.lastAt.microseconds).\($0.id)" } : nil
    return Page(page.map(LetterItem.init), nextCursor: next)
  }

  private static func place(_ text: String) throws(Problem) -> DeadLetterPlace {
    let parts = text.split(separator: ".").map { Int64($0) }
    guard parts.count == 2, let time = parts[0], let id = parts[1] else { throw PageBounds.wrongCursor(text) }
    return DeadLetterPlace(lastAt: Timestamp(microseconds: time), id: id)
  }

  private func get(_ path: LetterPath) throws(Problem) -> LetterDetail {
    let (found, acts) = try reading { () throws(StoreError) in
      (
        try backend.readModel.readDeadLetter(path.id), try backend.readModel.deadLetterActs(of: path.id)
      )
    }
    guard let row = found else { throw Self.noLetter(path.id) }
    let content = row.body == nil && row.edited == nil ? LetterContent() : try backend.openLetter(row)
    return LetterDetail(
      letter: LetterItem(row), original: content.original, edited: content.edited,
      acts: acts.map {
        LetterActItem(at: $0.at, by: $0.by, act: $0.act.rawValue, note: $0.note)
      })
  }

  private static func noLetter(_ id: Int64) -> Problem {
    Problem(
      "no-letter", Bilingual("There is no dead letter \(id).", pt: "Não existe a carta morta \(id)."),
      remedy: Bilingual("List them with: esteira dlq ls", pt: "Liste com: esteira dlq ls"))
  }
}

/// Replays and discards, for one caller.
struct LetterActions: Sendable {
  private let backend: Backend
  private let caller: Caller
  static let most = 1_000

  init(_ backend: Backend, _ caller: Caller) { (self.backend, self.caller) = (backend, caller) }

  func replay(_ request: LettersRequest) async throws(Problem) -> LettersResult {
    if request.edit != nil, request.ids.count != 1 { throw Self.oneEdit }
    let node = try backend.writer()
    let actor = caller.actor
    return try await each(request) { id throws(Problem) in
      if request.isDry {
        try await node.rehearseReplay(id, edit: request.edit, actor: actor)
        return LetterResult(id: id, outcome: "would_replay")
      }
      return LetterResult(
        id, try await node.replay(id, edit: request.edit, actor: actor), caller.language)
    }
  }

  func discard(_ request: LettersRequest) async throws(Problem) -> LettersResult {
    let node = try backend.writer()
    let reason = request.reason ?? ""
    guard !reason.isEmpty else { throw Self.noReason }
    return try await each(request) { id throws(Problem) in
      if request.isDry {
        try await node.rehearseDiscard(id)
        return LetterResult(id: id, outcome: "would_discard")
      }
      try await node.discard(id, reason: reason, actor: caller.actor)
      return LetterResult(id: id, outcome: "discarded")
    }
  }

  /// One commit for each. What one letter does not allow does not hold up the others; where there is only
  /// one, the caller is told as of any other request.
  private func each(
    _ request: LettersRequest, _ act: (Int64) async throws(Problem) -> LetterResult
  ) async throws(Problem) -> LettersResult {
    let (ids, isCut) = try chosen(request)
    var results: [LetterResult] = []
    for id in ids {
      do throws(Problem) { results.append(try await act(id)) } catch {
        if request.ids.count == 1 { throw error }
        results.append(
          LetterResult(
            id: id, outcome: "failed", code: error.code, reason: error.message[caller.language]))
      }
    }
    return LettersResult(items: results, isCut: isCut)
  }

  private func chosen(_ request: LettersRequest) throws(Problem) -> (ids: [Int64], isCut: Bool) {
    guard request.ids.isEmpty != request.filter.isEmpty else { throw Self.idsOrFilter }
    let limit = request.limit ?? Node.lettersAtOnce
    guard (1...Self.most).contains(limit) else { throw Self.wrongLimit(limit) }
    guard request.ids.isEmpty else {
      // Twice the same would be told as handled already.
      var seen: Set<Int64> = []
      let ids = request.ids.filter { seen.insert($0).inserted }
      guard ids.count <= Self.most else { throw Self.wrongLimit(ids.count) }
      return (ids, false)
    }
    var filter = try DeadLetterFilter(request.filter)
    filter.state = .open
    let selected = filter
    let found = try caller.page(
      filter.namespace, limit: limit + 1, inOrder: { $0 < $1 },
      { (namespace) throws(Problem) in
        let wanted = selected.within(namespace)
        return try reading { () throws(StoreError) in
          try backend.readModel.oldestDeadLetters(wanted, limit: limit + 1)
        }
      })
    return (Array(found.prefix(limit)), found.count > limit)
  }

  private static let oneEdit = Problem(
    "unusable-request",
    Bilingual("An edit is for one letter.", pt: "Uma edição é para uma carta."),
    remedy: Bilingual("Name it by its id.", pt: "Diga qual, pelo id."))

  private static let noReason = Problem(
    "unusable-request",
    Bilingual("To discard a letter needs a reason.", pt: "Para descartar uma carta é preciso um motivo."),
    remedy: Bilingual("Say it with --reason.", pt: "Diga-o com --reason."))

  private static let idsOrFilter = Problem(
    "unusable-request",
    Bilingual(
      "Name letters by their ids, or by a filter.", pt: "Diga as cartas pelos ids, ou por um filtro."),
    remedy: Bilingual(
      "Such as: esteira dlq replay 12, or --fingerprint TEXT.",
      pt: "Por exemplo: esteira dlq replay 12, ou --fingerprint TEXTO."))

  private static func wrongLimit(_ limit: Int) -> Problem {
    Problem(
      "invalid-request",
      Bilingual(
        "\(limit) letters at once are not allowed.", pt: "\(limit) cartas de uma vez não são permitidas."),
      remedy: Bilingual("From 1 to \(most).", pt: "De 1 a \(most)."))
  }
}

extension DeadLetterFilter {
  /// The same of one namespace only; nil: of all that it has.
  func within(_ namespace: String?) -> DeadLetterFilter {
    var filter = self
    filter.namespace = namespace ?? filter.namespace
    return filter
  }

  /// Open ones unless the query says otherwise.
  init(_ selection: LetterSelection, state word: String?) throws(Problem) {
    try self.init(selection)
    guard let word else {
      state = .open
      return
    }
    if word == "all" { return }
    guard let wanted = DeadLetterRow.State.allCases.first(where: { "\($0)" == word }) else {
      throw Self.unknown(word, DeadLetterRow.State.allCases.map { "\($0)" } + ["all"])
    }
    state = wanted
  }

  init(_ selection: LetterSelection) throws(Problem) {
    self.init(namespace: selection.namespace, fingerprint: selection.fingerprint)
    if let word = selection.kind {
      guard let wanted = DeadLetterRow.Kind(rawValue: word) else {
        throw Self.unknown(word, DeadLetterRow.Kind.allCases.map(\.rawValue))
      }
      kind = wanted
    }
    if let name = selection.pipeline { pipeline = try NamespacedName(name).pipeline }
  }

  private static func unknown(_ word: String, _ known: [String]) -> Problem {
    let list = known.joined(separator: ", ")
    return Problem(
      "invalid-request",
      Bilingual("There are no letters \"\(word)\".", pt: "Não existem cartas \"\(word)\"."),
      remedy: Bilingual("There are: \(list).", pt: "Existem: \(list)."))
  }
}

extension LetterItem {
  init(_ row: DeadLetterRow) {
    self.init(
      id: row.id, namespace: row.namespace, kind: row.kind.rawValue, state: "\(row.state)",
      pipeline: row.pipeline?.description, job: row.job?.description, source: row.source,
      fingerprint: row.fingerprint, error: row.error, firstAt: row.firstAt, lastAt: row.lastAt,
      tries: row.tries, isEdited: row.edited != nil, handledBy: row.handledBy, handledAt: row.handledAt,
      note: row.note, became: row.became)
  }
}

extension LetterGroupItem {
  init(_ group: DeadLetterGroup) {
    self.init(
      namespace: group.namespace, kind: group.kind.rawValue, fingerprint: group.fingerprint,
      count: group.count, tries: group.tries, firstAt: group.firstAt, lastAt: group.lastAt,
      example: group.example, error: group.error)
  }
}

extension LetterResult {
  init(_ id: Int64, _ outcome: LetterOutcome, _ language: Language) {
    switch outcome {
    case .handed(let outcome):
      let result = TriggerResult(outcome, language)
      self.init(id: id, outcome: result.outcome, jobs: result.jobs, reason: result.reason)
    case .signalled(let receipt):
      self.init(
        id: id, outcome: receipt.isDuplicate ? "duplicate" : receipt.isKept ? "kept" : "delivered",
        jobs: receipt.delivered.map(\.description))
    case .queued: self.init(id: id, outcome: "queued")
    case .retried(let job): self.init(id: id, outcome: "retried", jobs: [job.description])
    case .discarded: self.init(id: id, outcome: "discarded")
    }
  }
}
