import Engine
import Model

/// `python`: a script for `python3 -u`.
struct Python: Connector {
  let children: ChildProcesses
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "python",
    title: Bilingual("Python script", pt: "Script Python"),
    summary: Bilingual(
      """
      Runs a script with `python3 -u` in a fresh folder and a clean environment; all else is as for `shell`.
      """,
      pt: """
        Executa um script com `python3 -u` em uma pasta nova e um ambiente limpo; o resto é como em `shell`.
        """),
    with: ScriptDescription.with([ScriptDescription.run, ScriptDescription.program]),
    output: ScriptDescription.output,
    effect: .onceUnlessIdempotent(warns: false), connection: .optional(kind: "*"), verbatim: ["run"],
    fileKeys: ["program", "files"], place: .process,
    examples: [
      .init(
        Bilingual("Sum a list", pt: "Somar uma lista"),
        yaml: """
          sum:
            uses: python
            with:
              run: |
                import json, os
                numbers = json.load(open(os.environ["ESTEIRA_DATA"]))
                json.dump({"total": sum(numbers)}, open(os.environ["ESTEIRA_OUTPUT"], "w"))
              data: [1, 2, 3]
          """)
    ], failures: ScriptNotes.all,
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] { ScriptDescription.checkSource(with) }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await run(attempt).execute()
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    try await run(attempt).outcomeOfLost()
  }

  private func run(_ attempt: Attempt) throws(Failure) -> ScriptRun {
    try ScriptRun(attempt, children: children) { _, path throws(Failure) in .python(script: path) }
  }
}
