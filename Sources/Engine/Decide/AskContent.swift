internal import Crypto
internal import Expressions
internal import Model
internal import Pipelines

/// Evaluates what a question shows and whom it asks: `OpenAsk.content`.
struct AskContent {
  /// As many people and groups as one question names.
  static let maxNames = 1_000
  static let quorums = 1...100
  /// Below this a reminder would be a flood.
  static let shortestReminder = Duration.seconds(1)

  let resolver: Resolver
  let plan: AskPlan
  let now: Timestamp

  func evaluate() throws(ExpressionError) -> Result<JSON, Failure> {
    let title = try plan.title.text(resolver)
    let show = try plan.show.evaluate(resolver)
    let choices = try choices()
    let quorum = try plan.quorum.value(resolver)
    let expires = try plan.expires.duration(resolver)
    let shown = Self.hash(title: title, show: show, choices: choices)
    do throws(Failure) {
      let people = try people(plan.to, or: owner)
      try check(quorum, people)
      var content = JSONObject([
        ("title", .string(title)), ("show", show), ("choices", .array(choices)), ("to", people.json),
        ("requester_may_answer", .bool(plan.requesterMayAnswer)), ("quorum", .int(Int64(quorum))),
        ("on_expiry", .string(plan.onExpiry.word)), ("shown_sha256", .string(shown)),
        ("expires_at", .string((now + expires).rfc3339)),
      ])
      content["requester"] = requester.map { .string($0) }
      if let every = plan.remindEvery {
        content["remind_every"] = .string(max(try duration(every), Self.shortestReminder).text)
      }
      if let escalation = plan.escalate {
        let due = now + (try duration(escalation.after))
        content["escalate"] = [
          "at": .string(due.rfc3339), "to": try self.people(escalation.to, or: nil).json,
        ]
      }
      return .success(.object(content))
    } catch {
      return .failure(error)
    }
  }

  /// Over the bytes that Python's `json.dumps(value, sort_keys=True)` gives, so that anybody can check it.
  static func hash(title: String, show: JSON, choices: [JSON]) -> String {
    let shown: JSON = ["title": .string(title), "show": show, "choices": .array(choices)]
    return SHA256.hex(shown.pythonSorted())
  }

  private func choices() throws(ExpressionError) -> [JSON] {
    var choices: [JSON] = []
    for choice in plan.choices {
      var json = JSONObject([("name", .string(choice.name))])
      json["label"] = .string(try choice.label?.text(resolver) ?? choice.name)
      json["approves"] = .bool(choice.approves)
      json["form"] = choice.form?.json
      choices.append(.object(json))
    }
    return choices
  }

  /// The person who asked for the job: whom `requester_may_answer: false` leaves out.
  private var requester: String? {
    let actor = resolver.state.context?.value["trigger"]?["actor"]?.string
    return actor.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `access.owner` of the file: who is asked where `to` names nobody.
  private var owner: String? { resolver.state.context?.value["owner"]?.string }

  private func people(_ named: AskPlan.People, or owner: String?) throws(Failure) -> AskPeople {
    if named.users == nil, named.groups == nil {
      return AskPeople(users: owner.map { [$0] } ?? [], groups: [], except: [])
    }
    return AskPeople(
      users: try names(named.users, "users"), groups: try names(named.groups, "groups"), except: [])
  }

  private func names(_ template: Template?, _ what: String) throws(Failure) -> [String] {
    guard let template else { return [] }
    let value: JSON
    do throws(ExpressionError) { value = try template.evaluate(resolver) } catch {
      throw Failure(expression: error)
    }
    let values = value.array ?? [value]
    let names = values.compactMap(\.string).filter { !$0.isEmpty }
    guard names.count == values.count, names.count <= Self.maxNames else {
      throw Failure(
        .data, code: "bad-assignee",
        "to.\(what) of a question gave \(value.kind) in place of a name, or of a list of at most "
          + "\(Self.maxNames) names.")
    }
    return names
  }

  private func check(_ quorum: Int, _ people: AskPeople) throws(Failure) {
    guard Self.quorums.contains(quorum) else {
      let limits = "\(Self.quorums.lowerBound) and \(Self.quorums.upperBound)"
      throw Failure(
        .configuration, code: "bad-quorum", "A quorum is \(quorum); it must lie between \(limits).")
    }
    guard people.groups.isEmpty, !people.users.isEmpty else { return }
    let answerers = Set(people.users.map { Person($0) }).filter { person in
      plan.requesterMayAnswer || requester.map { Person($0) } != person
    }
    guard answerers.count >= quorum else {
      throw Failure(
        .configuration, code: "bad-quorum",
        "A quorum is \(quorum), and only \(answerers.count) of those asked may answer.")
    }
  }

  private func duration(_ timing: Timing) throws(Failure) -> Duration {
    do throws(ExpressionError) { return try timing.duration(resolver) } catch {
      throw Failure(expression: error)
    }
  }
}

/// The id of an ask: the same decision gives the same one, and later asks sort behind earlier ones.
enum AskID {
  static func make(job: ID<Job>, path: String, round: UInt32, at time: Timestamp) -> ID<Ask> {
    let digest = SHA256.digest(Array("ask/\(job)/\(path)/\(round)".utf8))
    func number(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
    let milliseconds = UInt64(max(0, time.microseconds / 1_000))
    return ID(
      high: milliseconds << 16 | 0x7000 | number(0..<2) & 0x0FFF,
      low: 0x8000_0000_0000_0000 | number(2..<10) >> 2)
  }
}

extension AskPlan.Expiry {
  var word: String {
    switch self {
    case .fail: "fail"
    case .skip: "skip"
    case .choice(let name): name
    }
  }
}
