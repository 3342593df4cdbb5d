/// What a command ends with. Scripts rely on the numbers.
public enum ExitCode: Int32, Sendable, CaseIterable {
  case done = 0
  /// A watched job did not succeed, or a check found something.
  case failure = 1
  case usage = 2
  case notFound = 3
  case notAllowed = 4
  /// `--timeout` passed; the job goes on.
  case timeout = 5
  case conflict = 6
  case unreachable = 7
  case partial = 8
  case needsAttention = 9
  case interrupted = 130

  init(httpStatus: Int) {
    switch httpStatus {
    case 401, 403: self = .notAllowed
    case 404: self = .notFound
    case 409, 412, 428: self = .conflict
    // What may be asked again later: a rate, a lockout, a full queue.
    case 429, 500...599: self = .unreachable
    case _: self = .usage
    }
  }

  /// Of a problem that arose on this side of the transport.
  init(code: String) {
    switch code {
    case "already-running": self = .conflict
    case "unknown-setting", "unknown-credential": self = .notFound
    case "server-unreachable", "no-server", "no-store", "data-folder", "read-only", "internal",
      "wrong-answer":
      self = .unreachable
    case _ where code.hasPrefix("store-") || code.hasPrefix("master-key-"): self = .unreachable
    case _: self = .usage
    }
  }
}
