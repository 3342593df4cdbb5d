import Model
import Pipelines
import Testing

@Suite("The definition of a step", .timeLimit(.minutes(1)))
struct DefinitionTests {
  private func definitions(
    _ steps: String, head: String = "", compiler: PipelineCompiler = Fixture.compiler(), file: String = "x"
  ) throws -> [String: String] {
    let text = Fixture.file(steps, head: "inputs: {n: {type: integer}}\n" + head)
    let compilation = compiler.compile(text, readFile: { _ in Array(file.utf8) })
    let plan = try #require(compilation.plan, "\(Fixture.rendered(text))")
    return Dictionary(uniqueKeysWithValues: plan.steps.map { ($0.path, $0.definition) })
  }

  private func definition(_ step: String, head: String = "") throws -> String {
    try #require(try definitions("s:\n" + step.indented, head: head)["s"])
  }

  private static let title = #"${{ 'a b' + string(inputs.n) }}"#
  private static let notify = "uses: notify\nwith: {title: \"\(title)\", to: [x, y]}\n"
  static let base = notify + "if: inputs.n > 1"

  @Test(
    "does not change with the way it is written",
    arguments: [
      """
      # a comment
      if: inputs.n > 1   # another
      with: {to: [x, y], title: "\(title)"}
      uses: notify
      """,
      """
      uses: "notify"
      with:
        title: ${{'a b'+string( inputs.n )}}
        to:
          - x
          - 'y'
      if: >-
        inputs.n
        > 1
      """,
      """
      uses: notify@1
      if: ${{ inputs.n > 1 }}
      with:
        to: [x, y]
        title: |-
          ${{ 'a b' + // joined
          string(inputs.n) }}
      """,
    ])
  func form(text: String) throws {
    #expect(try definition(text) == definition(Self.base))
  }

  static let meanings = [
    base.replacing("'a b'", with: "'a  b'"), base.replacing("[x, y]", with: "[y, x]"),
    base.replacing("> 1", with: ">= 1"), notify, base.replacing("${{", with: "$${{"),
    base.replacing("}}", with: "}} "), base + "\ntimeout: 5m", base + "\npriority: 3",
    base + "\nidempotent: true", base + "\nretry: {attempts: 2}", base.replacing("y]", with: "\"1\"]"),
    "steps: {s: {uses: notify, with: {title: \"\(title)\", to: [x, y]}, if: inputs.n > 1}}",
  ]

  @Test("changes with every meaning")
  func meaning() throws {
    let all = try ([Self.base] + Self.meanings).map { try definition($0) }
    #expect(Set(all).count == Self.meanings.count + 1)
    #expect(all.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy(\.isHexDigit) })
  }

  @Test("changes with what is inside, and not with what stands beside it")
  func nesting() throws {
    func file(inner: String, other: String, handler: String = "1") -> String {
      """
      g:
        steps: {a: {value: '\(inner)'}, b: {value: '2'}}
        finally: {z: {value: '\(handler)'}}
      o: {value: '\(other)'}
      """
    }
    let first = try definitions(file(inner: "1", other: "1"))
    let inside = try definitions(file(inner: "3", other: "1"))
    let beside = try definitions(file(inner: "1", other: "3"))
    let handler = try definitions(file(inner: "1", other: "1", handler: "9"))
    #expect(first.keys.filter { first[$0] != inside[$0] }.sorted() == ["g", "g.a"])
    #expect(first.keys.filter { first[$0] != beside[$0] } == ["o"])
    #expect(first.keys.filter { first[$0] != handler[$0] }.sorted() == ["g", "g.finally.z"])
  }

  @Test("counts the order of branches, which are asked one by one, and not that of steps")
  func order() throws {
    let (x, y) = ("x: {if: inputs.n > 1, value: '1'}", "y: {if: inputs.n > 0, value: '2'}")
    #expect(try definition("choose: {\(x), \(y)}") != definition("choose: {\(y), \(x)}"))
    #expect(try definition("steps: {\(x), \(y)}") == definition("steps: {\(y), \(x)}"))
  }

  @Test("changes with a default that reaches it, unless its own key stands over it")
  func defaults() throws {
    let steps = """
      a: {uses: shell, with: {run: x}}
      b: {uses: shell, with: {run: x}, timeout: 9m}
      c: {uses: notify, with: {title: t}}
      d: {value: '1'}
      """
    let plain = try definitions(steps)
    let timeout = try definitions(steps, head: "defaults: {connectors: {shell: {timeout: 5m}}}\n")
    #expect(plain.keys.filter { plain[$0] != timeout[$0] } == ["a"])
    let retry = try definitions(steps, head: "defaults: {retry: {attempts: 2}}\n")
    #expect(plain.keys.filter { plain[$0] != retry[$0] }.sorted() == ["a", "b", "c"])
  }

  @Test("changes with the major version of a connector, also far inside")
  func major() throws {
    let steps = "a: {steps: {b: {uses: notify, with: {title: t}}}}\nc: {uses: shell, with: {run: x}}"
    let newer = Fixture.catalogue.map { connector in
      var connector = connector
      if connector.name == "notify" { connector.major = 2 }
      return connector
    }
    let compiler = PipelineCompiler(connectors: newer, zones: Fixture.zones)
    let (old, new) = (try definitions(steps), try definitions(steps, compiler: compiler))
    #expect(old.keys.filter { old[$0] != new[$0] }.sorted() == ["a", "a.b"])
  }

  @Test("changes with the bytes of the files that it names, and with no other")
  func files() throws {
    let steps = "a: {steps: {b: {uses: python, with: {program: p.py}}}}\nc: {uses: shell, with: {run: x}}"
    let (old, new) = (try definitions(steps, file: "print(1)"), try definitions(steps, file: "print(2)"))
    #expect(old.keys.filter { old[$0] != new[$0] }.sorted() == ["a", "a.b"])
  }

  @Test("is the same in every build")
  func pinned() throws {
    let found = try definition("value: 1 + 1")
    #expect(found == "f59f97bbd662e327abf0dbbd6bbbde05")
  }
}

extension String {
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
  }
}
