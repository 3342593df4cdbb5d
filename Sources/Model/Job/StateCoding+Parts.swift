// The parts of a snapshot.

extension StepState {
  /// As numbers in a fixed order: a large job has thousands of nodes.
  var json: JSON {
    let numbers: [UInt32] = [
      step, parent, ordinal, UInt32(layer.rawValue), UInt32(status.rawValue), UInt32(skipCause.rawValue),
      effect.number, UInt32(stopping.rawValue), attempt, UInt32(failures), UInt32(crashes), token,
      firstChild, childCount, childStep, open, next, bound, succeeded, partial, failed, skipped, round,
      beside.map { UInt32($0.rawValue) + 1 } ?? 0,
    ]
    let times: [Int64] = [
      due.microseconds, pause.microseconds, deadline.microseconds, deadlineAfter.microseconds,
      readyAt.microseconds, startedAt.microseconds, endedAt.microseconds,
    ]
    return .array(numbers.map { .int(Int64($0)) } + times.map { .int($0) })
  }

  init(json: JSON) throws(FactError) {
    let all = (json.array ?? []).compactMap(\.int)
    guard all.count == 31, let layer = Layer(rawValue: UInt8(clamping: all[3])),
      let status = StepStatus(rawValue: UInt8(clamping: all[4])),
      let cause = SkipCause(rawValue: UInt8(clamping: all[5])), let effect = EffectClass(number: all[6]),
      let stopping = StepStatus(rawValue: UInt8(clamping: all[7]))
    else { throw FactError("A node of a snapshot is not well formed.") }
    let n = all.map { UInt32(clamping: $0) }
    self.init(step: n[0], parent: n[1], layer: layer, ordinal: n[2])
    (self.status, skipCause, self.effect, self.stopping) = (status, cause, effect, stopping)
    (attempt, failures, crashes, token) = (n[8], UInt16(clamping: n[9]), UInt16(clamping: n[10]), n[11])
    (firstChild, childCount, childStep, open, next, bound) = (n[12], n[13], n[14], n[15], n[16], n[17])
    (succeeded, partial, failed, skipped) = (n[18], n[19], n[20], n[21])
    (round, beside) = (n[22], n[23] == 0 ? nil : AsideKind(rawValue: UInt8(clamping: n[23] - 1)))
    (due, pause) = (Timestamp(microseconds: all[24]), .microseconds(all[25]))
    (deadline, deadlineAfter) = (Timestamp(microseconds: all[26]), .microseconds(all[27]))
    (readyAt, startedAt) = (Timestamp(microseconds: all[28]), Timestamp(microseconds: all[29]))
    endedAt = Timestamp(microseconds: all[30])
  }
}

extension EffectClass {
  fileprivate var number: UInt32 { UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
  fileprivate init?(number: Int64) {
    guard let index = Int(exactly: number), Self.allCases.indices.contains(index) else { return nil }
    self = Self.allCases[index]
  }
}

extension [Timestamp] {
  var times: JSON { .array(map { .int($0.microseconds) }) }
}

extension Body {
  var json: JSON { ["place": place.json, "value": value] }
  init?(json: JSON) {
    guard let place = json["place"].flatMap(BodyPlace.init), let value = json["value"] else { return nil }
    self.init(place: place, value: value)
  }
}

extension JobState.Request {
  var json: JSON { ["actor": .string(actor), "reason": .string(reason), "at": .int(at.microseconds)] }
  init(json: JSON) {
    (actor, reason) = (json["actor"]?.string ?? "", json["reason"]?.string ?? "")
    at = Timestamp(microseconds: json["at"]?.int ?? .min)
  }
}

extension Fact.Creation {
  var json: JSON {
    [
      "namespace": .string(namespace), "pipeline": .string(pipeline), "revision": .int(Int64(revision)),
      "engine": .string(engine), "key": key.map { .string($0) } ?? .null,
    ]
  }
  init(json: JSON) {
    self.init(
      namespace: json["namespace"]?.string ?? "", pipeline: json["pipeline"]?.string ?? "",
      revision: Int(json["revision"]?.int ?? 0), engine: json["engine"]?.string ?? "",
      key: json["key"]?.string)
  }
}

extension Failure {
  var stored: JSON {
    [
      "class": .string(errorClass.rawValue), "code": .string(code), "message": .string(message),
      "step": .string(step),
    ]
  }
  init(stored json: JSON) {
    self.init(
      json["class"]?.string.flatMap(ErrorClass.init(rawValue:)) ?? .internal,
      code: json["code"]?.string ?? "",
      json["message"]?.string ?? "", step: json["step"]?.string ?? "")
  }
}

extension OpenAsk {
  var json: JSON {
    [
      "id": .string(id.description), "content": content, "place": place.json,
      "reminders": .int(Int64(reminders)), "reminded_at": .int(remindedAt.microseconds),
      "escalated": .bool(isEscalated), "opened_at": .int(openedAt.microseconds),
      "answers": .array(
        answers.map { ["by": .string($0.by), "content": $0.content, "at": .int($0.at.microseconds)] }),
    ]
  }
  init?(json: JSON) {
    guard let id = json["id"]?.string.flatMap({ ID<Ask>($0) }), let content = json["content"],
      let place = json["place"].flatMap(BodyPlace.init)
    else { return nil }
    let openedAt = Timestamp(microseconds: json["opened_at"]?.int ?? .min)
    self.init(id: id, Body(place: place, value: content), openedAt: openedAt)
    answers = (json["answers"]?.array ?? []).map {
      Answer(
        by: $0["by"]?.string ?? "", content: $0["content"] ?? .null,
        at: Timestamp(microseconds: $0["at"]?.int ?? .min))
    }
    reminders = UInt32(clamping: json["reminders"]?.int ?? 0)
    remindedAt = Timestamp(microseconds: json["reminded_at"]?.int ?? .min)
    isEscalated = json["escalated"]?.bool ?? false
  }
}

extension SubJob {
  var json: JSON {
    [
      "pipeline": .string(pipeline), "revision": .int(Int64(revision)), "inputs": inputs,
      "id": id.map { .string($0.description) } ?? .null,
    ]
  }
  init(json: JSON) {
    self.init(
      pipeline: json["pipeline"]?.string ?? "", revision: Int(json["revision"]?.int ?? 0),
      inputs: json["inputs"] ?? .null, id: json["id"]?.string.flatMap { ID<Job>($0) })
  }
}

extension Aside {
  var json: JSON {
    [.string(kind.word), .int(Int64(first)), .int(Int64(step)), .int(Int64(count)), .int(Int64(open))]
  }
  init?(json: JSON) {
    guard let kind = json[0]?.string.flatMap(AsideKind.init(word:)) else { return nil }
    let n = (json.array ?? []).dropFirst().map { UInt32(clamping: $0.int ?? 0) } + [0, 0, 0, 0]
    self.init(kind: kind, first: n[0], step: n[1], count: n[2], open: n[3])
  }
}

extension Settlement {
  var json: JSON {
    [
      "status": .string(status.word), "output": output?.json ?? .null, "failure": failure?.stored ?? .null,
    ]
  }
  init(json: JSON) {
    self.init(
      status: json["status"]?.string.flatMap(StepStatus.init(word:)) ?? .failed,
      output: json["output"].flatMap { Body(json: $0) },
      failure: json["failure"].flatMap { $0 == .null ? nil : Failure(stored: $0) })
  }
}
