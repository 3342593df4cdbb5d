import Foundation
import Model
import Testing

@testable import Expressions

@Suite("CEL limits", .timeLimit(.minutes(1)))
struct CELLimitTests {
  static let million = 1_000_000

  @Test(
    "a source that nests, chains or swells without end is an error",
    arguments: [
      String(repeating: "(", count: 10 * million), String(repeating: "[", count: 90_000),
      String(repeating: "{", count: 90_000), String(repeating: "!", count: 90_000) + "true",
      String(repeating: "-", count: 90_000) + "1", String(repeating: "a.", count: 40_000) + "a",
      String(repeating: "a[", count: 40_000), String(repeating: "1+", count: 40_000) + "1",
      String(repeating: "true?1:", count: 14_000) + "1", String(repeating: "size(", count: 18_000),
      String(repeating: "[1].map(x,", count: 9_000), "1" + String(repeating: ".abs()", count: 10_000),
      "1e999999", "-1e999999", "99999999999999999999", "-9223372036854775809", "18446744073709551616u",
      "0x" + String(repeating: "f", count: 90_000), String(repeating: "9", count: 90_000),
      "'" + String(repeating: "a", count: million) + "'", "'\\uD800'", "'\\U00110000'", "b'\\u0041'",
      "'\\400'",
      "\u{0}", "'\n'", "1 2", "1..2", "a.in", "if", "1 +", ")", "x.map(1, 2)", "has(x)", "has(x[0])", "1u2",
      "`a`", "a.``", "{1}", "[,]", "f(,)", "a ? b", "=", "&", "\"\"\"", "'\\x4'",
    ])
  func refused(_ source: String) {
    #expect(throws: ExpressionError.self) { try ParsedExpression.parse(source) }
  }

  @Test("99 levels are no error, and long chains of && and || have no limit but the length of the source")
  func allowed() throws {
    let nested = String(repeating: "(", count: 99) + "1" + String(repeating: ")", count: 99)
    #expect(try evaluate(nested) == .int(1))
    #expect(try evaluate(Array(repeating: "true", count: 10_000).joined(separator: "&&")) == .bool(true))
    #expect(try evaluate(Array(repeating: "1", count: 240).joined(separator: "+")) == .int(240))
    #expect(try evaluate(String(repeating: "!", count: 100) + "true") == .bool(true))
  }

  @Test(
    "an evaluation that would take too long or too much memory ends with a limit",
    arguments: [
      "lists.range(1000).map(a, lists.range(1000).map(b, lists.range(1000).map(c, a * b * c)))",
      "lists.range(9223372036854775807)",
      "lists.range(1001).exists(a, lists.range(1001).exists(b, a + b < 0)) || true",
      nested("'0123456789abcdef'", "x + x + x + x", 40), nested("[1]", "x + x + x + x", 40),
      nested("'ab'", "x.replace('', x)", 60), nested("'ab'", "[x, x, x, x].join(x)", 60),
      nested("'ab'", "'%s%s%s%s'.format([x, x, x, x])", 60),
      nested("[1]", "[x, x]", 60) + " == "
        + nested("[1]", "[x, x]", 60), "size('%s'.format([" + nested("[1]", "[x, x]", 60) + "]))",
      nested("[1]", "[x, x]", 60) + ".flatten(100)",
      "[" + nested("[1]", "[x, x]", 60) + ", "
        + nested("[1]", "[x, x]", 60) + "].distinct()",
      "lists.range(200000).map(i, 'x' + string(i)).map(p, 'text'.matches(p))",
    ])
  func bounded(_ source: String) throws {
    let error = #expect(throws: ExpressionError.self) { try evaluate(source) }
    #expect(error?.kind == .limit)
  }

  /// `body` of `x` applied so many times to `start`, each to the result of the one before.
  private static func nested(_ start: String, _ body: String, _ times: Int) -> String {
    var source = "x"
    for _ in 0..<times { source = "cel.bind(x, \(body), \(source))" }
    return "cel.bind(x, \(start), \(source))"
  }

  @Test("a source full of errors reports the first of them")
  func manyErrors() {
    let found = errors(
      of: Array(repeating: "abc.def.ghi + foo(1)", count: 4_000).joined(separator: "||"), ["abd": .int])
    #expect(found.count == ExpressionLimits.errors)
    #expect(found.allSatisfy { !$0.message.english.isEmpty })
  }

  @Test("a cost limit stops an evaluation, and no && or || hides that")
  func cost() throws {
    let loop = "lists.range(100).all(x, x >= 0)"
    #expect(try evaluate(loop, cost: 1_000) == .bool(true))
    for source in [loop, loop + " || true", "false && true || [1].exists(y, \(loop)) || true"] {
      let error = #expect(throws: ExpressionError.self) { try evaluate(source, cost: 100) }
      #expect(error?.kind == .limit)
    }
  }

  @Test("a result that shares its parts does not become a JSON larger than the limits")
  func sharedResult() throws {
    let tree = try evaluate(Self.nested("[1]", "[x, x]", 50))
    #expect(throws: ExpressionError.self) { try tree.json() }
    let text = String(repeating: "x", count: 100_000)
    let copies = try evaluate("lists.range(1000).map(i, text)", ["text": .string(text)])
    #expect(throws: ExpressionError.self) { try copies.json() }
  }

  @Test("the deepest expressions need less than half of a usual thread's stack")
  func smallStack() throws {
    let sources = [
      String(repeating: "(", count: 99) + "1" + String(repeating: ")", count: 99),
      String(repeating: "[", count: 99) + "1" + String(repeating: "]", count: 99),
      Array(repeating: "1", count: 240).joined(separator: "+"),
      String(repeating: "[1].map(x,", count: 98) + "1" + String(repeating: ")", count: 98),
      String(repeating: "true?1:", count: 98) + "1", "x" + String(repeating: ".y", count: 240),
    ]
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for source in sources { _ = try? evaluate(source, ["x": .null]) }
      done.signal()
    }
    thread.stackSize = 4 << 20
    thread.start()
    #expect(done.wait(timeout: .now() + 30) == .success)
  }
}

@Suite("CEL fuzz", .timeLimit(.minutes(1)))
struct CELFuzzTests {
  /// Another seed: `CEL_FUZZ_SEED`.
  static var seed: UInt64 {
    ProcessInfo.processInfo.environment["CEL_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_120
  }

  @Test("thousands of mutilated expressions end in a value or an error")
  func mutations() throws {
    var random = SplitMix(state: Self.seed)
    var sources = try ConformanceCase.all().map(\.expression).filter { $0.utf8.count < 500 }
    sources += ["a.?b[?0].orValue({'x': [1, 2.5, 3u]})", "lists.group_by([{'k': 1}], e, e.k).map(k, k)"]
    let types: [String: CELType] = ["x": .dyn, "a": .map(.string, .dyn)]
    let values: [String: Value] = [
      "x": .list([.int(1)]), "a": .map(MapValue(entries: [(.string("b"), .null)])),
    ]
    let environment = Environment(variables: types, zones: .machine, allowsRandom: true)
    var (parsed, evaluated) = (0, 0)
    for _ in 0..<6_000 {
      let source = Self.mutated(sources, &random)
      guard let expression = try? ParsedExpression.parse(source) else { continue }
      parsed += 1
      _ = try? expression.compile(in: environment).evaluate(Named(values: values), costLimit: 20_000)
      let unchecked = expression.compileUnchecked(in: environment)
      if (try? unchecked.evaluate(Named(values: values), costLimit: 20_000).json()) != nil { evaluated += 1 }
      for error in errors(of: source) { _ = error.rendered(in: source, language: .portuguese) }
    }
    #expect(parsed > 500, "seed \(Self.seed): too few mutations are still expressions")
    #expect(evaluated > 100, "seed \(Self.seed): too few mutations still have a value")
  }

  /// One source with a few bytes changed, a part of another put in, or a part repeated.
  private static func mutated(_ sources: [String], _ random: inout SplitMix) -> String {
    var bytes = Array(sources.randomElement(using: &random)?.utf8 ?? "1".utf8)
    let alphabet = Array("()[]{}.,?:!-+*/%<>=&|'\"0123456789abxyeur_ \\`\n".utf8)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: if place < bytes.count { bytes[place] = alphabet.randomElement(using: &random) ?? 0 }
      case 1: if place < bytes.count { bytes.remove(at: place) }
      case 2:
        let other = Array(sources.randomElement(using: &random)?.utf8 ?? "1".utf8)
        let start = Int.random(in: 0...other.count, using: &random)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 12)], at: place)
      default: bytes.insert(contentsOf: bytes.prefix(min(bytes.count, 20)), at: place)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The generator of Steele, Lea and Flood: small, and the same everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
