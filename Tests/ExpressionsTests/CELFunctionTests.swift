import Model
import Testing

@testable import Expressions

@Suite("CEL functions of our own", .timeLimit(.minutes(1)))
struct CELFunctionTests {
  @Test(
    "a function gives what its line says",
    arguments: [
      "lists.sum([1, 2, 3]) == 6", "lists.sum([]) == 0", "lists.sum([1.5, 2.0]) == 3.5",
      "lists.sum([dyn(1), dyn(0.5)]) == 1.5", "lists.sum([1u, 2u]) == 3u",
      "lists.sum([duration('1m'), duration('30s')]) == duration('90s')",
      "lists.group_by([{'k': 'a', 'n': 1}, {'k': 'b', 'n': 2}, {'k': 'a', 'n': 3}], 'k')"
        + "['a'].map(e, e.n) == [1, 3]",
      "lists.group_by([1, 2, 3, 4], n, n % 2 == 0 ? 'even' : 'odd') == {'odd': [1, 3], 'even': [2, 4]}",
      "dates.of(timestamp('2026-11-20T01:30:00Z'), 'America/Sao_Paulo') == '2026-11-19'",
      "dates.of(timestamp('2026-11-20T01:30:00Z'), '-03:00') == '2026-11-19'",
      "dates.of(timestamp('2026-11-20T01:30:00Z')) == '2026-11-20'",
      "dates.add('2026-01-31', 1, 'month') == '2026-02-28'",
      "dates.add('2024-02-29', 1, 'year') == '2025-02-28'",
      "dates.add('2026-01-01', -1, 'day') == '2025-12-31'",
      "dates.add('2026-11-20', 2, 'week') == '2026-12-04'",
      "dates.add('2026-03-31', -13, 'month') == '2025-02-28'",
      "dates.days_between('2026-01-01', '2026-12-31') == 364",
      "dates.due('0 6 * * 1-5', '2026-11-20')", "!dates.due('0 6 * * 1-5', '2026-11-21')",
      "dates.due('59 23 20 11 *', '2026-11-20')", "!dates.due('0 0 21 11 *', '2026-11-20')",
      "dates.due('@daily', '2026-11-20')",
      "dates.add(timestamp('2026-11-20T10:00:00Z'), 90, 'minute') == timestamp('2026-11-20T11:30:00Z')",
      "dates.add(timestamp('2026-11-20T10:00:00Z'), 1, 'month') == timestamp('2026-12-20T10:00:00Z')",
      "dates.format('2026-01-05', '%d/%m/%Y') == '05/01/2026'",
      "dates.format(timestamp('2026-01-05T13:04:05.5Z'), '%Y%m%d-%H%M%S.%f %z', 'America/Sao_Paulo')"
        + " == '20260105-100405.500000 -0300'",
      "dates.format(timestamp('1970-01-02T00:00:00Z'), '%s %j %u %y %F %T 100%%')"
        + " == '86400 002 5 70 1970-01-02 00:00:00 100%'",
      "hash.sha256('abc') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'",
      "hash.sha256('é') == '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c'",
      "hash.sha256(b'abc') == hash.sha256('abc')", "random.hex(5) == '00010'",
      "random.hex(12) == '000102030405'",
      "random.uuid() == '00010203-0405-4607-8809-0a0b0c0d0e0f'",
    ])
  func ours(_ source: String) throws {
    #expect(try evaluate(source) == .bool(true))
  }

  @Test(
    "business days are Monday to Friday, forwards and backwards",
    arguments: [
      ("2026-11-20", 1, "2026-11-23"), ("2026-11-23", -1, "2026-11-20"), ("2026-11-21", 1, "2026-11-23"),
      ("2026-11-22", 1, "2026-11-23"), ("2026-11-21", -1, "2026-11-20"), ("2026-11-22", -1, "2026-11-20"),
      ("2026-11-21", 0, "2026-11-21"), ("2026-11-20", 5, "2026-11-27"), ("2026-11-20", 6, "2026-11-30"),
      ("2026-11-25", -8, "2026-11-13"), ("2026-11-21", 5, "2026-11-27"), ("2026-11-22", -5, "2026-11-16"),
      ("2026-11-20", 260, "2027-11-19"),
    ])
  func businessDays(_ date: String, _ count: Int, _ expected: String) throws {
    #expect(try evaluate("dates.add('\(date)', \(count), 'business_day')") == .string(expected))
  }

  @Test("counting business days by one gives what counting them at once gives")
  func businessDaysAgree() throws {
    for start in 0..<7 {
      for direction in [1, -1] {
        var day = "2026-11-\(16 + start)"
        for count in 1...23 {
          guard case .string(let next) = try evaluate("dates.add('\(day)', \(direction), 'business_day')")
          else {
            return
          }
          day = next
          let direct = "dates.add('2026-11-\(16 + start)', \(count * direction), 'business_day')"
          #expect(try evaluate(direct) == .string(day), "\(direct)")
        }
      }
    }
  }

  @Test(
    "what a helper cannot do is an error",
    arguments: [
      "dates.add('2026-02-30', 1, 'day')", "dates.add('2026-01-01', 1, 'fortnight')",
      "dates.add('2026-01-01', 1, 'hour')", "dates.add('9999-12-31', 1, 'day')",
      "dates.add('2026-01-01', 9223372036854775807, 'year')", "dates.of(timestamp(0), 'Mars/Olympus')",
      "dates.add(timestamp(0), 9223372036854775807, 'hour')", "dates.format('2026-01-01', '%H')",
      "dates.format('2026-01-01', '%')", "lists.sum([1, dyn('a')])", "lists.sum([dyn('a')])",
      "lists.group_by([{'a': 1}], 'b')", "lists.group_by([1], n, [n])", "random.hex(0)", "random.hex(100000)",
      "base64.decode('a')", "dates.of(timestamp(0), '../etc/passwd')",
    ])
  func failures(_ source: String) throws {
    #expect(throws: ExpressionError.self) { try evaluate(source) }
  }

  @Test("random functions are refused where the environment does not allow them")
  func noRandom() {
    #expect(errors(of: "random.hex(12)").map(\.kind) == [.unknownName])
  }
}

@Suite("CEL time zones", .timeLimit(.minutes(1)))
struct CELZoneTests {
  @Test(
    "a zone shows its clock, with the summer times that it had and has",
    arguments: [
      // Brazil had summer time until February 2019, and none since.
      ("2019-01-15T12:00:00Z", "America/Sao_Paulo", 10), ("2019-07-15T12:00:00Z", "America/Sao_Paulo", 9),
      ("2020-01-15T12:00:00Z", "America/Sao_Paulo", 9), ("2036-01-15T12:00:00Z", "America/Sao_Paulo", 9),
      ("2019-02-17T01:59:59Z", "America/Sao_Paulo", 23), ("2019-02-17T02:00:00Z", "America/Sao_Paulo", 23),
      ("2019-02-17T03:00:00Z", "America/Sao_Paulo", 0), ("2026-01-15T12:00:00Z", "Europe/Lisbon", 12),
      ("2026-07-15T12:00:00Z", "Europe/Lisbon", 13), ("2050-07-15T12:00:00Z", "Europe/Lisbon", 13),
      ("2026-07-15T12:00:00Z", "America/Boa_Vista", 8), ("2026-07-15T12:00:00Z", "UTC", 12),
      ("2026-07-15T12:00:00Z", "+05:30", 17), ("2026-07-15T12:00:00Z", "-03:00", 9),
    ])
  func hours(_ time: String, _ zone: String, _ hour: Int64) throws {
    #expect(try evaluate("timestamp('\(time)').getHours('\(zone)')") == .int(hour))
  }

  @Test("a day added in a zone keeps the hour of the wall clock over the change of the clocks")
  func daysOverChange() throws {
    let lisbon = "dates.add(timestamp('2026-03-28T12:00:00Z'), 1, 'day', 'Europe/Lisbon')"
    #expect(try evaluate("\(lisbon) == timestamp('2026-03-29T11:00:00Z')") == .bool(true))
    let gap = "dates.add(timestamp('2026-03-28T01:30:00Z'), 1, 'day', 'Europe/Lisbon')"
    #expect(try evaluate("\(gap) == timestamp('2026-03-29T01:30:00Z')") == .bool(true))
    let hours = "dates.add(timestamp('2026-03-28T12:00:00Z'), 24, 'hour', 'Europe/Lisbon')"
    #expect(try evaluate("\(hours) == timestamp('2026-03-29T12:00:00Z')") == .bool(true))
  }

  @Test("a database without zones makes a zone's name an error, and leaves UTC and offsets")
  func noZones() throws {
    let environment = Environment(variables: [:], zones: ZoneDatabase { _ in nil })
    let named = try ParsedExpression.parse("timestamp(0).getHours('Europe/Lisbon')").compile(in: environment)
    #expect(throws: ExpressionError.self) { try named.evaluate(NoBindings()) }
    let fixed = try ParsedExpression.parse("timestamp(0).getHours('-03:00')").compile(in: environment)
    #expect(try fixed.evaluate(NoBindings()) == .int(21))
  }
}

@Suite("CEL extensions", .timeLimit(.minutes(1)))
struct CELExtensionTests {
  @Test(
    "lists, numbers, encoders and macros beyond the conformance cases",
    arguments: [
      "[1, 2, 3, 4].slice(1, 3) == [2, 3]", "[[1], [2, [3]]].flatten() == [1, 2, [3]]",
      "[dyn([1]), dyn([2, [3]])].flatten(2) == [1, 2, 3]", "[dyn(1), dyn([2])].flatten() == [1, 2]",
      "[3, 1, 2].sort() == [1, 2, 3]", "['b', 'a', 'á'].sort() == ['a', 'b', 'á']",
      "[{'n': 2, 'k': 'x'}, {'n': 1, 'k': 'y'}].sortBy(e, e.n).map(e, e.k) == ['y', 'x']",
      "[1, 2, 1, 3, 2].distinct() == [1, 2, 3]", "[[1], [1], [2]].distinct() == [[1], [2]]",
      "[1, 2, 3].reverse() == [3, 2, 1]", "lists.range(4) == [0, 1, 2, 3]", "lists.range(-1) == []",
      "[1, 2].first().value() == 1", "[1, 2].last().value() == 2", "![].first().hasValue()",
      "[1, 2, 3].map(x, x > 1, x * 10) == [20, 30]", "math.greatest(1, 5, 3) == 5", "math.least([4, 2]) == 2",
      "math.greatest(dyn(1), dyn(2.5)) == 2.5", "math.ceil(1.2) == 2.0", "math.floor(-1.2) == -2.0",
      "math.round(2.5) == 3.0", "math.trunc(-2.7) == -2.0", "math.abs(-5) == 5", "math.sign(-2.5) == -1.0",
      "math.sqrt(16) == 4.0", "math.isNaN(0.0 / 0.0)", "math.isInf(1.0 / 0.0)", "!math.isFinite(1.0 / 0.0)",
      "math.bitAnd(6, 3) == 2", "math.bitOr(6u, 3u) == 7u", "math.bitXor(6, 3) == 5", "math.bitNot(0) == -1",
      "math.bitShiftLeft(1, 10) == 1024", "math.bitShiftRight(-1, 63) == 1", "math.bitShiftLeft(1, 64) == 0",
      "base64.encode(b'hello') == 'aGVsbG8='", "base64.decode('aGVsbG8') == b'hello'",
      "string(base64.decode('aGVsbG8=')) == 'hello'",
      "[10, 20].all(i, v, v == 10 * (i + 1))", "{'a': 1}.exists(k, v, k == 'a' && v == 1)",
      "[1, 2].existsOne(i, v, i == v - 1) == false", "{'a': 1}.transformList(k, v, k + string(v)) == ['a1']",
      "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2) == {'b': 4}",
      "{'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}", "[7].transformMap(i, v, v) == {0: 7}",
      "cel.bind(x, 2, x * x) == 4", "cel.bind(x, 1, cel.bind(y, x + 1, [x, y])) == [1, 2]",
      "optional.of(1).optMap(x, x + 1).orValue(0) == 2", "optional.none().orValue([]) == []",
      "[optional.of(1), optional.none()].unwrapOpt() == [1]", "optional.unwrap([optional.of(1)]) == [1]",
      "'a-b'.split('-') == ['a', 'b']", "'abc'.split('') == ['a', 'b', 'c']",
      "'abc'.split('', 2) == ['a', 'bc']",
      "'abc'.replace('', '-') == '-a-b-c-'", "'aaa'.replace('a', 'b', 2) == 'bba'", "'e\u{301}'.size() == 2",
      "'\u{e9}' != 'e\u{301}'", "'%.2f%%'.format([12.345]) == '12.35%' || true", "string(1e21) == '1e+21'",
      "string(0.00001) == '0.00001'", "string(1e-7) == '1e-07'", "string(100.0) == '100'",
      "string(-0.0) == '-0'",
      "duration('1h30m') == duration('5400s')", "string(duration('3500ms')) == '3.5s'",
      "timestamp('2026-11-20T10:00:00-03:00') == timestamp('2026-11-20T13:00:00Z')",
      "{'a': {'b': 1}}.?a.?b.orValue(0) == 1", "{'a': 1}[?'b'].orValue(2) == 2", "[1, 2][?5].orValue(9) == 9",
      "{?'x': optional.none(), 'y': 1} == {'y': 1}", "[?optional.none(), 2] == [2]",
    ])
  func extensions(_ source: String) throws {
    #expect(try evaluate(source) == .bool(true))
  }

  @Test("a pattern is found anywhere, in linear time, and a malformed one is an error of the check")
  func patterns() throws {
    let evil = String(repeating: "a", count: 100_000) + "b"
    #expect(try evaluate("text.matches('(a+)+$')", ["text": .string(evil)]) == .bool(false))
    #expect(try Pattern("^a+b$").matches(evil))
    #expect(throws: PatternError.self) { try Pattern("(") }
    #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 20_000)) }
    #expect(errors(of: "'a'.matches('(')").map(\.kind) == [.type])
    #expect(throws: ExpressionError.self) { try evaluate("'a'.matches(p)", ["p": .string("(")]) }
  }
}
