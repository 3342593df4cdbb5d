extension ProblemStatus {
  /// Of conditions, of what stands beside files, and of what comes from outside.
  static let ofThingsBeside: [String: Int] = [
    "precondition-failed": 412, "precondition-required": 428, "defined-in-file": 409, "schedule-exists": 409,
    "too-many-schedules": 429, "unknown-hook": 404, "hook-path-taken": 409, "trigger-full": 429,
    "no-queue": 404, "no-worker": 404, "no-setting": 404, "no-namespace": 404, "not-signed-in": 401,
  ]
}
