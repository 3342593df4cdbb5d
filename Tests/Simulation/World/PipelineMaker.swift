import Model

/// Writes small pipeline files at random: every kind and modifier of a step that a single node can drive
/// without the machine.
struct PipelineMaker {
  /// The limits that made pipelines name, by key.
  static let limits = ["demo:two": 2, "demo:lock": 1, "demo/main": 2]
  static let rateLimit = 2
  static let ratePer = Duration.seconds(10)
  static let connectors = ["once", "keyed", "pure", "reattachable", "child"]
  static let people = ["ana", "bia", "caio"]

  private var random: Seeded
  private var names = 0
  private let name: String

  init(seed: UInt64, name: String) { (random, self.name) = (Seeded(seed), name) }

  /// `main` may call `part`; `part` is small and calls nobody.
  private var isMain: Bool { name == "main" }

  /// JSON text, which is YAML as well.
  mutating func source() -> [UInt8] {
    var file = JSONObject([("apiVersion", "esteira/v1"), ("id", .string(name)), ("namespace", "demo")])
    if random.holds(25) { file["deadline"] = .string("\(20 + random.below(100))s") }
    if isMain, random.holds(30) {
      file["concurrency"] = ["limit": 2, "when_full": text("queue", "queue", "cancel_running")]
    }
    file["steps"] = scope(depth: isMain ? 0 : 2, most: isMain ? 5 : 2)
    for handler in ["on_failure", "on_cancel", "finally"] where random.holds(isMain ? 40 : 20) {
      file[handler] = scope(depth: 2, most: 2)
    }
    return JSON.object(file).serialized()
  }

  private mutating func scope(depth: Int, most: Int) -> JSON {
    var steps = JSONObject()
    var earlier: [String] = []
    for _ in 0...random.below(most) {
      names += 1
      let name = "s\(names)"
      var step = self.step(depth: depth)
      addNeeds(to: &step, of: earlier)
      steps[name] = .object(step)
      earlier.append(name)
    }
    return .object(steps)
  }

  private mutating func addNeeds(to step: inout JSONObject, of earlier: [String]) {
    var needs: [JSON] = []
    for name in earlier where random.holds(40) {
      needs.append(random.holds(35) ? .object(JSONObject([(name, .string("ended"))])) : .string(name))
    }
    if !needs.isEmpty { step["needs"] = .array(needs) }
    if random.holds(12) {
      step["if"] = random.holds(40) ? .string("false") : .string("true")
    } else if let name = earlier.last, random.holds(12) {
      step["if"] = .string("steps.\(name).status != 'failed'")
    }
  }

  private mutating func step(depth: Int) -> JSONObject {
    var step = body(depth: depth)
    if random.holds(20) { addItems(to: &step) }
    if random.holds(18) { addRounds(to: &step) }
    if random.holds(15) { step["deadline"] = .string("\(5 + random.below(40))s") }
    return step
  }

  private mutating func addItems(to step: inout JSONObject) {
    step["for_each"] = text("[1, 2, 3]", "[]", "['a', 'b', 'c', 'd', 'e', 'f']", "[true]")
    if random.holds(60) { step["max_parallel"] = .int(Int64(1 + random.below(3))) }
    if random.holds(50) { step["allow_failed"] = text("1%", "50%", "all") }
    if random.holds(30) { step["keep"] = text("all", "failed") }
  }

  private mutating func addRounds(to step: inout JSONObject) {
    let carry: JSON = ["n": 0]
    var loop = JSONObject([("max", .int(Int64(1 + random.below(4)))), ("carry", carry)])
    loop["until"] = text("iteration == 2", "false", "carry.n >= 2")
    loop["next"] = ["n": "${{ carry.n + 1 }}"]
    if random.holds(50) { loop["delay"] = .string("\(random.below(4))s") }
    if random.holds(50) { loop["on_max"] = "continue" }
    step["repeat"] = .object(loop)
  }

  private mutating func text(_ choices: String...) -> JSON { .string(random.one(of: choices)) }

  private mutating func body(depth: Int) -> JSONObject {
    let kind = random.below(100)
    if kind < 6 { return JSONObject([("value", .int(Int64(kind)))]) }
    if kind < 22, depth < 3 {
      var group = JSONObject([("steps", scope(depth: depth + 1, most: 3))])
      if random.holds(25) { group["timeout"] = .string("\(3 + random.below(30))s") }
      return group
    }
    if kind < 32, depth < 3 { return choice(depth: depth) }
    if kind < 39 { return ask() }
    if kind < 44 { return wait() }
    if kind < 50 { return signal() }
    if kind < 56, isMain { return one("call", ["pipeline": "part"]) }
    return call()
  }

  private mutating func choice(depth: Int) -> JSONObject {
    var one = step(depth: depth + 1)
    one["if"] = random.holds(50) ? .string("true") : .string("false")
    var branches = JSONObject([("one\(names)", .object(one))])
    if random.holds(85) {
      var two = step(depth: depth + 1)
      two["else"] = true
      branches["two\(names)"] = .object(two)
    }
    return JSONObject([("choose", .object(branches))])
  }
}

// What waits, and what works.
extension PipelineMaker {
  private func one(_ name: String, _ value: JSON) -> JSONObject {
    var object = JSONObject()
    object[name] = value
    return object
  }

  private mutating func ask() -> JSONObject {
    var ask = JSONObject([("title", "Go?")])
    ask["to"] = ["users": .array(Self.people.map { .string($0) })]
    ask["choices"] = ["go": ["approves": true], "stop": [:]]
    ask["quorum"] = .int(Int64(1 + random.below(2)))
    ask["expires"] = .string("\(30 + random.below(60))s")
    if random.holds(60) { ask["on_expiry"] = text("fail", "skip", "stop") }
    if random.holds(30) { ask["remind"] = "20s" }
    return one("ask", .object(ask))
  }

  private mutating func wait() -> JSONObject {
    if random.holds(60) { return one("wait", ["for": .string("\(1 + random.below(50))s")]) }
    let until = "timestamp(job.created_at) + duration('\(random.below(90))s')"
    return one("wait", ["until": .string(until)])
  }

  private mutating func signal() -> JSONObject {
    var signal = JSONObject([("name", "go"), ("key", text("a", "b"))])
    if random.holds(20) { signal["broadcast"] = true }
    return one("wait", ["signal": .object(signal)])
  }

  private mutating func call() -> JSONObject {
    var call = JSONObject([("uses", .string("test.\(random.one(of: Self.connectors))"))])
    if random.holds(60) {
      call["retry"] = [
        "attempts": .int(Int64(1 + random.below(3))),
        "backoff": ["initial": .string("\(random.below(5))s"), "jitter": 0.5],
      ]
    }
    if random.holds(25) { call["timeout"] = .string("\(2 + random.below(20))s") }
    if random.holds(20) { call["queue_timeout"] = .string("\(1 + random.below(10))s") }
    if random.holds(35) { addLimits(to: &call) }
    return call
  }

  private mutating func addLimits(to call: inout JSONObject) {
    if random.holds(50) { call["concurrency"] = ["scope": "namespace", "key": "two", "limit": 2] }
    if random.holds(40) { call["exclusive"] = "lock" }
    if random.holds(35) {
      call["rate_limit"] = [
        "scope": "namespace", "key": "pace", "limit": .int(Int64(Self.rateLimit)),
        "per": .string("\(Self.ratePer.components.seconds)s"),
      ]
    }
    if random.holds(25) { call["circuit"] = ["key": "site", "failures": 2, "recover_after": "15s"] }
    if random.holds(20) { call["priority"] = .int(Int64(random.below(10))) }
  }

  static let overlaps = ["skip", "buffer_one", "buffer_all", "cancel_running", "allow"]

  /// Who hears of ends, takes messages, and is due each five minutes.
  static func follower(overlap: String) -> String {
    """
    apiVersion: esteira/v1
    id: after
    namespace: demo
    triggers:
      tick:
        schedule: {cron: "@every 5m", overlap: \(overlap), catch_up: {last: 2, within: 40m}, jitter: 20s}
      one:
        pipeline: {pipeline: main, status: [success, partial, failed, cancelled, timeout]}
      both:
        pipeline:
          all: [main, part]
          key: k
          within: 5m
          status: [success, partial, failed, cancelled, timeout]
      work: {queue: {connection: c, queue: work}}
      post:
        queue: {connection: c, queue: post}
        deliver:
          signal: go
          key: ${{ trigger.message }}
          payload: 1
          unmatched: {keep: 5m, then: dead_letter}
    steps:
      own: {uses: test.keyed}
    """
  }
}
