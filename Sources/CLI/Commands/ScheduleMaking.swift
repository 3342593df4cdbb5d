import API
import Model

/// `schedule create SCHEDULE`
enum ScheduleCreate {
  static let spec = CommandSpec(
    "schedule create",
    Bilingual(
      "makes a schedule beside the pipeline's file",
      pt: "cria um agendamento ao lado do arquivo do pipeline"),
    arguments: [
      ArgumentSpec("SCHEDULE", Bilingual("namespace/pipeline/name", pt: "espaço/pipeline/nome"))
    ],
    flags: [
      FlagSpec(
        "--cron", value: "LINE",
        Bilingual("such as '0 6 * * 1-5' (required)", pt: "como '0 6 * * 1-5' (obrigatório)")),
      FlagSpec(
        "--zone", value: "ZONE",
        Bilingual("such as America/Sao_Paulo; UTC if missing", pt: "como America/Sao_Paulo; sem ela, UTC")),
      FlagSpec(
        "--dialect", value: "unix|seconds|quartz",
        Bilingual("how the line is written; unix if missing", pt: "como a linha é escrita; sem ela, unix")),
      FlagSpec(
        "--overlap", value: "RULE",
        Bilingual("while a job of it is live; skip if missing", pt: "com um job dele vivo; sem ela, skip")),
      FlagSpec("--jitter", value: "DURATION", Bilingual("such as 30s", pt: "como 30s")),
      FlagSpec(
        "--calendar", value: "SETTING",
        Bilingual("days on which nothing starts", pt: "dias em que nada inicia")),
      FlagSpec(
        "--inputs", value: "JSON",
        Bilingual("what each job is given, an object", pt: "o que cada job recebe, um objeto")),
    ],
    examples: [
      .init(
        "esteira schedule create demo/hello/morning --cron '0 6 * * *' --zone America/Sao_Paulo",
        Bilingual("no apply takes it away", pt: "nenhum apply o remove"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let parts = call.arguments[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
      throw UsageError(
        Bilingual(
          "\"\(call.arguments[0])\" is not namespace/pipeline/name.",
          pt: "\"\(call.arguments[0])\" não é espaço/pipeline/nome."))
    }
    guard let cron = call.value("--cron") else {
      throw UsageError(
        Bilingual("--cron is missing.", pt: "Falta --cron."),
        remedy: Bilingual("Write it as --cron '0 6 * * *'.", pt: "Escreva como --cron '0 6 * * *'."))
    }
    let rule = ScheduleRule(
      cron: cron, timezone: call.value("--zone"), dialect: call.value("--dialect"),
      overlap: call.value("--overlap"), jitter: call.value("--jitter"), calendar: call.value("--calendar"),
      inputs: try inputs(call))
    let request = ScheduleRequest(pipeline: "\(parts[0])~\(parts[1])", name: parts[2], rule: rule)
    let made = try await call.withClient(.writing) { try await $0.call(ScheduleChangeCalls.create, request) }
    call.showSchedule(made.item)
    return .done
  }

  private static func inputs(_ call: Invocation) throws(UsageError) -> JSONObject {
    guard let text = call.value("--inputs") else { return JSONObject() }
    // What is wrong with it matters less than what it should be.
    guard case .object(let inputs)? = try? JSON(parsing: text) else {
      throw UsageError(
        Bilingual("--inputs takes a JSON object.", pt: "--inputs aceita um objeto JSON."),
        remedy: Bilingual(
          "Write it like --inputs '{\"name\": \"Ana\"}'.", pt: "Escreva como --inputs '{\"name\": \"Ana\"}'.")
      )
    }
    return inputs
  }
}

/// `schedule delete SCHEDULE`
enum ScheduleDelete {
  static let spec = CommandSpec(
    "schedule delete",
    Bilingual(
      "removes a schedule that stands beside the file",
      pt: "remove um agendamento que está ao lado do arquivo"),
    arguments: [.schedule],
    examples: [
      .init(
        "esteira schedule delete demo/hello/morning",
        Bilingual("its jobs go on", pt: "os jobs dele continuam"))
    ],
    run: { call in
      let path = SchedulePath(id: try call.schedule(call.arguments[0]))
      _ = try await call.withClient(.writing) { try await $0.call(ScheduleChangeCalls.delete, path) }
      call.show(
        [call.text(Bilingual("deleted", pt: "apagado"))], json: path.json,
        id: path.id.replacing("~", with: "/"))
      return .done
    })
}
