import Model
import Pipelines
import Testing

@testable import Connectors

/// What connectors find in `with` before anything runs, beyond their schemas.
@Suite("What a connector finds in a file", .timeLimit(.minutes(1)))
struct EarlyCheckTests {
  /// A `with` that agrees with its schema and cannot work, and the code of what is wrong.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var uses: String
    var with: String
    /// Whether it needs a connection.
    var connection = false
    var code: String
    var testDescription: String { "\(uses) \(with)" }
  }

  static let mistakes = [
    Mistake(uses: "shell", with: "{}", code: "invalid-with"),
    Mistake(uses: "python", with: "{run: 'pass', program: a.py}", code: "invalid-with"),
    Mistake(uses: "http.request", with: "{url: 'https://a.example', json: 1, text: a}", code: "invalid-with"),
    Mistake(uses: "text.extract", with: "{rules: br_regulatory}", code: "text-extract-source"),
    Mistake(uses: "files.list", with: "{path: in, match: '[a-'}", code: "bad-pattern"),
    Mistake(uses: "archive.pack", with: "{}", code: "invalid-with"),
    Mistake(uses: "archive.unpack", with: "{path: a.zip, match: '{a'}", code: "bad-pattern"),
    Mistake(uses: "html.select", with: "{file: a.html, select: {t: 'a[['}}", code: "invalid-selector"),
    Mistake(uses: "xml.select", with: "{file: a.xml, select: {t: '//['}}", code: "invalid-selector"),
    Mistake(uses: "json.transform", with: "{value: 1, expression: 'value +'}", code: "expression-syntax"),
    Mistake(uses: "json.transform", with: "{value: 1, expression: 'line.a'}", code: "type-error"),
    Mistake(
      uses: "sql.execute", with: "{statement: 'SELECT 1', statements: [{statement: 'SELECT 2'}]}",
      connection: true,
      code: "invalid-with"),
    Mistake(uses: "nist.parse", with: "{file: a.nst, require: [type-14, '14.999']}", code: "invalid-with"),
    Mistake(uses: "nist.extract", with: "{file: a.nst, fields: ['7.005']}", code: "invalid-with"),
    Mistake(uses: "sql.load", with: "{table: t}", connection: true, code: "invalid-with"),
  ]

  @Test("is an error of the file, at the step, in both languages", arguments: mistakes)
  func finds(_ mistake: Mistake) throws {
    let findings = compile(mistake.uses, mistake.with, mistake.connection ? "connection: c, " : "").findings
      .filter { $0.severity == .error }
    let finding = try #require(findings.first)
    #expect(findings.map(\.code) == [mistake.code], "\(findings)")
    #expect(finding.path == "steps.work.with" && finding.line == 5)
    #expect(finding.message.english != finding.message.portuguese)
  }

  @Test("waits for what an expression will give", arguments: ConnectorCase.all)
  func waits(_ known: ConnectorCase) throws {
    let description = try #require(Catalog.descriptions.first { $0.name == known.name })
    #expect(description.check(known.with) == [])
    for partial in Self.withUnknowns(known.with) where partial != .null {
      #expect(description.check(partial) == [], "\(partial.text)")
    }
  }

  @Test("is asked for only where the schema has no complaint: one mistake, one error")
  func once() {
    let findings = compile("shell", "{runs: a}").findings.filter { $0.severity == .error }
    #expect(findings.map(\.code) == ["unknown-key"], "\(findings)")
  }

  /// The value with null in place of each of its parts in turn.
  private static func withUnknowns(_ json: JSON) -> [JSON] {
    if let object = json.object {
      return [.null]
        + object.flatMap { member in
          withUnknowns(member.value).map { unknown in
            var changed = object
            changed[member.key] = unknown
            return .object(changed)
          }
        }
    }
    guard let items = json.array else { return [.null] }
    return [.null]
      + items.indices.flatMap { place in
        withUnknowns(items[place]).map { unknown in
          var changed = items
          changed[place] = unknown
          return .array(changed)
        }
      }
  }

  private func compile(_ uses: String, _ with: String, _ keys: String = "") -> Compilation {
    let compiler = PipelineCompiler(connectors: Catalog.descriptions, zones: ZoneDatabase { _ in nil })
    return compiler.compile(
      """
      apiVersion: esteira/v1
      id: example
      namespace: demo
      steps:
        work: {uses: \(uses), \(keys)with: \(with)}
      """
    ) { _ in [] }
  }
}
