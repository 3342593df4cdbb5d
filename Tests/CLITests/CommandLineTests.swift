import API
import Model
import Testing

@testable import CLI

@Suite("Words of a command line", .timeLimit(.minutes(1)))
struct CommandLineTests {
  static let refused: [(line: String, message: String)] = [
    ("jbo ls", "Did you mean \"job ls\"?"),
    ("job", "\"job\" needs a verb."),
    ("job lst", "Did you mean \"job ls\"?"),
    ("job ls --statos failed", "Did you mean \"--status\"?"),
    ("job get", "JOB is missing."),
    ("job get a b", "\"b\" is one argument too many."),
    ("job start", "PIPELINE is missing."),
    ("job start hello", "\"hello\" has no namespace."),
    ("job start a/b --input name", "--input takes name=value, not \"name\"."),
    ("job start a/b --watch=yes", "--watch takes no value."),
    ("job start a/b --key", "--key needs a value: --key KEY."),
    ("job start a/b --key x --key y", "--key was given twice."),
    ("job ls --limit many", "--limit takes a whole number from 1 to 10000, not \"many\"."),
    ("job ls --since yesterday", "--since takes a time such as"),
    ("job watch 019a --timeout soon", "--timeout takes a duration such as 90s or 5m, not \"soon\"."),
    ("job ls -o yaml", "There is no output format \"yaml\"."),
    ("job kill 019a", "A kill needs --reason TEXT."),
    ("job cancel", "Name a job, or give --query."),
    ("job retry 019a --query status:failed", "Give either jobs or --query."),
    ("job step resolve 019a pay", "Say exactly one of"),
    ("job step resolve 019a pay --did-not --did-happen", "Say exactly one of"),
    ("credential set demo/api", "Give the value with"),
  ]

  @Test("what is not understood exits 2, and nothing is sent", arguments: refused)
  func usage(_ line: String, _ message: String) async {
    let bench = TestBench()
    #expect(await bench.run(line) == 2)
    #expect(bench.errors.contains(message), "\(bench.errors)")
    #expect(bench.requests.isEmpty && bench.out.isEmpty)
  }

  static let languages: [(line: String, environment: [String: String], isPortuguese: Bool)] = [
    ("jbo", [:], false), ("jbo --lang pt-BR", ["ESTEIRA_LANG": "en"], true),
    ("jbo", ["ESTEIRA_LANG": "pt-BR", "LANG": "en_US.UTF-8"], true), ("jbo", ["LANG": "pt_BR.UTF-8"], true),
    ("jbo", ["LC_ALL": "C", "LANG": "pt_BR.UTF-8"], false), ("jbo --lang=en", ["LANG": "pt_BR.UTF-8"], false),
  ]

  @Test("the language is the flag's, else ESTEIRA_LANG's, else the locale's", arguments: languages)
  func language(_ line: String, _ environment: [String: String], _ isPortuguese: Bool) async {
    let bench = TestBench(environment: environment)
    _ = await bench.run(line)
    #expect(bench.errors.contains("Não existe") == isPortuguese)
  }

  static let statuses: [(status: Int, exit: Int32)] = [
    (400, 2), (401, 4), (403, 4), (404, 3), (409, 6), (412, 6), (422, 2), (428, 6), (500, 7), (503, 7),
  ]

  @Test("each kind of refusal has its exit code, its code and its remedy", arguments: statuses)
  func refusal(_ status: Int, _ exit: Int32) async {
    let bench = TestBench { _ in
      let problem = ProblemDocument(
        status: status, code: "some-code", detail: "It is so.", remedy: "Do that.", requestID: "r1")
      return APIResponse(status: status, json: problem.json)
    }
    #expect(await bench.run("job get 019a0c3e") == exit)
    #expect(bench.errors == "esteira: It is so. [some-code]\n  Do that.\n  request_id r1\n")
  }

  static let unconnected: [(code: String, exit: Int32)] = [
    ("no-server", 7), ("no-store", 7), ("server-unreachable", 7), ("master-key-wrong", 7),
    ("store-in-use", 7),
    ("already-running", 6),
  ]

  @Test("a folder that cannot be used has its exit code", arguments: unconnected)
  func connection(_ code: String, _ exit: Int32) async {
    let bench = TestBench(connection: Problem(code, Bilingual("No.", pt: "Não.")))
    #expect(await bench.run("job get 019a0c3e --lang pt-BR") == exit)
    #expect(bench.errors == "esteira: Não. [\(code)]\n")
  }
}
