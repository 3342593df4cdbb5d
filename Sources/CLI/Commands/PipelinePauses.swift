import API
import Model

/// `pipeline pause NAME`
enum PipelinePause {
  static let spec = CommandSpec(
    "pipeline pause",
    Bilingual(
      "lets a pipeline take no new jobs; live jobs go on",
      pt: "faz um pipeline não aceitar jobs novos; os vivos continuam"),
    arguments: [.pipeline],
    flags: [
      FlagSpec(
        "--reason", value: "TEXT",
        Bilingual(
          "for those who find it paused (required)", pt: "para quem o encontrar pausado (obrigatório)")
      ),
      FlagSpec(
        "--until", value: "TIME",
        Bilingual(
          "when it ends by itself: a time, or a duration from now such as 2h",
          pt: "quando acaba por si: uma hora, ou uma duração a partir de agora, como 2h")),
    ],
    examples: [
      .init(
        "esteira pipeline pause demo/hello --reason \"the site is down\" --until 2h",
        Bilingual("who, why and until when", pt: "quem, por quê e até quando"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let reason = call.value("--reason"), !reason.isEmpty else {
      throw UsageError(
        Bilingual("A pause needs --reason.", pt: "Uma pausa precisa de --reason."),
        remedy: Bilingual(
          "Say why, for those who find it paused.", pt: "Diga por quê, para quem o encontrar pausado."))
    }
    let request = PauseRequest(
      id: try call.identifier(call.arguments[0]), reason: reason, until: try call.coming("--until"))
    let item = try await call.withClient(.writing) { try await $0.call(PipelineCalls.pause, request) }
    let name = "\(item.namespace)/\(item.name)"
    let words = Words(language: call.language)
    call.show(["\(name): " + (item.pause.map(words.pause) ?? "")], json: item.json, id: name)
    return .done
  }
}

/// `pipeline resume NAME`
enum PipelineResume {
  static let spec = CommandSpec(
    "pipeline resume", Bilingual("ends the pause of a pipeline", pt: "encerra a pausa de um pipeline"),
    arguments: [.pipeline],
    examples: [
      .init(
        "esteira pipeline resume demo/hello", Bilingual("it takes jobs again", pt: "volta a aceitar jobs"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = NamePath(id: try call.identifier(call.arguments[0]))
    let item = try await call.withClient(.writing) { try await $0.call(PipelineCalls.resume, path) }
    let name = "\(item.namespace)/\(item.name)"
    call.show(
      ["\(name): " + call.text(Bilingual("takes new jobs", pt: "aceita jobs novos"))], json: item.json,
      id: name)
    return .done
  }
}

extension ArgumentSpec {
  static let pipeline = ArgumentSpec("PIPELINE", Bilingual("namespace/name", pt: "espaço/nome"))
}

extension Words {
  /// `paused by local:ana until …: reason`.
  func pause(_ pause: PauseItem) -> String {
    let end = pause.until.map { Bilingual(" until \(time($0))", pt: " até \(time($0))")[language] } ?? ""
    return Bilingual("paused by \(pause.by)", pt: "pausado por \(pause.by)")[language]
      + end + ": " + pause.reason.printable
  }
}

extension Invocation {
  /// A moment, or a duration from now such as `2h`.
  func coming(_ flag: String) throws(UsageError) -> Timestamp? {
    guard let text = value(flag) else { return nil }
    if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") { return time }
    if let ahead = Duration(text: text), ahead > .zero { return bench.now() + ahead }
    throw UsageError(
      Bilingual(
        "\(flag) takes a time such as 2026-11-20, 2026-11-20T09:00:00Z or 2h, not \"\(text)\".",
        pt: "\(flag) aceita uma hora como 2026-11-20, 2026-11-20T09:00:00Z ou 2h, não \"\(text)\"."))
  }
}
