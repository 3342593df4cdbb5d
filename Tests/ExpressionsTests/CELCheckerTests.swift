import Model
import Testing

@testable import Expressions

/// What a pipeline might declare.
private let declared: [String: CELType] = [
  "inputs": .record(
    Record(fields: [
      "date": .init(.string), "limit": .init(.int, isRequired: false), "ratio": .init(.double),
      "tags": .init(.list(.string), isRequired: false),
    ])),
  "steps.fetch.output": .record(
    Record(fields: ["items": .init(.list(.record(Record(fields: ["id": .init(.int)]))))])),
  "steps.fetch.status": .string,
  "steps.load": .record(
    Record(fields: ["output": .init(.record(Record(fields: ["rows": .init(.int)])), isRequired: false)])),
  "settings": .map(.string, .dyn), "now": .timestamp,
]

@Suite("The CEL checker", .timeLimit(.minutes(1)))
struct CELCheckerTests {
  @Test(
    "finds the type",
    arguments: [
      ("inputs.date", .string), ("inputs.?limit", .optional(.int)), ("inputs.?limit.orValue(5)", .int),
      ("inputs.?tags.orValue([])", .list(.string)), ("has(inputs.limit) ? inputs.limit : 0", .int),
      ("!has(inputs.limit) || inputs.limit > 1", .bool), ("has(inputs.limit) && inputs.limit > 1", .bool),
      ("!has(inputs.limit) ? 0 : inputs.limit", .int), ("steps.fetch.output.items.map(i, i.id)", .list(.int)),
      ("steps.fetch.output.items[0].id", .int), ("steps.load.?output.rows", .optional(.int)),
      ("steps.load.?output.?rows.orValue(0)", .int), ("settings.anything.at.all", .dyn),
      ("now - duration('1h')", .timestamp), ("now - now > duration('168h')", .bool),
      ("dates.of(now, 'UTC')", .string), ("[1, 'a']", .list(.dyn)), ("[]", .list(.dyn)),
      ("[[], [1]]", .list(.list(.int))),
      ("{'a': 1}", .map(.string, .int)), ("true ? [] : [1]", .list(.int)), ("inputs.date == null", .bool),
      (
        "lists.group_by(steps.fetch.output.items, 'id')",
        .map(.dyn, .list(.record(Record(fields: ["id": .init(.int)]))))
      ),
      ("[1, 2].filter(x, x > 1)", .list(.int)), ("lists.sum([1.5])", .double),
      ("lists.sum(settings.all)", .dyn),
      ("inputs['date']", .string), ("inputs[?'limit']", .optional(.int)), ("type(1)", .type),
      ("cel.bind(i, inputs, i.ratio * 2.0)", .double), ("has(inputs.limit)", .bool),
      ("has(steps.fetch.output)", .bool),
      ("[1].first()", .optional(.int)), ("optional.none().or(optional.of(1))", .optional(.int)),
    ] as [(String, CELType)])
  func types(_ source: String, _ expected: CELType) {
    #expect(type(of: source, declared) == expected, "\(errors(of: source, declared).map(\.message.english))")
  }

  @Test(
    "refuses, and says what to write instead",
    arguments: [
      ("inptus.date", "There is no `inptus`.", "Did you mean `inputs`?"),
      ("inputs.dat", "There is no field `dat` here.", "Did you mean `date`?"),
      ("inputs.xyz", "There is no field `xyz` here.", "Known here: `date`, `limit`, `ratio`, `tags`."),
      ("inputs.limit + 1", "The field `limit` may be absent.", "Read it with `.?limit` and `.orValue(…)`."),
      ("inputs['limit']", "The field `limit` may be absent.", "Read it with `.?limit` and `.orValue(…)`."),
      (
        "has(inputs.limit) || inputs.limit > 1", "The field `limit` may be absent.",
        "Read it with `.?limit` and `.orValue(…)`."
      ),
      ("steps.ftech.output", "There is no `steps.ftech`.", "Did you mean `fetch`?"),
      ("steps.fetch", "`steps.fetch` is not a value by itself.", "Known here: `output`, `status`."),
      ("steps.fetch.result", "There is no `steps.fetch.result`.", "Known here: `output`, `status`."),
      (
        "inputs.ratio * 2", "`*` does not take (double, int).",
        "Write 5.0 instead of 5, or convert with `double(…)`."
      ),
      ("'n: ' + 1", "`+` does not take (string, int).", "Convert with `string(…)`."),
      ("sise([1])", "There is no function `sise`.", "Did you mean `size`?"),
      ("'a'.lowerascii()", "There is no function `lowerascii`.", "Did you mean `lowerAscii`?"),
      ("trim('a')", "There is no function `trim`.", "Write `value.trim(…)`."),
      ("'5'.int()", "There is no function `int`.", "Write `int(…)`."),
      ("1 == 'a'", "`==` does not take (int, string).", "Its forms: (A, A) → bool."),
    ])
  func refusals(_ source: String, _ message: String, _ remedy: String) throws {
    let found = errors(of: source, declared)
    let error = try #require(found.first)
    #expect(found.count == 1)
    #expect(error.message.english == message)
    #expect(error.remedy?.english == remedy)
  }

  @Test(
    "refuses what has no meaning for its types",
    arguments: [
      "!1", "-'a'", "1 && true", "1 ? 2 : 3", "true ? 1 : 'a'", "inputs.date.x", "[1].x", "[1]['a']",
      "{'a': 1}[1]",
      "{1: 2}.a", "1.exists(x, true)", "[1].all(x, x)", "[1].filter(x, 'a')", "1[0]", "x", "[1].map(y, z)",
      "{1.5: 1}", "[?1]", "{?'a': 1}", "A{b: 1}", "optional.of(1).optFlatMap(x, x)", "1.optMap(x, x)",
      "1 in 2",
      "now + 1", "random.hex(3)", "hash.md5('a')", "inputs.tags[0]", "[1] + ['a']", "size(1)", "'a' < 1",
    ])
  func illTyped(_ source: String) {
    #expect(!errors(of: source, declared).isEmpty)
  }

  @Test("reports all errors at once, in the order of the text")
  func allErrors() {
    let found = errors(of: "inptus.date + foo(inputs.limit) + ('a' * 2)", declared)
    #expect(found.map(\.range) == [0..<6, 14..<17, 25..<30, 34..<43])
  }

  @Test("a variable of a comprehension hides a declared one, and a field that is there outside is not inside")
  func scopes() {
    #expect(type(of: "['x'].map(inputs, inputs)", declared) == .list(.string))
    #expect(type(of: "has(inputs.limit) && [inputs].exists(inputs, inputs.limit > 1)", declared) == nil)
    #expect(type(of: "[inputs].exists(i, has(i.limit) && i.limit > 1)", declared) == .bool)
    #expect(type(of: "has(inputs.limit) && [1].exists(x, inputs.limit > x)", declared) == .bool)
  }

  @Test("a number from outside has the kind that its type says")
  func fitted() throws {
    let types: [String: CELType] = [
      "r": .record(Record(fields: ["ratio": .init(.double), "count": .init(.int)])), "l": .list(.double),
    ]
    let record = Value(["ratio": 2, "count": 3.0])
    let values = ["r": record, "l": Value([1, 2.5])]
    #expect(try evaluate("r.ratio * 1.5", values, types: types) == .double(3))
    #expect(try evaluate("r.count + 1", values, types: types) == .int(4))
    #expect(try evaluate("l.map(x, x * 2.0)", values, types: types) == .list([.double(2), .double(5)]))
    #expect(try evaluate("l[0] / 2.0", values, types: types) == .double(0.5))
    guard case .double = try evaluate("lists.sum([l[0]])", values, types: types) else {
      Issue.record("a sum of doubles is a double")
      return
    }
  }

  @Test("an expression asks for each variable once, and not for what it does not need")
  func bindings() throws {
    struct Counting: Bindings {
      final class Log { var names: [String] = [] }
      let log = Log()
      func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
        log.names.append("\(slot) \(name)")
        return .bool(true)
      }
    }
    let environment = Environment(variables: ["a": .bool, "b.c": .bool, "d": .bool], zones: .machine)
    let source = "a && b.c && [1, 2].all(x, a && b.c) || d"
    let expression = try ParsedExpression.parse(source).compile(in: environment)
    #expect(expression.variables == ["a", "b.c", "d"])
    let bindings = Counting()
    #expect(try expression.evaluate(bindings) == .bool(true))
    #expect(bindings.log.names == ["0 a", "1 b.c"])
  }

  @Test(
    "one type fits where another is expected as its JSON would",
    arguments: [
      (.int, .double, true), (.double, .int, false), (.timestamp, .string, true),
      (.string, .timestamp, false),
      (.dyn, .int, true), (.null, .string, false), (.list(.int), .list(.double), true),
      (.map(.string, .int), .record(Record(fields: ["a": .init(.string)])), false),
      (
        .record(Record(fields: ["a": .init(.int)])),
        .record(Record(fields: ["a": .init(.double)], additional: nil)),
        true
      ),
      (.record(Record(fields: [:])), .record(Record(fields: ["a": .init(.int)])), false),
      (.record(Record(fields: [:])), .record(Record(fields: ["a": .init(.int, isRequired: false)])), true),
      (.record(Record(fields: ["b": .init(.int)])), .record(Record(fields: [:])), false),
      (.record(Record(fields: ["b": .init(.int)])), .map(.string, .int), true),
    ] as [(CELType, CELType, Bool)])
  func assignable(_ from: CELType, _ to: CELType, _ expected: Bool) {
    #expect(from.assignable(to: to) == expected)
  }
}

@Suite("Chains of a CEL expression", .timeLimit(.minutes(1)))
struct CELChainTests {
  private func chains(_ source: String) throws -> [String] {
    try ParsedExpression.parse(source).chains.map { chain in
      let text = chain.parts.map { ($0.isOptional ? "?" : "") + $0.name }.joined(separator: ".")
      return text + (chain.isIndexed ? "[]" : "") + (chain.isPresenceTest ? " has" : "")
    }
  }

  @Test(
    "are the free names with their selections",
    arguments: [
      ("steps.fetch.?output.items", ["steps.fetch.?output.items"]),
      ("steps[inputs.name].output", ["steps[]", "inputs.name"]),
      ("steps.a.outputs[0].x", ["steps.a.outputs[]"]),
      ("a.b.map(x, x.y + c)", ["a.b", "c"]), ("lists.sum(a.b)", ["a.b"]),
      ("math.greatest(a, b.c)", ["a", "b.c"]),
      ("has(a.b.c)", ["a.b.c has"]), ("a.b.size() + a.b.c", ["a.b", "a.b.c"]),
      ("cel.bind(x, a, x + b)", ["a", "b"]), ("a.?b.optMap(v, v + w)", ["a.?b", "w"]),
      ("[x].exists(x, x == .x)", ["x", "x"]), ("a.transformMap(k, v, k > m, v)", ["a", "m"]),
      ("lists.group_by(a, e, e.k + z)", ["a", "z"]), ("'a' + 1", []), ("{'k': v}[w]", ["v", "w"]),
      ("a.`b-c`", ["a.b-c"]), ("[1].map(lists, lists.sum(a))", ["a"]),
    ])
  func free(_ source: String, _ expected: [String]) throws {
    #expect(try chains(source) == expected)
  }

  @Test("know where each name stands, in bytes")
  func ranges() throws {
    let source = "'é' + steps . fetch.?output"
    let chain = try #require(try ParsedExpression.parse(source).chains.first)
    let bytes = Array(source.utf8)
    #expect(
      chain.parts.map { String(decoding: bytes[$0.range], as: UTF8.self) } == ["steps", "fetch", "output"])
    #expect(chain.parts.map(\.range) == [7..<12, 15..<20, 22..<28])
    #expect(chain.range == 7..<28)
  }
}
