internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// Checks a wish for a job and evaluates what is evaluated once: the trigger's mapping, input defaults,
/// `key` and `vars`. No store and no engine: everything comes as a value.
struct Admission {
  var plan: Plan
  var request: JobRequest
  var revision: Int
  var id: ID<Job>
  var settings: JSONObject
  var now: Timestamp
  var random: any RandomBytes
  /// The job that calls this one.
  var origin: CallOrigin?

  struct Admitted {
    var context: JSON
    var key: String?
    var triggerID: String?
    var idempotencyKey: String?
    var identity: JobIdentity
  }

  func admit() throws(Problem) -> Admitted {
    var resolver = AdmissionResolver(
      context: ["inputs": [:], "vars": [:], "settings": .object(settings), "trigger": trigger(id: nil)],
      job: job(key: nil), now: now)
    let mapping = try mapping(&resolver)
    // Defaults may read job.key and the key may read inputs; a file does one of the two.
    let early = plan.key?.readsInputs == true && request.key == nil ? nil : try key(resolver)
    resolver.job = job(key: early)
    let inputs = try inputs(given: mapping.inputs, &resolver)
    resolver.context["inputs"] = .object(inputs)
    let key: String?
    if let early { key = early } else { key = try self.key(resolver) }
    resolver.job = job(key: key)
    var vars = JSONObject()
    for (name, template) in plan.vars {
      vars[name] = try evaluate(template, resolver, "vars.\(name)")
      resolver.context["vars"] = .object(vars)
    }
    let identity = try Identification(plan: plan, resolver: resolver).pin(in: &resolver.context)
    return Admitted(
      context: .object(resolver.context), key: key, triggerID: mapping.trigger,
      idempotencyKey: request.idempotencyKey ?? mapping.idempotencyKey, identity: identity)
  }

  private struct Mapping {
    var inputs: JSONObject
    var trigger: String?
    var idempotencyKey: String?
  }

  /// A message is mapped as the pipeline's queue trigger says whose `if` holds.
  private func mapping(_ resolver: inout AdmissionResolver) throws(Problem) -> Mapping {
    if let origin = request.origin { return try mapping(origin, &resolver) }
    guard request.message != nil else { return Mapping(inputs: request.inputs) }
    let queues = plan.triggers.filter { $0.kind == "queue" && $0.deliver == nil }
    if queues.isEmpty { return Mapping(inputs: request.inputs) }
    for queue in queues {
      resolver.context["trigger"] = trigger(id: queue.name)
      if let condition = queue.condition, try !holds(condition, resolver, queue.name) { continue }
      var inputs = JSONObject()
      if let template = queue.inputs,
        case .object(let mapped) = try evaluate(template, resolver, "triggers.\(queue.name).inputs")
      {
        inputs = mapped
      }
      for member in request.inputs { inputs[member.key] = member.value }
      let key = try queue.idempotencyKey.map {
        (template) throws(Problem) in
        try evaluate(template, resolver, "triggers.\(queue.name).idempotency_key")
      }
      return Mapping(inputs: inputs, trigger: queue.name, idempotencyKey: Self.named(key))
    }
    throw Problem(
      "message-not-accepted",
      Bilingual(
        "No queue trigger of \(plan.namespace)/\(plan.name) accepts this message.",
        pt: "Nenhum gatilho de fila de \(plan.namespace)/\(plan.name) aceita esta mensagem."),
      remedy: Bilingual(
        "Compare the message with the if: of the pipeline's triggers.",
        pt: "Compare a mensagem com o if: dos gatilhos do pipeline."))
  }

  /// Null names nothing: of a message that may lack its id, `trigger.message.?id.orValue(null)`.
  private static func named(_ key: JSON?) -> String? {
    key.flatMap { $0.isNull ? nil : $0.string ?? $0.text }
  }

  /// As the trigger says that fired; whether its `if` holds has been asked.
  private func mapping(
    _ origin: TriggerOrigin, _ resolver: inout AdmissionResolver
  ) throws(Problem) -> Mapping {
    let named = plan.triggers.first { ScalarString($0.name) == ScalarString(origin.name) }
    guard let trigger = origin.added ?? named else {
      throw .noTrigger(origin.name, of: request.pipeline, plan.triggers.map(\.name))
    }
    let place = "triggers.\(trigger.name)"
    resolver.context["trigger"] = self.trigger(id: trigger.name)
    var inputs = request.inputs
    if let template = trigger.inputs,
      case .object(let mapped) = try evaluate(template, resolver, "\(place).inputs")
    {
      inputs = mapped
    }
    let key = try trigger.idempotencyKey.map { (template) throws(Problem) in
      try evaluate(template, resolver, "\(place).idempotency_key")
    }
    return Mapping(
      inputs: inputs, trigger: trigger.name,
      idempotencyKey: Self.named(key) ?? origin.defaultKey)
  }

  private func inputs(
    given: JSONObject, _ resolver: inout AdmissionResolver
  ) throws(Problem) -> JSONObject {
    for member in given
    where !plan.inputs.contains(where: { ScalarString($0.name) == ScalarString(member.key) }) {
      let known = plan.inputs.map(\.name).joined(separator: ", ")
      throw Problem(
        "unknown-input",
        Bilingual("There is no input \"\(member.key)\".", pt: "Não existe a entrada \"\(member.key)\"."),
        remedy: Bilingual("The inputs are: \(known).", pt: "As entradas são: \(known)."))
    }
    var inputs = JSONObject()
    for input in plan.inputs {
      let value: JSON
      if let given = given[input.name] {
        value = given
      } else if let template = input.defaultValue {
        value = try evaluate(template, resolver, "inputs.\(input.name).default")
      } else {
        throw Problem(
          "missing-input",
          Bilingual("The input \"\(input.name)\" is missing.", pt: "Falta a entrada \"\(input.name)\"."),
          remedy: Bilingual(
            "Give it with --input \(input.name)=VALUE.", pt: "Informe com --input \(input.name)=VALOR."))
      }
      if let violation = input.schema.violations(in: value).first { throw invalid(input.name, violation) }
      inputs[input.name] = input.schema.normalized(value)
      resolver.context["inputs"] = .object(inputs)
    }
    return inputs
  }

  private func invalid(_ name: String, _ violation: SchemaViolation) -> Problem {
    Problem(
      "invalid-input",
      Bilingual(
        "The input \"\(name)\(violation.pointer)\" is not valid: \(violation.message.english)",
        pt: "A entrada \"\(name)\(violation.pointer)\" não é válida: \(violation.message.portuguese)"),
      remedy: Bilingual(
        "A text that reads as JSON is quoted twice: --input '\(name)=\"5\"'.",
        pt: "Um texto que parece JSON leva aspas duas vezes: --input '\(name)=\"5\"'."))
  }

  private func key(_ resolver: AdmissionResolver) throws(Problem) -> String? {
    if let key = request.key { return key }
    guard let template = plan.key else { return nil }
    let key = try evaluate(template, resolver, "key")
    return key.string ?? key.text
  }

  private func evaluate(
    _ template: Template, _ resolver: AdmissionResolver, _ place: String
  ) throws(Problem) -> JSON {
    do { return try template.evaluate(resolver, random: random) } catch { throw failed(place, error) }
  }

  private func holds(
    _ condition: BoundExpression, _ resolver: AdmissionResolver, _ trigger: String
  ) throws(Problem) -> Bool {
    do {
      guard case .bool(let answer) = try condition.value(resolver) else { return false }
      return answer
    } catch { throw failed("triggers.\(trigger).if", error) }
  }

  private func failed(_ place: String, _ error: ExpressionError) -> Problem {
    .admission(place, error)
  }

  private func trigger(id: String?) -> JSON {
    if let fired = request.origin { return fired.trigger(actor: request.actor) }
    var trigger = JSONObject([
      ("type", "manual"), ("time", .string(now.rfc3339)), ("actor", .string(request.actor)),
    ])
    if let origin {
      trigger["type"] = "call"
      trigger["job"] = .object(origin.json)
    }
    if let id { trigger["id"] = .string(id) }
    if let message = request.message { trigger["message"] = message }
    return .object(trigger)
  }

  private func job(key: String?) -> JSON {
    var job = JSONObject([
      ("id", .string(id.description)), ("namespace", .string(plan.namespace)),
      ("pipeline", .string(plan.name)), ("revision", .int(Int64(revision))),
      ("created_at", .string(now.rfc3339)),
    ])
    if let key { job["key"] = .string(key) }
    return .object(job)
  }
}

/// What names mean before there is a job.
struct AdmissionResolver: ReferenceResolver {
  var context: JSONObject
  var job: JSON
  var now: Timestamp

  init(context: JSON, job: JSON, now: Timestamp) {
    (self.context, self.job, self.now) = (context.object ?? JSONObject(), job, now)
  }

  func value(of reference: Reference) throws(ExpressionError) -> Value {
    switch reference {
    case .inputs: return Value(context["inputs"] ?? .null)
    case .input(let name): return try member(name, "inputs")
    case .vars: return Value(context["vars"] ?? .null)
    case .variable(let name): return try member(name, "vars")
    case .settings: return Value(context["settings"] ?? .null)
    case .trigger: return Value(moments: context["trigger"] ?? .null)
    case .job: return Value(moments: job)
    case .now: return Value(time: now)
    case .step, .item, .itemIndex, .carry, .iteration, .lastIteration, .this:
      throw ExpressionError(
        .evaluation,
        Bilingual(
          "Steps have no values before the job runs.", pt: "Passos não têm valores antes do job rodar."),
        at: 0..<0)
    }
  }

  private func member(_ name: String, _ map: String) throws(ExpressionError) -> Value {
    if let value = context[map]?[name] { return Value(value) }
    throw ExpressionError(
      .evaluation, Bilingual("\(map).\(name) has no value yet.", pt: "\(map).\(name) ainda não tem valor."),
      at: 0..<0)
  }
}

extension Template {
  fileprivate var readsInputs: Bool {
    switch self {
    case .literal: false
    case .expression(let expression): expression.readsInputs
    case .text(let parts):
      parts.contains { part in
        switch part {
        case .literal: false
        case .expression(let expression): expression.readsInputs
        }
      }
    case .array(let elements): elements.contains(where: \.readsInputs)
    case .object(let members): members.contains { $0.value.readsInputs }
    }
  }
}

extension BoundExpression {
  fileprivate var readsInputs: Bool { references.contains(where: \.isInput) }
}

extension Reference {
  fileprivate var isInput: Bool {
    switch self {
    case .inputs, .input: true
    case .vars, .variable, .settings, .trigger, .job, .now, .step, .item, .itemIndex, .carry, .iteration,
      .lastIteration, .this:
      false
    }
  }
}
