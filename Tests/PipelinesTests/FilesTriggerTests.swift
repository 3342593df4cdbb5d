import Model
import Pipelines
import Testing

@Suite("A trigger of files", .timeLimit(.minutes(1)))
struct FilesTriggerRuleTests {
  static let triggers: [(String, [String])] = [
    ("{path: /in}", []), ("{path: /in, claim: mark}", []),
    ("{path: /in, match: '*.csv', stable_for: 1h, batch: {max: 1000, wait: 24h}, claim: move, to: /out}", []),
    ("{path: /in, claim: delete}", ["wrong-value"]), ("{match: '*'}", ["missing-key"]),
    ("{path: in}", ["wrong-value"]), ("{path: /in/../x}", ["wrong-value"]), ("{path: /}", ["wrong-value"]),
    ("{path: '/in/${{ inputs.x }}'}", ["literal-only"]),
    ("{path: /in, claim: move}", ["missing-key"]), ("{path: /in, to: /out}", ["key-without-effect"]),
    ("{path: /in, claim: mark, to: /out}", ["key-without-effect"]),
    ("{path: /in, claim: move, to: out}", ["wrong-value"]),
    ("{path: /in, claim: move, to: /in/}", ["wrong-value"]),
    ("{path: /in/duplicates, claim: move, to: /./in}", ["wrong-value"]),
    ("{path: /in, claim: move, to: /in/work}", []),
    ("{path: /in, match: 'a/*'}", ["wrong-value"]), ("{path: /in, match: '[a'}", ["wrong-value"]),
    ("{path: /in, stable_for: 61m}", ["wrong-value"]), ("{path: /in, stable_for: 5}", ["duration-unit"]),
    ("{path: /in, batch: {max: 1001}}", ["wrong-value"]), ("{path: /in, batch: {max: 0}}", ["wrong-type"]),
    ("{path: /in, batch: {wait: 25h}}", ["wrong-value"]), ("{path: /in, batch: {size: 3}}", ["unknown-key"]),
  ]

  @Test("is checked where it stands", arguments: triggers)
  func check(text: String, codes: [String]) {
    let file = Fixture.file("a: {value: '1'}", head: "triggers: {t: {files: \(text)}}\n")
    let found = Fixture.codes(file).filter { $0 != "no-effect-yet" }
    #expect(found.sorted() == codes.sorted(), "\(Fixture.rendered(file))")
  }

  @Test("says what is wrong, and what helps, in both languages")
  func words() {
    let file = Fixture.file(
      "a: {value: '1'}", head: "triggers: {t: {files: {path: /in, claim: move, to: /in}}}\n")
    let (english, portuguese) = (
      Fixture.rendered(file, file: "f.yaml", .english), Fixture.rendered(file, file: "f.yaml", .portuguese)
    )
    #expect(english.contains("files cannot be moved into the folder that is watched."))
    #expect(english.contains("Name another folder."))
    #expect(portuguese.contains("arquivos não podem ser movidos para a própria pasta vigiada."))
    #expect(portuguese.contains("Indique outra pasta."))
  }
}
