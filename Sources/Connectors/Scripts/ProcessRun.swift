import Engine
import Model

/// `process.run`: a program beside the pipeline, or one of the system by its absolute path.
struct ProcessRun: Connector {
  let children: ChildProcesses
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "process.run",
    title: Bilingual("Program", pt: "Programa"),
    summary: Bilingual(
      """
      Runs a program in a fresh folder and a clean environment; all else is as for `shell`. A relative path \
      is a file beside the pipeline, which a revision keeps; an absolute one is a program of the machine, \
      taken as it is there. A file without an `#!` line runs with Python if its name ends with `.py`, with \
      bash if it ends with `.sh`.
      """,
      pt: """
        Executa um programa em uma pasta nova e um ambiente limpo; o resto é como em `shell`. Um caminho \
        relativo é um arquivo ao lado do pipeline, que a revisão guarda; um absoluto é um programa da \
        máquina, usado como está lá. Um arquivo sem linha `#!` roda com Python se o nome termina em `.py`, \
        com bash se termina em `.sh`.
        """),
    with: ScriptDescription.with([ScriptDescription.machineProgram], required: ["program"]),
    output: ScriptDescription.output,
    effect: .onceUnlessIdempotent(warns: false), connection: .optional(kind: "*"),
    fileKeys: ["program", "files"], machineKeys: ["program"], place: .process,
    examples: [
      .init(
        Bilingual("A program of the machine", pt: "Um programa da máquina"),
        yaml: """
          system:
            uses: process.run
            with: {program: /usr/bin/uname, arguments: [-s]}
          """),
      .init(
        Bilingual("A scraper beside the pipeline", pt: "Um coletor ao lado do pipeline"),
        yaml: """
          collect:
            uses: process.run
            with: {program: scrapers/custom.py, arguments: ["--source", aneel]}
            timeout: 15m
          """),
    ], failures: ScriptNotes.all)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await run(attempt).execute()
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    try await run(attempt).outcomeOfLost()
  }

  private func run(_ attempt: Attempt) throws(Failure) -> ScriptRun {
    try ScriptRun(attempt, children: children) { _, path throws(Failure) in try .file(path) }
  }
}
