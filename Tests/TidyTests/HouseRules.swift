/// What this project does not write, with what to write instead and the files that may, each with its reason.
/// A rule that only a reviewer knows is not a rule: each one is a line here.
struct HouseRule {
  enum Place {
    /// Code below `Sources`.
    case sources
    /// Code below `Sources` and `Tests`.
    case swift
    /// Also comments and texts.
    case everything
  }

  /// A text is found as a word: `print(` is not found in `fingerprint(`.
  let text: String
  let instead: String
  var place = Place.swift
  /// By file name.
  var allowed: [String: String] = [:]

  static let all: [HouseRule] = [
    HouseRule(
      text: "@unchecked Sendable", instead: "a Mutex or an actor",
      allowed: ["Inbox.swift": "waits on a condition, which Mutex does not have"]),
    HouseRule(text: "nonisolated(unsafe)", instead: "a Mutex or an actor"),
    HouseRule(text: "unsafeBitCast", instead: "a wrapper of a C handle"),
    HouseRule(text: "DispatchQueue", instead: "structured concurrency, or a thread behind an executor"),
    HouseRule(text: "Task.detached", instead: "a task group"),
    HouseRule(
      text: "Task.sleep", instead: "a wait for an event or a clock that is passed in", place: .sources,
      allowed: [
        "Executor.swift": "a planned stop's bound and an attempt's own pauses, which no fact sees",
        "HTTPEdge.swift": "the heartbeat of an open stream, which no fact sees",
        "main.swift": "gives the commands their clock",
        "Program.swift": "gives the logs their clock",
        "Serving.swift": "the bound of what a start waits for, which no fact sees",
      ]),
    HouseRule(text: "Date()", instead: "a clock that is passed in"),
    HouseRule(text: "Any", instead: "JSON, or a struct"),
    HouseRule(text: "try!", instead: "a thrown error"),
    HouseRule(text: "as!", instead: "a type that cannot be wrong"),
    HouseRule(text: "fatalError(", instead: "a thrown error, or a precondition with a sentence"),
    HouseRule(text: "print(", instead: "the console that the command was given", place: .sources),
    HouseRule(text: "import Foundation", instead: "FoundationEssentials, or Glibc", place: .sources),
    HouseRule(text: "import Dispatch", instead: "structured concurrency", place: .sources),
    HouseRule(text: "// MARK:", instead: "a smaller file", place: .everything),
    HouseRule(text: "TO" + "DO", instead: "an issue", place: .everything),
    HouseRule(text: "FIX" + "ME", instead: "the fix", place: .everything),
    HouseRule(text: "XX" + "X", instead: "a sentence", place: .everything),
  ]

  func matches(_ line: some StringProtocol) -> Bool {
    line.ranges(of: text).contains { range in
      let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
      let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
      return !(Self.isWord(text.first) && Self.isWord(before))
        && !(Self.isWord(text.last) && Self.isWord(after))
    }
  }

  private static func isWord(_ character: Character?) -> Bool {
    character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
  }
}

/// How long things may be. A limit is only ever lowered; an exception has a reason.
enum Length {
  static let columns = 110
  static let file = 400
  static let function = 50

  /// By file name.
  static let longFiles: [String: String] = [:]
  /// By file name and function: `Reader.swift parse`.
  static let longFunctions: [String: String] = [
    "FactCoding.swift append": "one case for each fact, without a decision",
    "Fold.swift apply": "one case for each fact, without a decision",
  ]
}

/// Files whose switches over an enum may end in `default` or `case _`, each with its reason.
enum Exhaustive {
  static let allowed: [String: String] = [:]
}

/// Which modules a module may import: the direction of `docs/architecture.md`, one line each.
enum Direction {
  static let allowed: [String: Set<String>] = [
    "Model": [],
    "Crypto": ["COpenSSL"],
    "Expressions": ["Model", "Crypto", "CRE2"],
    "Pipelines": ["Model", "Crypto", "Expressions", "CYAML"],
    "Engine": ["Model", "Expressions", "Pipelines", "Crypto"],
    "Watchdog": ["Model"],
    "Access": ["Model", "Crypto"],
    "API": ["Model"],
    "Net": [
      "Crypto", "CCurl", "CHiredis", "CKafka", "CLLHTTP", "CODBC", "COpenSSL", "CPostgres", "CRabbitMQ",
      "CSQLite", "CSystem", "CWslay", "CXML", "CZlib",
    ],
    "Stores": ["Model", "Pipelines", "Engine", "Watchdog", "Access", "Crypto", "CSQLite", "CSystem"],
    "Connectors": [
      "Model", "Expressions", "Pipelines", "Engine", "Net", "Crypto", "CArchive", "CXML", "CSystem",
    ],
    "Server": ["Model", "Pipelines", "Engine", "Watchdog", "Access", "API", "Net", "Crypto"],
    "CLI": ["Model", "Expressions", "Pipelines", "API", "Crypto"],
    "esteira": [
      "Model", "Expressions", "Pipelines", "Engine", "Watchdog", "Access", "API", "Net", "Stores",
      "Connectors", "Server", "CLI", "Crypto", "CSystem",
    ],
    "Bench": ["Model", "Pipelines", "Engine", "Stores", "Crypto", "CSQLite", "CSystem"],
    "Simulate": ["Model", "Pipelines", "Engine", "Stores", "Crypto"],
    "Fuzz": ["Model", "Expressions", "Pipelines", "Engine", "Net", "Connectors", "CFuzzer"],
  ]

  /// What the machine and the toolchain bring.
  static let outside: Set<String> = ["FoundationEssentials", "Glibc", "Swift", "Synchronization", "Testing"]
}
