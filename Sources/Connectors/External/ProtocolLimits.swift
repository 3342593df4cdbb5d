/// What a program may say, and for how long it may be silent. `docs/connector-protocol.md` shows them.
enum ProtocolLimits {
  /// One message: the largest output, the words around it, and escapes.
  static let line = 8 << 20
  static let lines = 1_000_000
  /// All messages of one attempt.
  static let bytes = 1 << 30
  static let output = 4 << 20
  static let checkpoint = 1 << 20
  /// Longer texts of the log are cut, as everywhere.
  static let logText = 65_536
  static let failureText = 4_096
  static let masks = 200
  static let shortestMask = 4
  static let longestMask = 4_096
  static let artifacts = 1_000
  static let inputArtifacts = 1_000
  static let longestRetryAfter: Double = 86_400

  /// From the start to `hello`, or to the answer to `initialize`.
  static let opening: Duration = .seconds(30)
  static let validating: Duration = .seconds(60)
  static let cleaning: Duration = .seconds(30)
  /// From the last word to the end of the process.
  static let leaving: Duration = .seconds(5)
  /// From a cancel to the end of the process; the operator's `cancel_grace` may be shorter.
  static let cancelling: Duration = .seconds(5)
  /// Of that, what stays between SIGTERM and SIGKILL at level 2, where a message came before.
  static let killing: Duration = .seconds(1)
  /// Progress is logged at most so often.
  static let progressPause: Duration = .seconds(1)
}
