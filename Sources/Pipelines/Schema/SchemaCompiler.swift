import Model

/// Turns the JSON of a schema into rules, and finds all that is wrong with it.
struct SchemaCompiler {
  static let maxDepth = 64
  static let maxRules = 20_000

  let root: JSON
  private var rules: [SchemaRules] = []
  private var places: [String: Int] = [:]
  private var faults: [SchemaViolation] = []
  /// References that are looked up when all else is read.
  private var references: [(from: Int, keys: [String], path: [String])] = []

  init(root: JSON) { self.root = root }

  mutating func compile() throws(SchemaFaults) -> [SchemaRules] {
    _ = add(root, at: [])
    while let (from, keys, path) = references.popLast() { resolve(keys, from: from, at: path) }
    if faults.isEmpty { findEndlessReference() }
    if !faults.isEmpty { throw SchemaFaults(faults) }
    return rules
  }

  private mutating func resolve(_ keys: [String], from: Int, at path: [String]) {
    if let known = places[Self.name(keys)] {
      rules[from].reference = known
      return
    }
    var target: JSON? = root
    for key in keys { target = target?[key] ?? Int(key).flatMap { target?[$0] } }
    guard let target else {
      fault(
        path, "\"#\(Self.name(keys))\" is not in this schema.",
        pt: "\"#\(Self.name(keys))\" não existe neste schema.")
      return
    }
    rules[from].reference = add(target, at: keys)
  }

  /// Reads a subschema and gives its place.
  mutating func add(_ json: JSON, at path: [String]) -> Int {
    let place = rules.count
    rules.append(SchemaRules())
    places[Self.name(path)] = place
    guard path.count <= Self.maxDepth, place < Self.maxRules else {
      fault(path, "the schema is too deep or too large.", pt: "o schema é profundo ou grande demais.")
      return place
    }
    switch json {
    case .bool(let accepts): rules[place].refusesAll = !accepts
    case .object(let members):
      var reader = SchemaKeywords(members: members, path: path)
      reader.read(with: &self)
      rules[place] = reader.rules
      if let keys = reader.reference { references.append((place, keys, path + ["$ref"])) }
    case .null, .int, .double, .string, .array:
      fault(path, "a schema is an object, true or false.", pt: "um schema é um objeto, true ou false.")
    }
    return place
  }

  mutating func fault(_ path: [String], _ english: String, pt portuguese: String) {
    faults.append(SchemaViolation(at: path, Bilingual(english, pt: portuguese)))
  }

  private static func name(_ path: [String]) -> String { path.map { "/" + JSONPointer.escaped($0) }.joined() }

  /// A `$ref` that comes back to its own value without taking a step into it would never end.
  private mutating func findEndlessReference() {
    var state = Array(repeating: 0, count: rules.count)
    for start in rules.indices where state[start] == 0 {
      var stack = [(place: start, next: 0)]
      state[start] = 1
      while let top = stack.last {
        let edges = rules[top.place].inPlace
        guard top.next < edges.count else {
          state[top.place] = 2
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let edge = edges[top.next]
        if state[edge] == 1 {
          fault(["$ref"], "a $ref leads back to itself.", pt: "um $ref leva de volta a si mesmo.")
          return
        }
        if state[edge] == 0 {
          state[edge] = 1
          stack.append((edge, 0))
        }
      }
    }
  }
}
