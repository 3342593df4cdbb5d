import API
import Model

/// `pipeline delete NAME`
enum PipelineDelete {
  static let spec = CommandSpec(
    "pipeline delete",
    Bilingual(
      "takes a pipeline away; its revisions stay for the jobs that refer to them",
      pt: "retira um pipeline; as revisões ficam para os jobs que se referem a elas"),
    arguments: [.pipeline],
    flags: [
      FlagSpec(
        "--jobs", value: "refuse|drain|cancel",
        Bilingual(
          "what becomes of live jobs: refuse (usual) keeps the pipeline while it has any",
          pt: "o que acontece com jobs vivos: refuse (o usual) mantém o pipeline enquanto houver algum"))
    ],
    examples: [
      .init(
        "esteira pipeline delete demo/hello --jobs drain",
        Bilingual(
          "takes no new jobs; a later apply goes on with its revision numbers",
          pt: "não aceita jobs novos; um apply posterior continua a numeração das revisões"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let request = DeleteRequest(id: try call.identifier(call.arguments[0]), jobs: call.value("--jobs"))
    let deleted = try await call.withClient(.writing) { try await $0.call(PipelineCalls.delete, request) }
    let name = deleted.id.replacing("~", with: "/")
    let count = deleted.jobs.count
    let jobs = count == 0 ? "" : call.text(Bilingual("; live jobs: \(count)", pt: "; jobs vivos: \(count)"))
    call.show(
      [name + call.text(Bilingual(": deleted", pt: ": retirado")) + jobs], json: deleted.json, id: name)
    return .done
  }
}
