import Model

/// The keys of each map of the format.
struct KeyTable: Sendable {
  let known: [String]

  static let top = KeyTable(
    known: [
      "apiVersion", "id", "namespace", "title", "description", "labels", "inputs", "key", "vars", "triggers",
      "defaults", "deadline", "steps", "on_failure", "on_cancel", "finally", "after_each", "outputs",
      "concurrency", "rate_limit", "priority", "fair_key", "log_file", "correlation", "privacy", "job_labels",
      "access", "expect",
    ])

  static let kinds = ["uses", "steps", "choose", "value", "call", "ask", "wait", "end"]

  static let step = KeyTable(
    known: kinds + [
      "with", "connection", "credential", "if", "needs", "for_each", "as", "key", "max_parallel",
      "allow_failed", "keep", "repeat", "retry", "timeout", "queue_timeout", "deadline", "idempotent",
      "output", "batch", "rescue", "on_failure", "on_cancel", "finally", "on_kill",
    ] + ofAttempts)

  /// What only attempts of connectors have.
  static let ofAttempts = [
    "queue", "priority", "isolation", "concurrency", "exclusive", "rate_limit", "circuit", "cache",
  ]

  static let branch = KeyTable(known: step.known + ["else"])
  static let rescue = KeyTable(known: step.known + ["classes"])
  static let handlers = ["on_failure", "on_cancel", "finally"]
  private static let question = [
    "title", "show", "to", "requester_may_answer", "quorum", "expires", "on_expiry", "remind", "escalate",
  ]
  static let approval = KeyTable(known: question)
  static let ask = KeyTable(known: question + ["choices"])
  static let people = KeyTable(known: ["users", "groups"])
  static let escalation = KeyTable(known: ["after", "to"])
  static let choice = KeyTable(known: ["label", "approves", "form"])
  static let wait = KeyTable(known: ["for", "until", "signal"])
  static let signal = KeyTable(known: ["name", "key", "schema", "broadcast"])
  static let call = KeyTable(known: ["pipeline", "inputs", "revision", "detach"])
  static let end = KeyTable(known: ["status", "class", "message", "outputs"])
  static let defaults = KeyTable(known: ["retry", "isolation", "connectors"])
  static let connectorDefaults = KeyTable(
    known: [
      "with", "connection", "credential", "retry", "timeout", "queue_timeout", "deadline", "idempotent",
    ] + ofAttempts)
  static let retry = KeyTable(known: ["attempts", "backoff", "classes"])
  static let backoff = KeyTable(known: ["initial", "factor", "max", "jitter"])
  static let loop = KeyTable(known: ["max", "carry", "until", "next", "delay", "on_max"])
  static let forEach = KeyTable(known: ["lines"])
  static let concurrency = KeyTable(known: ["key", "scope", "limit", "when_full", "max_queued"])
  static let rateLimit = KeyTable(known: ["scope", "key", "limit", "per"])
  static let circuit = KeyTable(known: ["key", "failures", "recover_after"])
  static let cache = KeyTable(known: ["key", "for"])
  static let access = KeyTable(known: ["owner"])
  static let deliver = KeyTable(known: ["signal", "key", "payload", "unmatched"])
  static let unmatched = KeyTable(known: ["keep", "then"])

  static let trigger = KeyTable(
    known: [
      "schedule", "queue", "webhook", "files", "pipeline", "if", "inputs", "idempotency_key",
      "enabled", "deliver",
    ])
  static let triggerKinds = ["schedule", "queue", "webhook", "files", "pipeline"]
}

/// Words that name nothing: CEL's own, and those of our paths.
enum Names {
  private static let reserved: Set<String> = [
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if",
    "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    "steps", "output", "outputs",
  ]
  static let longest = 63

  /// `[a-z][a-z0-9_]{0,62}`, no word of CEL, none of `steps`, `output`, `outputs`.
  static func isName(_ text: String) -> Bool {
    isPlain(text, also: "_") && !reserved.contains(text)
  }

  /// `[a-z][a-z0-9_]*`: of connections and credentials.
  static func isConnection(_ text: String) -> Bool { isPlain(text, also: "_") }

  /// `[a-z0-9-]`, beginning with a letter or digit: of pipelines and namespaces.
  static func isID(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...longest).contains(bytes.count), bytes.first != UInt8(ascii: "-") else { return false }
    return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// Of the queues of workers: `[a-z0-9][a-z0-9_-]{0,62}`.
  static func isQueue(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...longest).contains(bytes.count), isLetter(bytes[0]) || isDigit(bytes[0]) else { return false }
    return bytes.allSatisfy {
      isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
  }

  private static func isPlain(_ text: String, also: Unicode.Scalar) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...longest).contains(bytes.count), isLetter(bytes[0]) else { return false }
    return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: also) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
