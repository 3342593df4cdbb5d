public import Model
internal import Pipelines

/// A message that is handed to a trigger by a person or a program, as its queue would.
public struct HandedMessage: Sendable {
  public var pipeline: PipelineName
  public var trigger: String
  public var message: JSON
  /// A second message with the same key is the same message.
  public var idempotencyKey: String?
  /// Such as `local:ana`.
  public var actor: String

  /// Of the message as JSON text, in bytes.
  public static let longest = 1 << 20
  /// Of the idempotency key, in bytes.
  public static let longestKey = 512

  public init(
    pipeline: PipelineName, trigger: String, message: JSON, idempotencyKey: String? = nil, actor: String
  ) {
    (self.pipeline, self.trigger, self.message) = (pipeline, trigger, message)
    (self.idempotencyKey, self.actor) = (idempotencyKey, actor)
  }
}

/// What became of something that a trigger was given, once that is durable.
public enum TriggerOutcome: Sendable {
  case started(StartedJob)
  case delivered(SignalReceipt)
  /// The trigger's `if` says no.
  case filtered
  /// It waits: its pipeline is paused, a limit is full, or the rest of its join has not come.
  case stored(ID<TriggerMessage>, reason: Bilingual)
  /// Nothing can be made of it; it is kept for a person.
  case deadLetter(Problem)
  /// A limit with `when_full: skip` turned it away; a row says so.
  case refused(Problem)

  /// Whether a job has had what came.
  var isUse: Bool {
    switch self {
    case .started, .delivered: true
    case .filtered, .stored, .deadLetter, .refused: false
    }
  }
}

/// What comes to a trigger, before it has a row.
struct TriggerArrival: Sendable {
  var id: ID<TriggerMessage>
  var pipeline: PipelineName
  var trigger: String
  var kind: String
  var state = TriggerMessageRow.State.waiting
  var key: String
  var group: String?
  var part: String?
  var actor: String
  var body: JSON

  var place: TriggerLines.Place {
    let backfill = kind == TriggerMessageRow.backfillKind ? group.flatMap { ID<Backfill>($0) } : nil
    return TriggerLines.Place(pipeline, trigger, backfill: backfill)
  }
}

/// Where a job comes from, where a trigger started it.
struct TriggerOrigin: Sendable {
  var name: String
  var kind: String
  var at: Timestamp
  /// What `trigger` has besides: `message`, `files` and `batch_sha256`, `job` or `jobs`.
  var members: JSONObject
  /// Used where the trigger's file gives none.
  var defaultKey: String
  /// The jobs whose ends and calls led here, oldest first (S33).
  var lineage: [JSON] = []
  /// Its due times' jobs are made by a backfill.
  var backfill: ID<Backfill>?
  /// The trigger itself, where it stands beside the file.
  var added: TriggerPlan?
}

/// The chain of jobs that started each other by their ends or called each other, which must not go on for
/// ever (S33).
enum Lineage {
  /// Jobs in a chain.
  static let deepest = 20
  /// How often one pipeline may stand in the chain within an hour.
  static let mostSelf = 10
  static let window = Duration.seconds(3_600)

  static func entry(_ pipeline: PipelineName, _ job: ID<Job>, at time: Timestamp) -> JSON {
    [
      "pipeline": .string(pipeline.description), "job": .string(job.description), "at": .string(time.rfc3339),
    ]
  }

  /// Why the chain must not go on to this pipeline; nil where it may.
  static func loop(_ lineage: [JSON], to pipeline: PipelineName, at now: Timestamp) -> Problem? {
    let own = lineage.filter { entry in
      guard entry["pipeline"]?.string == pipeline.description,
        let at = entry["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
      else { return false }
      return now - at <= window
    }
    guard lineage.count >= deepest || own.count > mostSelf else { return nil }
    return Problem(
      "trigger-loop",
      Bilingual(
        "\(pipeline) would be started by the end of its own chain of \(lineage.count) jobs.",
        pt: "\(pipeline) seria iniciado pelo fim da própria cadeia de \(lineage.count) jobs."),
      remedy: Bilingual(
        "Give the trigger an if: that ends the chain.", pt: "Dê ao gatilho um if: que encerre a cadeia."))
  }
}
