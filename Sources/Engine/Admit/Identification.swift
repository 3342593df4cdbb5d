internal import Expressions
internal import Model
internal import Pipelines

/// Who a job is and what it may use: the head of its file, evaluated once and pinned for its whole life.
struct Identification<Resolver: ReferenceResolver> {
  let plan: Plan
  let resolver: Resolver

  /// Characters of a correlation, a label's value, an owner and a fair key.
  private static var longestText: Int { 256 }

  /// Adds `{correlation?, labels?, owner?, priority?, fair_key?, limits?}` to the context.
  func pin(in context: inout JSONObject) throws(Problem) -> JobIdentity {
    let head = plan.identity
    var identity = JobIdentity()
    identity.correlation = try text(head.correlation, "correlation")
    identity.owner = try text(head.owner, "access.owner")
    identity.fairKey = try text(head.fairKey, "fair_key")
    for (name, template) in head.labels {
      // A label that comes from an optional input is absent with it.
      guard let value = try text(template, "job_labels.\(name)", canBeNull: true) else { continue }
      identity.labels.append(JobIdentity.Label(name: name, value: value))
    }
    if let priority = head.priority {
      identity.priority = try number(priority, "priority", in: 0...Ageing.highest)
      context["priority"] = .int(Int64(identity.priority))
    }
    if let correlation = identity.correlation { context["correlation"] = .string(correlation) }
    if let owner = identity.owner { context["owner"] = .string(owner) }
    if let fairKey = identity.fairKey { context["fair_key"] = .string(fairKey) }
    if !identity.labels.isEmpty {
      context["labels"] = .object(JSONObject(identity.labels.map { ($0.name, .string($0.value)) }))
    }
    if let limits = try limits() { context["limits"] = .object(limits) }
    return identity
  }

  /// `{concurrency?: {key, limit, when_full, max_queued?}, rate?: {key, limit, per}}`, `per` in microseconds.
  private func limits() throws(Problem) -> JSONObject? {
    let keys = LimitKey(namespace: plan.namespace, pipeline: plan.name)
    var limits = JSONObject()
    if let wanted = plan.identity.concurrency {
      var slot = JSONObject([
        ("key", .string(keys.job(wanted.scope, try text(wanted.key, "concurrency.key")))),
        ("limit", .int(Int64(try number(wanted.limit, "concurrency.limit", in: 1...Int.max)))),
        ("when_full", .string(wanted.whenFull.rawValue)),
      ])
      if let most = wanted.maxQueued {
        slot["max_queued"] = .int(Int64(try number(most, "concurrency.max_queued", in: 0...Int.max)))
      }
      limits["concurrency"] = .object(slot)
    }
    if let wanted = plan.identity.rate {
      let per: Duration
      do { per = try wanted.per.duration(resolver) } catch { throw .admission("rate_limit.per", error) }
      guard per > .zero else { throw .invalidLimit("rate_limit.per", "0s", "1ms", "") }
      limits["rate"] = [
        "key": .string(keys.job(wanted.scope, try text(wanted.key, "rate_limit.key"))),
        "limit": .int(Int64(try number(wanted.limit, "rate_limit.limit", in: 1...Int.max))),
        "per": .int(per.microseconds),
      ]
    }
    return limits.members.isEmpty ? nil : limits
  }

  private func text(
    _ template: Template?, _ place: String, canBeNull: Bool = false
  ) throws(Problem) -> String? {
    guard let template else { return nil }
    let value: JSON
    do { value = try template.evaluate(resolver) } catch { throw .admission(place, error) }
    if canBeNull, value == .null { return nil }
    let text = value.string ?? value.text
    guard value.object == nil, value.array == nil, value != .null,
      text.unicodeScalars.count <= Self.longestText
    else { throw .invalidIdentity(place, longest: Self.longestText) }
    return text
  }

  private func number(_ count: Count, _ place: String, in range: ClosedRange<Int>) throws(Problem) -> Int {
    let value: Int
    do { value = try count.value(resolver) } catch { throw .admission(place, error) }
    guard range.contains(value) else {
      let most = range.upperBound == .max ? "" : String(range.upperBound)
      throw .invalidLimit(place, String(value), String(range.lowerBound), most)
    }
    return value
  }
}

extension JobIdentity {
  /// The context with what the job has from its caller.
  func pinned(in context: JSON) -> JSON {
    var context = context.with("priority", .int(Int64(priority)))
    if let fairKey { context = context.with("fair_key", .string(fairKey)) }
    if let correlation { context = context.with("correlation", .string(correlation)) }
    if let owner { context = context.with("owner", .string(owner)) }
    return context
  }
}

extension Problem {
  static func admission(_ place: String, _ error: ExpressionError) -> Problem {
    Problem(
      "admission-expression",
      Bilingual(
        "\(place) cannot be evaluated: \(error.message.english)",
        pt: "\(place) não pode ser avaliado: \(error.message.portuguese)"), remedy: error.remedy)
  }

  fileprivate static func invalidIdentity(_ place: String, longest: Int) -> Problem {
    Problem(
      "invalid-identity",
      Bilingual(
        "\(place) gave no text of at most \(longest) characters.",
        pt: "\(place) não resultou em um texto de no máximo \(longest) caracteres."),
      remedy: Bilingual(
        "Look at what its expression gives with: esteira expr eval",
        pt: "Veja o que a expressão resulta com: esteira expr eval"))
  }

  fileprivate static func invalidLimit(
    _ place: String, _ value: String, _ least: String, _ most: String
  ) -> Problem {
    let (range, faixa) =
      most.isEmpty
      ? ("at least \(least)", "no mínimo \(least)")
      : ("between \(least) and \(most)", "entre \(least) e \(most)")
    return Problem(
      "invalid-limit",
      Bilingual("\(place) is \(value); it must be \(range).", pt: "\(place) é \(value); deve ser \(faixa)."),
      remedy: Bilingual(
        "Change the file, or the setting that it reads.", pt: "Mude o arquivo, ou a configuração que ele lê.")
    )
  }
}
