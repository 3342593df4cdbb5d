import API
import Model

extension FlagSpec {
  fileprivate static let key = FlagSpec(
    "--key", value: "KEY", Bilingual("which wait is meant", pt: "qual espera é a certa"))
  fileprivate static let payload = FlagSpec(
    "--payload", value: "FILE|-|JSON",
    Bilingual("what the wait gives; null without it", pt: "o que a espera dá; sem ela, null"))
  fileprivate static let once = FlagSpec(
    "--idempotency-key", value: "KEY",
    Bilingual("the same key counts once", pt: "a mesma chave conta uma vez"))
}

/// `job signal JOB NAME`
enum JobSignal {
  static let spec = CommandSpec(
    "job signal", Bilingual("gives a waiting job its message", pt: "dá a mensagem a um job que espera"),
    arguments: [.job, ArgumentSpec("NAME", Bilingual("of the signal", pt: "do sinal"))],
    flags: [.key, .payload, .once],
    examples: [
      .init(
        "esteira job signal 019a0c3e paid --payload '{\"amount\": 12}'",
        Bilingual("the step goes on with it", pt: "o passo segue com ela"))
    ],
    run: { call in
      let request = SignalToJob(
        id: call.arguments[0], name: call.arguments[1], key: call.value("--key"),
        payload: try call.payload(), idempotencyKey: call.value("--idempotency-key"))
      return try await call.withClient(.writing) { client in
        call.show(try await client.call(SignalCalls.sendToJob, request), request.name)
        return .done
      }
    })
}

/// `signal send NAMESPACE/NAME`
enum SignalSend {
  static let spec = CommandSpec(
    "signal send",
    Bilingual(
      "gives a message to whoever waits, now or later", pt: "dá uma mensagem a quem espera ou esperar"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: [
      .key, .payload, .once,
      FlagSpec(
        "--keep", value: "TIME",
        Bilingual("how long it is kept; 24h without it", pt: "por quanto tempo fica; sem ela, 24h")),
    ],
    examples: [
      .init(
        "esteira signal send shop/paid --key order-7 --payload paid.json",
        Bilingual("to one wait with this key", pt: "para uma espera com esta chave"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let parts = call.arguments[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw UsageError(
        Bilingual(
          "\"\(call.arguments[0])\" is not namespace/name.", pt: "\"\(call.arguments[0])\" não é espaço/nome."
        ),
        remedy: Bilingual("Such as: shop/paid", pt: "Por exemplo: shop/paid"))
    }
    let request = SignalToInbox(
      namespace: String(parts[0]), name: String(parts[1]), key: call.value("--key") ?? "",
      payload: try call.payload(), idempotencyKey: call.value("--idempotency-key"),
      keep: call.value("--keep"))
    return try await call.withClient(.writing) { client in
      call.show(try await client.call(SignalCalls.send, request), request.name)
      return .done
    }
  }
}

/// `signal ls`
enum SignalList {
  static let spec = CommandSpec(
    "signal ls", Bilingual("lists the signals that came", pt: "lista os sinais que chegaram"),
    flags: [
      FlagSpec("--limit", value: "N", Bilingual("at most, up to 200", pt: "no máximo, até 200"))
    ],
    examples: [
      .init(
        "esteira signal ls --namespace shop",
        Bilingual("waiting, taken and expired ones", pt: "os que esperam, os pegos e os vencidos"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let query = SignalsQuery(
      namespace: call.value("--namespace"), limit: try call.integer("--limit", in: 1...200))
    let page = try await call.withClient(.reading) { try await $0.call(SignalCalls.list, query) }
    var listing = Listing(
      columns: [
        Bilingual("id", pt: "id"), Bilingual("signal", pt: "sinal"), Bilingual("key", pt: "chave"),
        Bilingual("state", pt: "estado"), Bilingual("received", pt: "chegou"),
        Bilingual("expires", pt: "vence"), Bilingual("repeated", pt: "repetido"),
      ], empty: Bilingual("No signal came.", pt: "Nenhum sinal chegou."))
    for item in page.items {
      listing.rows.append(
        .init(
          cells: [
            Words.short(item.id), "\(item.namespace)/\(item.name)".printable, item.key.printable,
            item.state, item.receivedAt.rfc3339, item.expiresAt.rfc3339, String(item.duplicates),
          ], json: item.json, id: item.id))
    }
    call.show(listing)
    return .done
  }
}

extension Invocation {
  /// A JSON text where it reads as one, else a file.
  fileprivate func payload() throws -> JSON {
    guard let value = value("--payload") else { return .null }
    // Text that is not JSON names a file, so a failure to read it says nothing is wrong.
    if value != "-", let json = try? JSON(parsing: value) { return json }
    return try readJSON(value, "--payload")
  }

  fileprivate func show(_ result: SignalResult, _ name: String) {
    let jobs = result.delivered.map(Words.short).joined(separator: ", ")
    let what =
      if result.isDuplicate {
        Bilingual("came before, and was dropped.", pt: "já tinha chegado, e foi descartado.")
      } else if result.isKept {
        Bilingual("nobody waits for it; it is kept.", pt: "ninguém espera por ele; fica guardado.")
      } else {
        Bilingual("given to \(jobs).", pt: "entregue a \(jobs).")
      }
    show(["\(name.printable): \(text(what))"], json: result.json, id: result.id)
  }
}
