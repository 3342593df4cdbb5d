public import Model
internal import Pipelines

// Who may answer a question, and with what.

/// A person, however the name is written: until accounts exist `ana` and `local:ana` are the same.
struct Person: Hashable {
  private let name: ScalarString

  init(_ text: String) {
    name = ScalarString(text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text)
  }

  /// Without the prefix of local users.
  var text: String { name.string }
  /// As records name who acted.
  var actor: String { text.utf8.contains(UInt8(ascii: ":")) ? text : Self.prefix + text }
  /// As the server names whoever speaks on its socket.
  static let prefix = "local:"
}

/// Whom a question asks; nobody named: everyone who may answer questions.
struct AskPeople: Hashable {
  var users: [String]
  var groups: [String]
  /// Members of the groups who handed over.
  var except: [String]

  init(users: [String], groups: [String], except: [String]) {
    (self.users, self.groups, self.except) = (users, groups, except)
  }

  init(_ json: JSON) {
    func names(_ key: String) -> [String] { (json[key]?.array ?? []).compactMap(\.string) }
    self.init(users: names("users"), groups: names("groups"), except: names("except"))
  }

  var json: JSON {
    var object = JSONObject([
      ("users", .array(users.map { .string($0) })), ("groups", .array(groups.map { .string($0) })),
    ])
    if !except.isEmpty { object["except"] = .array(except.map { .string($0) }) }
    return .object(object)
  }

  var isEverybody: Bool { users.isEmpty && groups.isEmpty }

  func includes(_ person: String, groups own: [String]) -> Bool {
    if isEverybody { return true }
    if users.contains(where: { Person($0) == Person(person) }) { return true }
    if except.contains(where: { Person($0) == Person(person) }) { return false }
    return groups.contains { group in own.contains { ScalarString($0) == ScalarString(group) } }
  }

  /// Everybody stays everybody.
  func joined(_ more: AskPeople) -> AskPeople {
    if isEverybody { return self }
    var all = self
    for user in more.users where !users.contains(where: { Person($0) == Person(user) }) {
      all.users.append(user)
    }
    for group in more.groups where !groups.contains(where: { ScalarString($0) == ScalarString(group) }) {
      all.groups.append(group)
    }
    return all
  }

  func handedOver(from person: String, to other: String) -> AskPeople {
    var people = self
    people.users.removeAll { Person($0) == Person(person) }
    people.except.removeAll { Person($0) == Person(other) }
    if !people.users.contains(where: { Person($0) == Person(other) }) { people.users.append(other) }
    if !groups.isEmpty { people.except.append(Person(person).text) }
    return people
  }

  /// `user:ana`, `group:compliance`: how the inbox finds them.
  var principals: [String] { users.map { "user:\(Person($0).text)" } + groups.map { "group:\($0)" } }
}

/// Why an answer, or a handover, is not taken.
enum AskRefusal: Hashable {
  case notAssignee, requester, changed, commentTooLong
  case noSuchChoice([String])
  case formMissing, formRefused
  case formInvalid(pointer: String, Bilingual)
  case everybody, answered, toRequester, badName
}

extension OpenAsk {
  /// Characters of a comment.
  static let longestComment = 4_000
  private static let longestName = 200

  var people: AskPeople { AskPeople(content["to"] ?? .null) }
  var shown: String { content["shown_sha256"]?.string ?? "" }
  var title: String { content["title"]?.string ?? "" }
  var quorum: Int { Int(content["quorum"]?.int ?? 1) }
  var expiresAt: Timestamp { Timestamp(rfc3339: content["expires_at"]?.string ?? "") ?? openedAt }
  var remindEvery: Duration? { content["remind_every"]?.string.flatMap { Duration(text: $0) } }
  var escalatesAt: Timestamp? { content["escalate"]?["at"]?.string.flatMap { Timestamp(rfc3339: $0) } }
  var choices: [String] { (content["choices"]?.array ?? []).compactMap { $0["name"]?.string } }

  /// How many people made this choice.
  public func votes(for choice: String) -> Int {
    answers.count { ScalarString($0.content["choice"]?.string ?? "") == ScalarString(choice) }
  }

  private func isRequester(_ person: String?) -> Bool {
    guard content["requester_may_answer"]?.bool == false, let person,
      let requester = content["requester"]?.string
    else { return false }
    return Person(person) == Person(requester)
  }

  func refusal(of answer: GivenAnswer, _ plan: AskPlan) -> AskRefusal? {
    // Whoever asked may not answer for somebody else either.
    if isRequester(answer.by) || isRequester(answer.onBehalfOf) { return .requester }
    guard people.includes(answer.person, groups: answer.groups) else { return .notAssignee }
    guard ScalarString(answer.shown.lowercased()) == ScalarString(shown) else { return .changed }
    if (answer.comment ?? "").unicodeScalars.count > Self.longestComment { return .commentTooLong }
    guard
      let choice = plan.choices.first(where: { ScalarString($0.name) == ScalarString(answer.choice) })
    else { return .noSuchChoice(plan.choices.map(\.name)) }
    switch (choice.form, answer.form) {
    case (nil, nil): return nil
    case (nil, _?): return .formRefused
    case (_?, nil): return .formMissing
    case (let schema?, let form?):
      return schema.violations(in: form).first.map { .formInvalid(pointer: $0.pointer, $0.message) }
    }
  }

  func refusal(of handover: Handover) -> AskRefusal? {
    if people.isEverybody { return .everybody }
    guard people.includes(handover.person, groups: handover.groups) else { return .notAssignee }
    if answers.contains(where: { Person($0.person) == Person(handover.person) }) { return .answered }
    if isRequester(handover.to) { return .toRequester }
    let length = handover.to.unicodeScalars.count
    return length == 0 || length > Self.longestName || Person(handover.to) == Person(handover.person)
      ? .badName : nil
  }
}

extension GivenAnswer {
  /// `{choice, form?, comment?, on_behalf_of?, shown_sha256}`.
  var json: JSON {
    var json = JSONObject([("choice", .string(choice))])
    json["form"] = form
    json["comment"] = comment.map { .string($0) }
    json["on_behalf_of"] = onBehalfOf.map { .string($0) }
    json["shown_sha256"] = .string(shown.lowercased())
    return .object(json)
  }

  /// With the form as its schema writes it.
  func normalized(by plan: AskPlan) -> GivenAnswer {
    guard let form,
      let schema = plan.choices.first(where: { ScalarString($0.name) == ScalarString(choice) })?.form
    else { return self }
    var answer = self
    answer.form = schema.normalized(form)
    return answer
  }
}
