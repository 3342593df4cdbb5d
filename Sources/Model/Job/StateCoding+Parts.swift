// The parts of a snapshot.

extension EffectClass {
  var number: UInt32 { UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
  init?(number: Int64) {
    guard let index = Int(exactly: number), Self.allCases.indices.contains(index) else { return nil }
    self = Self.allCases[index]
  }
}

extension [Timestamp] {
  var times: JSON { .array(map { .int($0.microseconds) }) }
}

extension Body {
  /// What has a row of its own stands by its place alone.
  var json: JSON { place.isRow ? ["place": place.json] : ["place": place.json, "value": value] }

  init?(json: JSON) {
    guard let place = json["place"].flatMap(BodyPlace.init) else { return nil }
    self.init(place: place, value: json["value"] ?? .null)
  }

  init(read json: JSON) throws(FactError) {
    guard let body = Body(json: json) else { throw FactError("A snapshot names a value without its place.") }
    self = body
  }
}

extension Items {
  /// A list that has a row of its own stands by its place alone, as does one that has left memory.
  var json: JSON {
    var object = JSONObject([
      ("place", place.json), ("window", .bool(isWindow)),
      ("shown", .array(shown.map { .int(Int64($0)) })),
    ])
    if let lines { object["lines"] = .int(Int64(lines)) }
    if let batch { object["batch"] = .int(Int64(batch)) }
    object["held"] = .bool(!values.isEmpty)
    if !place.isRow {
      object["items"] = .array(values.map { $0 ?? .null })
      object["gone"] = .array(values.indices.filter { values[$0] == nil }.map { .int(Int64($0)) })
      object["keys"] = .array(keys.map { .string($0) })
    }
    return .object(object)
  }

  init(json: JSON) throws(FactError) {
    guard let place = json["place"].flatMap(BodyPlace.init) else {
      throw FactError("A snapshot names items without their place.")
    }
    self.init(Body(place: place, value: json), isWindow: json["window"]?.bool ?? false)
    // One that is gone says that there is a list, until `fillRows`.
    if place.isRow, json["held"]?.bool == true { values = [nil] }
    for gone in json["gone"]?.array ?? [] {
      if let index = gone.int.flatMap({ Int(exactly: $0) }), values.indices.contains(index) {
        values[index] = nil
      }
    }
    shown = (json["shown"]?.array ?? []).compactMap { $0.int.flatMap { UInt32(exactly: $0) } }
  }
}

// Values that a snapshot names by their rows.
extension JobState {
  /// Reads again what stands in rows of its own and may still be asked for.
  public mutating func fillRows(_ read: (BodyPlace) throws(FactError) -> JSON) throws(FactError) {
    func fill(_ body: inout Body?) throws(FactError) {
      if let place = body?.place, place.isRow { body?.value = try read(place) }
    }
    func fill(_ bodies: inout [NodeNumber: Body]) throws(FactError) {
      for node in bodies.keys.sorted() { try fill(&bodies[node]) }
    }
    try fill(&context)
    try fill(&labels)
    try fill(&outputs)
    try fill(&inputs)
    try fill(&carries)
    try fill(&slices)
    for index in kept.indices {
      if let output = kept[index], output.value != nil, output.place.isRow {
        kept[index]?.value = try read(output.place)
      }
    }
    for node in lateResults.keys.sorted() {
      if lateResults[node] != nil { try fill(&lateResults[node]!.output) }
    }
    for node in settlements.keys.sorted() {
      if settlements[node] != nil { try fill(&settlements[node]!.output) }
    }
    for node in fanOuts.keys.sorted() { try fillItems(of: node, read) }
  }

  /// Brings a list back without what has left memory.
  private mutating func fillItems(
    of fanOut: NodeNumber, _ read: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) {
    guard var items = fanOuts[fanOut], items.place.isRow else { return }
    let whole = Items(Body(place: items.place, value: try read(items.place)), isWindow: items.isWindow)
    items.keys = whole.keys
    if !items.values.isEmpty { items.values = whole.values }
    if items.isWindow {
      let shown = Set(items.shown)
      for node in children(of: fanOut) where nodes[Int(node)].status.hasEnded {
        let ordinal = nodes[Int(node)].ordinal
        if items.values.indices.contains(Int(ordinal)), !shown.contains(ordinal) {
          items.values[Int(ordinal)] = nil
        }
      }
    }
    fanOuts[fanOut] = items
  }

  /// Brings back what a job that is opened again may ask: the items that failed, and what had ended in nodes
  /// that failed. To be called before the fact, when it is decided and when it is folded.
  public mutating func fillFailed(_ read: (BodyPlace) throws(FactError) -> JSON) throws(FactError) {
    for fanOut in fanOuts.keys.sorted() {
      guard let items = fanOuts[fanOut], items.isWindow, items.lines == nil else { continue }
      let failed = children(of: fanOut).filter { nodes[Int($0)].status.isFailure }.map {
        nodes[Int($0)].ordinal
      }
      guard failed.contains(where: { items.value(at: $0) == nil }) else { continue }
      let whole = Items(Body(place: items.place, value: try read(items.place)), isWindow: true)
      if items.values.isEmpty {
        fanOuts[fanOut]?.values = [JSON?](repeating: nil, count: whole.values.count)
      }
      for ordinal in failed { fanOuts[fanOut]?.values[Int(ordinal)] = whole.value(at: ordinal) }
    }
    for index in kept.indices {
      guard let output = kept[index], output.value == nil, nodes[index].hasParent,
        nodes[Int(nodes[index].parent)].status.isFailure
      else { continue }
      kept[index]?.value = try read(output.place)
    }
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
