import Model

/// Reads the limits that a job and a step have in common, and those of a step alone.
struct LimitReader {
  static let mostPlaces = 10_000
  static let mostQueued = 1_000_000
  static let mostStarts = 1_000_000_000
  static let priorities = 0...9

  let draft: Draft
  /// What their expressions see.
  let view: View
  let step: Int?

  func concurrency(_ entry: Node.Entry, path: String) -> ConcurrencyDraft? {
    guard let map = map(entry, path, .concurrency) else { return nil }
    var plan = ConcurrencyDraft()
    guard let limit = count("limit", map, 1...Self.mostPlaces, isRequired: true) else { return nil }
    (plan.limit, plan.scope, plan.key) = (limit, scope(map), template("key", map))
    // A step always waits: to skip it, or to cancel another job's, is nothing that a file can mean.
    for key in ["when_full", "max_queued"] where step != nil {
      guard let entry = map[key] else { continue }
      draft.report.error(
        "key-without-effect", at: entry.keySpan, path: map.place(key),
        Bilingual(
          "a step waits until the limit has room; \(key) belongs to the concurrency of the whole pipeline.",
          pt: "um passo espera até haver vaga no limite; \(key) é da concurrency do pipeline inteiro."))
      return nil
    }
    if let entry = map["when_full"] {
      plan.whenFull =
        draft.report.word(
          entry.value, path: map.place("when_full"), among: ["queue", "skip", "cancel_running"]
        ).flatMap(ConcurrencyPlan.WhenFull.init(rawValue:)) ?? .queue
    }
    plan.maxQueued = count("max_queued", map, 0...Self.mostQueued)
    if let entry = map["max_queued"], plan.whenFull != .queue {
      draft.report.error(
        "key-without-effect", at: entry.keySpan, path: map.place("max_queued"),
        Bilingual(
          "nothing is queued with when_full: \(plan.whenFull.rawValue).",
          pt: "nada fica na fila com when_full: \(plan.whenFull.rawValue)."))
    }
    return plan
  }

  func rate(_ entry: Node.Entry, path: String) -> RateDraft? {
    guard let map = map(entry, path, .rateLimit) else { return nil }
    let limit = count("limit", map, 1...Self.mostStarts, isRequired: true)
    let per = span("per", map)
    guard let limit, let per else { return nil }
    return RateDraft(scope: scope(map), key: template("key", map), limit: limit, per: per)
  }

  func circuit(_ entry: Node.Entry, path: String) -> CircuitDraft? {
    guard let map = map(entry, path, .circuit) else { return nil }
    let failures = count("failures", map, 1...Self.mostPlaces, isRequired: true)
    let recoverAfter = span("recover_after", map)
    guard let failures, let recoverAfter else { return nil }
    return CircuitDraft(key: template("key", map), failures: failures, recoverAfter: recoverAfter)
  }

  func cache(_ entry: Node.Entry, path: String) -> CacheDraft? {
    guard let map = map(entry, path, .cache) else { return nil }
    let (key, lifetime) = (template("key", map), span("for", map))
    if map["key"] == nil { draft.report.missingKey("key", at: entry.keySpan, path: path) }
    guard let key, let lifetime else { return nil }
    return CacheDraft(key: key, lifetime: lifetime)
  }

  func priority(_ entry: Node.Entry, path: String) -> CountDraft? {
    draft.count(entry.value, path: path, view: view, step: step, in: Self.priorities)
  }

  private func map(_ entry: Node.Entry, _ path: String, _ keys: KeyTable) -> MapReading? {
    let map = MapReading(entry.value, path: path, report: draft.report)
    map?.check(keys)
    return map
  }

  private func scope(_ map: MapReading) -> LimitScope {
    map["scope"].flatMap {
      draft.report.word($0.value, path: map.place("scope"), among: ["pipeline", "namespace"])
    }.flatMap(LimitScope.init(rawValue:)) ?? .pipeline
  }

  private func template(_ key: String, _ map: MapReading) -> TemplateDraft? {
    map[key].flatMap { draft.keyTemplate($0.value, path: map.place(key), view: view, step: step) }
  }

  private func count(
    _ key: String, _ map: MapReading, _ range: ClosedRange<Int>, isRequired: Bool = false
  ) -> CountDraft? {
    guard let entry = map[key] else {
      if isRequired { draft.report.missingKey(key, at: map.span, path: map.path) }
      return nil
    }
    return draft.count(entry.value, path: map.place(key), view: view, step: step, in: range)
  }

  /// A time that must be there, and longer than none.
  private func span(_ key: String, _ map: MapReading) -> TimingDraft? {
    guard let entry = map[key] else {
      draft.report.missingKey(key, at: map.span, path: map.path)
      return nil
    }
    let timing = draft.timing(entry.value, path: map.place(key), view: view, step: step)
    if case .fixed(.zero, let span) = timing {
      draft.report.error(
        "wrong-value", at: span, path: map.place(key),
        Bilingual("this must be longer than 0s.", pt: "isto deve ser maior que 0s."))
      return nil
    }
    return timing
  }
}

extension Draft {
  /// Text with expressions in it: a map or a list cannot be a key.
  func keyTemplate(_ node: Node, path: String, view: View, step: Int?) -> TemplateDraft? {
    guard node.isScalar, !node.isNull else {
      report.wrongKind(node, path: path, wanted: Bilingual("text", pt: "um texto"))
      return nil
    }
    return template(node, path: path, view: view, step: step)
  }
}
