import Engine
import Model

/// `shell`: a script for bash, or for sh.
struct Shell: Connector {
  let children: ChildProcesses
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "shell",
    title: Bilingual("Shell script", pt: "Script de shell"),
    summary: Bilingual(
      """
      Runs a script with `bash -eo pipefail` (or `sh -e`) in a fresh folder and a clean environment. What it \
      writes as a JSON object to `$ESTEIRA_OUTPUT` joins the output; each file in `$ESTEIRA_ARTIFACTS` \
      becomes \
      an artifact. Exit 75 is `transient`, 64 and 78 `configuration`, 65 `data`, 77 `credential`, others \
      `exit`.
      """,
      pt: """
        Executa um script com `bash -eo pipefail` (ou `sh -e`) em uma pasta nova e um ambiente limpo. O \
        objeto \
        JSON que ele escreve em `$ESTEIRA_OUTPUT` entra na saída; cada arquivo em `$ESTEIRA_ARTIFACTS` \
        vira um \
        artefato. Saída 75 é `transient`, 64 e 78 `configuration`, 65 `data`, 77 `credential`, as demais \
        `exit`.
        """),
    with: ScriptDescription.with([
      ScriptDescription.run, ScriptDescription.program,
      (
        "shell", ["enum": ["bash", "sh"], "default": "bash", "description": "Which shell reads the script."]
      ),
    ]),
    output: ScriptDescription.output,
    effect: .onceUnlessIdempotent(warns: false), connection: .optional(kind: "*"), verbatim: ["run"],
    fileKeys: ["program", "files"], place: .process,
    examples: [
      .init(
        Bilingual("Count lines", pt: "Contar linhas"),
        yaml: """
          count:
            uses: shell
            with:
              run: |
                lines=$(printf '%s' "$TEXT" | wc -l)
                echo "{\\"lines\\": $lines}" > "$ESTEIRA_OUTPUT"
              env: {TEXT: "one\\ntwo\\n"}
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
    try ScriptRun(attempt, children: children) { input, path throws(Failure) in
      .shell(input.shell, script: path)
    }
  }
}
