import Model

/// Writes small pipeline files at random: every kind, modifier and handler that the engine knows.
struct PipelineMaker {
  private var random: Seeded
  private var names = 0

  init(seed: UInt64) { random = Seeded(seed) }

  /// JSON text, which is YAML as well.
  mutating func source() -> [UInt8] {
    var file = JSONObject([("apiVersion", "esteira/v1"), ("id", "simulated"), ("namespace", "demo")])
    if random.holds(25) { file["deadline"] = .string("\(20 + random.below(100))s") }
    file["steps"] = scope(depth: 0, most: 5)
    for handler in ["on_failure", "on_cancel", "finally"] where random.holds(40) {
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
    if kind < 8 { return JSONObject([("value", .int(Int64(kind)))]) }
    if kind < 28, depth < 3 {
      var group = JSONObject([("steps", scope(depth: depth + 1, most: 3))])
      if random.holds(25) { group["timeout"] = .string("\(3 + random.below(30))s") }
      return group
    }
    if kind < 40, depth < 3 { return choice(depth: depth) }
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

  private mutating func call() -> JSONObject {
    var call = JSONObject([("uses", .string("test.\(random.one(of: World.connectorNames))"))])
    if random.holds(60) {
      call["retry"] = [
        "attempts": .int(Int64(1 + random.below(3))),
        "backoff": ["initial": .string("\(random.below(5))s"), "jitter": 0.5],
      ]
    }
    if random.holds(25) { call["timeout"] = .string("\(2 + random.below(20))s") }
    if random.holds(20) { call["queue_timeout"] = .string("\(1 + random.below(10))s") }
    return call
  }
}
