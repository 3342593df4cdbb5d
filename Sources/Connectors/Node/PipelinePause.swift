import Engine
import Model

/// `esteira.pause`: lets a pipeline rest, with the rights of the running one.
struct PipelinePause: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "esteira.pause",
    title: Bilingual("Pause a pipeline", pt: "Pausar um pipeline"),
    summary: Bilingual(
      """
      Lets the triggers and the admission of a pipeline rest; jobs that live go on. A pipeline that rests \
      already stays as it is, with the person who paused it. Needs the right `pause` in `esteira.yaml`.
      """,
      pt: """
        Deixa os gatilhos e a admissão de um pipeline em repouso; jobs vivos seguem. Um pipeline já em pausa \
        fica como está, com a pessoa que o pausou. Precisa do direito `pause` no `esteira.yaml`.
        """),
    with: WebSchema.object(
      [
        NodeNotes.pipeline,
        (
          "reason", ["type": "string", "minLength": 1, "maxLength": 1000, "description": "What people read."]
        ),
      ], required: ["pipeline", "reason"]),
    output: WebSchema.object(
      [
        ("pipeline", ["type": "string"]),
        ("paused_by", ["type": "string", "description": "Who paused it, this step or somebody before."]),
        ("already", ["type": "boolean", "description": "True where it rested before."]),
      ], required: ["pipeline", "paused_by", "already"]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Before a purge", pt: "Antes de uma limpeza"),
        yaml: """
          pause: {uses: esteira.pause, with: {pipeline: daily-ingest, reason: purge}}
          """)
    ], failures: NodeNotes.acting)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let target = try NodeNotes.target(attempt)
    let answer = try await attempt.services.control.pause(target, attempt.with["reason"]?.string ?? "")
    return AttemptOutput([
      "pipeline": .string(target.description), "paused_by": .string(answer.by),
      "already": .bool(!answer.isOurs),
    ])
  }
}

/// `esteira.resume`: ends a pause.
struct PipelineResume: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "esteira.resume",
    title: Bilingual("Resume a pipeline", pt: "Retomar um pipeline"),
    summary: Bilingual(
      """
      Ends the pause of a pipeline; of one that does not rest nothing changes. With `only_if_paused_by` it \
      ends only a pause that a step of that job made: what a person paused stays paused. Needs the right \
      `resume` in `esteira.yaml`.
      """,
      pt: """
        Encerra a pausa de um pipeline; um que não está em pausa não muda. Com `only_if_paused_by` encerra \
        só uma pausa feita por um passo daquele job: o que uma pessoa pausou continua em pausa. Precisa do \
        direito `resume` no `esteira.yaml`.
        """),
    with: WebSchema.object(
      [
        NodeNotes.pipeline,
        ("only_if_paused_by", ["type": "string", "description": "The id of a job."]),
      ], required: ["pipeline"]),
    output: WebSchema.object(
      [
        ("pipeline", ["type": "string"]),
        ("resumed", ["type": "boolean", "description": "False where there was no such pause."]),
      ], required: ["pipeline", "resumed"]),
    effect: .always(.keyed),
    examples: [
      .init(
        Bilingual("Whatever happened in between", pt: "Aconteça o que acontecer no meio"),
        yaml: """
          resume: {uses: esteira.resume, with: {pipeline: daily-ingest, only_if_paused_by: "${{ job.id }}"}}
          """)
    ],
    failures: NodeNotes.acting + [
      .init(
        .data, code: "bad-job-id",
        Bilingual("`only_if_paused_by` is no id of a job", pt: "`only_if_paused_by` não é o id de um job"),
        remedy: Bilingual("Write `${{ job.id }}`.", pt: "Escreva `${{ job.id }}`."))
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let target = try NodeNotes.target(attempt)
    var job: ID<Job>?
    if let text = attempt.with["only_if_paused_by"]?.string {
      guard let id = ID<Job>(text) else {
        throw Failure(
          .data, code: "bad-job-id", "`\(text.prefix(100))` is no id of a job. Write ${{ job.id }}.")
      }
      job = id
    }
    let isResumed = try await attempt.services.control.resume(target, job)
    return AttemptOutput(["pipeline": .string(target.description), "resumed": .bool(isResumed)])
  }
}
