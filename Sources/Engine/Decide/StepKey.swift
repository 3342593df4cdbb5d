internal import Crypto
public import Model

/// The name under which the outside knows a step execution, whatever the attempt.
public enum StepKey {
  /// 32 hex digits over job, path and round.
  public static func text(job: ID<Job>, path: String, round: Int = 1) -> String {
    String(SHA256.hex(Array("\(job)/\(path)/\(round)".utf8)).prefix(32))
  }
}
