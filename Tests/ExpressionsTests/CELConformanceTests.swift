import Foundation
import Model
import Testing

@testable import Expressions

@Suite("CEL conformance", .timeLimit(.minutes(1)))
struct CELConformanceTests {
  /// How many of the 1,478 cases must have run.
  static let fewest = 1_280

  @Test("every case that applies has the result that CEL's own suite asks for")
  func conformance() throws {
    guard ConformanceCase.folder != nil else {
      return print("skipped: ../shared/data/cel is not here")
    }
    var ran = 0
    var checked = 0
    var left: [String: Int] = [:]
    for test in try ConformanceCase.all() {
      if let rule = Exclusion.all.first(where: { $0.holds(test) }) {
        left[rule.name, default: 0] += 1
        continue
      }
      ran += 1
      if test.isChecked { checked += 1 }
      if let complaint = complaint(of: test) {
        Issue.record("\(test.name): \(test.expression)\n  \(complaint)")
      }
    }
    print("CEL conformance: \(ran) ran, \(checked) of them with the checker on; left out: \(left)")
    #expect(ran >= Self.fewest)
    #expect(Set(left.keys) == Set(Exclusion.all.map(\.name)), "A rule that leaves nothing out is not needed.")
  }

  @Test("a case that is marked as unchecked is refused by the checker, or has the same result with it")
  func uncheckedCases() throws {
    var refused = 0
    for test in try ConformanceCase.all() where !test.isChecked {
      if Exclusion.all.contains(where: { $0.holds(test) }) { continue }
      let variables = try #require(test.variables)
      let environment = Environment(variables: variables, zones: .machine, container: test.container)
      let parsed = try ParsedExpression.parse(test.expression)
      guard let expression = try? parsed.compile(in: environment) else {
        refused += 1
        continue
      }
      let value = try? expression.evaluate(Named(values: test.bindings))
      let isRight = test.wantsError ? value == nil : value.map { Same.value($0, test.expected) } ?? false
      #expect(isRight, "\(test.name): \(test.expression)")
    }
    if ConformanceCase.folder != nil { #expect(refused > 50) }
  }

  /// Nil where the case has its result.
  private func complaint(of test: ConformanceCase) -> String? {
    guard let variables = test.variables else { return "its declarations are not understood" }
    let environment = Environment(variables: variables, zones: .machine, container: test.container)
    do {
      let parsed = try ParsedExpression.parse(test.expression)
      let expression =
        test.isChecked ? try parsed.compile(in: environment) : parsed.compileUnchecked(in: environment)
      let value: Value
      do {
        value = try expression.evaluate(Named(values: test.bindings))
      } catch {
        return test.wantsError ? nil : "failed: \(error.message.english)"
      }
      if test.wantsError { return "is \(value) and should fail" }
      return Same.value(value, test.expected) ? nil : "is \(value) and should be \(test.expected)"
    } catch let error as ExpressionErrors {
      return "does not check: \(error.all.map { $0.message.english })"
    } catch {
      return "does not parse: \(error)"
    }
  }
}

/// Equality for tests: stricter than CEL's, since the kinds of numbers and the sign of zero count.
enum Same {
  static func value(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.double(let a), .double(let b)): a.isNaN ? b.isNaN : a == b && a.sign == b.sign
    case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy { value($0, $1) }
    case (.map(let a), .map(let b)):
      a.count == b.count
        && a.entries.allSatisfy { entry in b[entry.key].map { value(entry.value, $0) } ?? false }
    default: left.typeName == right.typeName && left == right
    }
  }
}
