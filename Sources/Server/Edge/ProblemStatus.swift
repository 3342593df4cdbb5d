/// The one place where a code becomes an HTTP status.
public enum ProblemStatus {
  /// 422 for what is not listed: the request was understood, and its content is wrong. 400 is for what the
  /// schema of the endpoint refuses.
  public static func of(_ code: String) -> Int { table[code] ?? 422 }

  private static let table: [String: Int] = [
    "invalid-json": 400, "invalid-request": 400,
    "not-assignee": 403, "no-ask": 404, "ask-closed": 409,
    "ask-changed": 409, "not-allowed": 403, "unknown-endpoint": 404, "no-job": 404, "no-pipeline": 404,
    "no-step": 404, "unknown-artifact": 404, "unknown-credential": 404, "unknown-connection": 404,
    "unknown-connector": 404, "wrong-method": 405, "job-ended": 409, "step-ended": 409, "no-question": 409,
    "no-superseded-result": 409, "job-live": 409, "job-quarantined": 409, "pipeline-in-use": 409,
    "key-live": 409,
    "nothing-to-retry": 409,
    "credential-exists": 409, "credential-in-use": 409, "key-rotation-running": 409, "keys-in-use": 409,
    "invalid-credential": 422,
    "not-failed": 409, "conflict": 409, "not-owner": 409, "pipeline-paused": 409,
    "apply-in-progress": 409, "retention-running": 409, "skipped-by-limit": 409, "queue-full": 429,
    "node-full": 429,
    "revision-changed": 412, "request-too-large": 413, "history-damaged": 500, "internal": 500,
    "no-schedule": 404, "no-backfill": 404, "backfill-ended": 409, "schedule-refused": 409,
    "too-many-backfills": 429,
    "no-wait": 409, "signal-too-large": 413, "inbox-full": 429,
    "no-alert": 404, "no-heartbeat": 404, "no-mute": 404,
    "configured-heartbeat": 409, "too-many-heartbeats": 429, "watch-store": 503,
    "no-letter": 404, "letter-handled": 409, "letter-changed": 409, "letter-waits": 409,
    "contents-taken": 409,
    "no-destination": 404, "no-delivery": 404, "not-redeliverable": 409, "outbox-full": 429,
    "invalid-search": 400, "unsupported-media-type": 415, "precondition-required": 428,
    "pipeline-exists": 409, "count-changed": 409, "no-operation": 404, "too-many-operations": 429,
    "idempotency-in-flight": 409, "shown-once": 409,
    "read-only": 503, "stopping": 503, "store-unavailable": 503, "job-not-driven": 503,
    "unknown-channel": 400, "no-channel": 404, "channel-unavailable": 404,
    "store-full": 503, "not-yet-stored": 503,
    "not-signed-in": 401, "foreign-origin": 403, "password-change-required": 403, "rate-limited": 429,
    "sign-in-failed": 401, "second-factor-failed": 401, "session-ended": 401, "oidc-failed": 401,
    "needs-session": 403, "wrong-password": 403, "beyond-own-rights": 403, "oidc-unknown": 403,
    "oidc-off": 404, "no-account": 404, "no-group": 404, "no-role": 404, "no-role-binding": 404,
    "no-token": 404, "no-session": 404,
    "second-factor-state": 409, "no-password": 409, "last-admin": 409, "built-in-role": 409,
    "role-in-use": 409, "name-taken": 409, "access-limit": 409,
    "sign-in-limited": 429, "sign-in-locked": 429,
    "sign-in-busy": 503, "access-store": 503, "access-busy": 503, "access-key": 503,
    "oidc-unavailable": 503, "oidc-secret": 503,
    "no-namespace": 404,
  ]
}
