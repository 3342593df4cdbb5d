extension JobState {
  /// The version of `encoded`.
  public static let format = 3

  /// The whole state: what a snapshot seals, and by what two are compared. First JSON text, then the nodes as
  /// runs of numbers: of a large job they are the most, and much alike.
  ///
  /// A value that has a row of its own stands here by its place alone; `fillRows` brings it back.
  public func encoded() -> [UInt8] {
    var writer = StateWriter(head)
    writer.list("outputs", heldOutputs) { [.int(Int64($0)), kept[Int($0)]?.value ?? .null] }
    writer.list("messages", failures.keys.sorted().filter { failures[$0]?.message != nil }) {
      [.int(Int64($0)), .string(failures[$0]?.message ?? "")]
    }
    writer.map("carries", carries) { $0.json }
    writer.map("inputs", inputs) { $0.json }
    writer.map("asked", asked) { .string($0) }
    writer.map("fan_outs", fanOuts) { $0.json }
    writer.map("late", lateResults) {
      ["token": .int(Int64($0.token)), "output": $0.output?.json ?? .null]
    }
    writer.list("limited", limited.sorted()) { .int(Int64($0)) }
    writer.map("waits", waits) { $0 }
    writer.map("asks", asks) { $0.json }
    writer.map("calls", calls) { $0.json }
    writer.map("asides", asides) { .array($0.map(\.json)) }
    writer.map("settlements", settlements) { $0.json }
    writer.map("sources", sources) { $0 }
    writer.map("slices", slices) { $0.json }
    writer.map("again", again) { .array($0.map { .int(Int64($0)) }) }
    var columns = RunWriter()
    columns.append(writer.finish())
    writeNodes(to: &columns)
    writeOutputs(to: &columns)
    writeFailures(to: &columns)
    return columns.bytes
  }

  /// The nodes whose output stands in a snapshot by its value.
  private var heldOutputs: [NodeNumber] {
    kept.indices.compactMap { index in
      guard let output = kept[index], output.value != nil, !output.place.isRow else { return nil }
      return NodeNumber(index)
    }
  }

  /// What does not grow with the number of steps.
  private var head: JSON {
    var json = JSONObject([
      ("sequence", .int(Int64(sequence))), ("status", .string(status.word)), ("phase", .string(phase.word)),
      ("times", [createdAt, startedAt, endedAt, deadline].times),
      ("deadline_after", .int(deadlineAfter.microseconds)), ("overdue", .bool(isOverdue)),
      ("active", .int(Int64(active))), ("questions", .int(Int64(questions))),
      ("passive", .int(Int64(passive))), ("round", .int(Int64(round))), ("afters", .int(Int64(openAfters))),
      (
        "roots",
        .array(
          roots.map {
            [.int(Int64($0.step)), .int(Int64($0.first)), .int(Int64($0.count)), .int(Int64($0.open))]
          })
      ),
    ])
    if let creation { json["creation"] = creation.json }
    if let context { json["context"] = context.json }
    if let cancel { json["cancel"] = cancel.json }
    if let kill { json["kill"] = kill.json }
    if let outcome { json["outcome"] = .string(outcome.word) }
    if let failure { json["failure"] = failure.stored }
    if let outputs { json["outputs_of_job"] = outputs.json }
    if let quarantine { json["quarantine"] = .string(quarantine) }
    if let priority { json["priority"] = .int(Int64(priority)) }
    if let labels { json["labels"] = labels.json }
    return .object(json)
  }

  /// Reads what `encoded` wrote. Values that have rows of their own are missing until `fillRows`.
  public init(encoded bytes: [UInt8]) throws(FactError) {
    var columns = RunReader(bytes)
    let json: JSON
    do { json = try JSON(parsing: try columns.text(), depthLimit: JSON.storedDepthLimit) } catch {
      throw FactError("A snapshot is not JSON.")
    }
    self.init()
    try read(json)
    try readNodes(from: &columns)
    restoreLanes()
    try readOutputs(from: &columns, values: try Self.pairs(json, "outputs"))
    try readFailures(from: &columns, messages: try Self.pairs(json, "messages"))
    for (node, value) in try Self.pairs(json, "carries") { carries[node] = try Body(read: value) }
    for (node, value) in try Self.pairs(json, "inputs") { inputs[node] = try Body(read: value) }
    for (node, value) in try Self.pairs(json, "asked") { asked[node] = value.string }
    for (node, value) in try Self.pairs(json, "fan_outs") { fanOuts[node] = try Items(json: value) }
    try readWider(json)
    for (node, value) in try Self.pairs(json, "late") {
      lateResults[node] = LateResult(
        token: UInt32(clamping: value["token"]?.int ?? 0), output: value["output"].flatMap { Body(json: $0) })
    }
  }

  private mutating func readWider(_ json: JSON) throws(FactError) {
    limited = Set((json["limited"]?.array ?? []).compactMap { $0.int.flatMap { NodeNumber(exactly: $0) } })
    for (node, value) in try Self.pairs(json, "waits") { waits[node] = value }
    for (node, value) in try Self.pairs(json, "asks") { asks[node] = OpenAsk(json: value) }
    for (node, value) in try Self.pairs(json, "calls") { calls[node] = SubJob(json: value) }
    for (node, value) in try Self.pairs(json, "asides") {
      asides[node] = (value.array ?? []).compactMap { Aside(json: $0) }
    }
    for (node, value) in try Self.pairs(json, "settlements") { settlements[node] = Settlement(json: value) }
    for (node, value) in try Self.pairs(json, "sources") { sources[node] = value }
    for (node, value) in try Self.pairs(json, "slices") { slices[node] = try Body(read: value) }
    for (node, value) in try Self.pairs(json, "again") {
      again[node] = (value.array ?? []).compactMap { $0.int.flatMap { NodeNumber(exactly: $0) } }
    }
  }

  private mutating func read(_ json: JSON) throws(FactError) {
    guard let sequence = json["sequence"]?.int,
      let status = json["status"]?.string.flatMap(JobStatus.init(word:)),
      let phase = json["phase"]?.string.flatMap(JobPhase.init(word:)), let times = json["times"]?.array,
      times.count == 4, let roots = json["roots"]?.array
    else { throw FactError("A snapshot lacks a part.") }
    (self.sequence, self.status, self.phase) = (UInt32(clamping: sequence), status, phase)
    let moments = times.map { Timestamp(microseconds: $0.int ?? .min) }
    (createdAt, startedAt, endedAt, deadline) = (moments[0], moments[1], moments[2], moments[3])
    deadlineAfter = .microseconds(json["deadline_after"]?.int ?? 0)
    isOverdue = json["overdue"]?.bool ?? false
    active = UInt32(clamping: json["active"]?.int ?? 0)
    questions = UInt32(clamping: json["questions"]?.int ?? 0)
    passive = UInt32(clamping: json["passive"]?.int ?? 0)
    round = UInt32(clamping: json["round"]?.int ?? 0)
    openAfters = UInt32(clamping: json["afters"]?.int ?? 0)
    self.roots = roots.map {
      let n = ($0.array ?? []).map { UInt32(clamping: $0.int ?? 0) } + [0, 0, 0, 0]
      return Root(step: n[0], first: n[1], count: n[2], open: n[3])
    }
    creation = json["creation"].map { Fact.Creation(json: $0) }
    context = json["context"].flatMap { Body(json: $0) }
    cancel = json["cancel"].map { Request(json: $0) }
    kill = json["kill"].map { Request(json: $0) }
    outcome = json["outcome"]?.string.flatMap(JobStatus.init(word:))
    failure = json["failure"].map { Failure(stored: $0) }
    outputs = json["outputs_of_job"].flatMap { Body(json: $0) }
    quarantine = json["quarantine"]?.string
    priority = json["priority"]?.int.map { Int($0) }
    labels = json["labels"].flatMap { Body(json: $0) }
  }

  private static func pairs(_ json: JSON, _ key: String) throws(FactError) -> [(NodeNumber, JSON)] {
    var pairs: [(NodeNumber, JSON)] = []
    for pair in json[key]?.array ?? [] {
      guard let node = pair[0]?.int.flatMap({ NodeNumber(exactly: $0) }), let value = pair[1] else {
        throw FactError("A snapshot's \"\(key)\" is not well formed.")
      }
      pairs.append((node, value))
    }
    return pairs
  }
}

/// Adds members to an object that is written already, piece by piece: a tree of all of it would take many
/// times the room of a large state itself.
private struct StateWriter {
  private var bytes: [UInt8]

  init(_ head: JSON) {
    bytes = head.serialized()
    // The brace that `finish` sets again.
    bytes.removeLast()
  }

  mutating func list<Element>(_ name: String, _ elements: [Element], _ json: (Element) -> JSON) {
    begin(name)
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      json(element).write(to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// In the order of the nodes: nothing of a dictionary's order may be stored.
  mutating func map<Value>(_ name: String, _ values: [NodeNumber: Value], _ json: (Value) -> JSON) {
    list(name, values.keys.sorted()) { [.int(Int64($0)), values[$0].map(json) ?? .null] }
  }

  private mutating func begin(_ name: String) {
    bytes.append(UInt8(ascii: ","))
    JSONText.write(name, to: &bytes)
    bytes.append(contentsOf: ":[".utf8)
  }

  consuming func finish() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}
