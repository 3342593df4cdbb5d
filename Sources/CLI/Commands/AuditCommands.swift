import API
import Model

/// `audit ls`
enum AuditList {
  static let spec = CommandSpec(
    "audit ls",
    Bilingual("who changed or read what, newest first", pt: "quem alterou ou leu o quê, o mais novo antes"),
    flags: [
      FlagSpec("--since", value: "TIME", Bilingual("a time, or -2h", pt: "uma hora, ou -2h")),
      FlagSpec("--until", value: "TIME", Bilingual("a time, or -2h", pt: "uma hora, ou -2h")),
      FlagSpec("--actor", value: "NAME", Bilingual("by whom", pt: "por quem")),
      FlagSpec("--action", value: "WORD", Bilingual("such as pipelines:update", pt: "como pipelines:update")),
      FlagSpec(
        "--outcome", value: "WORD",
        Bilingual("intent, done, refused, failed or read", pt: "intent, done, refused, failed ou read")),
      .sort(AuditListQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most; else 50", pt: "no máximo; senão 50")),
    ],
    examples: [
      .init("esteira audit ls --since -24h --actor ana", Bilingual("since yesterday", pt: "desde ontem"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let most = try call.integer("--limit", in: 1...10_000) ?? 50
    var wish = AuditListQuery(
      namespace: call.namespace, actor: call.value("--actor"), action: call.value("--action"),
      outcome: call.value("--outcome"), since: try call.moment("--since"), until: try call.moment("--until"))
    wish.sort = try call.sort(AuditListQuery.schema)
    let items = try await call.withClient(.reading) { [wish] client in
      try await client.items(limit: most) { cursor, limit in
        var query = wish
        (query.cursor, query.limit) = (cursor, limit)
        return try await client.call(AuditCalls.list, query)
      }
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("ROW", pt: "LINHA"), Bilingual("AT", pt: "QUANDO"), Bilingual("WHO", pt: "QUEM"),
        Bilingual("ACTION", pt: "AÇÃO"), Bilingual("OUTCOME", pt: "RESULTADO"),
        Bilingual("WHAT", pt: "O QUÊ"),
        Bilingual("FROM", pt: "DE"),
      ], empty: Bilingual("There are no such entries.", pt: "Não há entradas assim."))
    listing.rows = items.map { item in
      let what = [item.namespace, item.resourceType, item.resourceID].compactMap { $0 }.filter { !$0.isEmpty }
      return Listing.Row(
        cells: [
          String(item.sequence), words.time(item.at), item.actor.printable, item.action.printable,
          item.outcome,
          what.joined(separator: " ").printable, item.address.printable,
        ], json: item.json, id: String(item.sequence))
    }
    call.show(listing)
    return .done
  }
}

/// `audit verify`
enum AuditVerify {
  static let spec = CommandSpec(
    "audit verify",
    Bilingual(
      "checks that no entry was changed or taken away", pt: "confere que nada foi alterado ou retirado"),
    flags: [
      FlagSpec(
        "--heads", value: "FILE",
        Bilingual("heads that were kept elsewhere, or -", pt: "cabeças guardadas em outro lugar, ou -")),
      FlagSpec(
        "--file", value: "FILE",
        Bilingual(
          "an export in place of the server's own rows, on any machine; or -",
          pt: "uma exportação no lugar das linhas do servidor, em qualquer máquina; ou -")),
      FlagSpec(
        "--key", value: "HEX",
        Bilingual(
          "the public key that the export must be signed with",
          pt: "a chave pública com que a exportação deve estar assinada")),
    ],
    examples: [
      .init(
        "esteira audit verify --heads heads.jsonl",
        Bilingual("exits 1 when something is wrong", pt: "sai com 1 se algo está errado")),
      .init(
        "esteira audit verify --file audit.jsonl --heads heads.jsonl",
        Bilingual("away from the installation", pt: "longe da instalação")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let heads = try call.value("--heads").map { file in
      String(decoding: try call.readInput(file), as: UTF8.self)
    }
    guard let file = call.value("--file") else {
      if call.has("--key") {
        throw UsageError(Bilingual("--key goes with --file.", pt: "--key acompanha --file."))
      }
      let verdict = try await call.withClient(.reading) {
        try await $0.call(AuditCalls.verify, AuditVerifyRequest(heads: heads))
      }
      return tell(verdict, call)
    }
    let wish = AuditFiles.Wish(file: file, heads: heads, key: call.value("--key"))
    let (verdict, key) = try await call.bench.auditFiles.verify(wish, call.language)
    if !call.isQuiet {
      call.console.error(call.text(Bilingual("public key", pt: "chave pública")) + ": \(key.printable)")
    }
    return tell(verdict, call)
  }

  private static func tell(_ verdict: AuditVerdict, _ call: Invocation) -> ExitCode {
    let count = Bilingual(
      "\(verdict.rows) entries, \(verdict.heads) heads",
      pt: "\(verdict.rows) entradas, \(verdict.heads) cabeças")
    let state =
      verdict.isIntact ? Bilingual("intact", pt: "íntegra") : Bilingual("NOT INTACT", pt: "NÃO ÍNTEGRA")
    call.show(
      ["\(call.text(state)): \(call.text(count))"] + verdict.faults.map { "  " + $0.printable },
      json: verdict.json, id: verdict.isIntact ? "intact" : "broken")
    return verdict.isIntact ? .done : .failure
  }
}

/// `audit export`
enum AuditExportCommand {
  static let spec = CommandSpec(
    "audit export",
    Bilingual(
      "writes all entries with their hashes and signed heads into one file",
      pt: "grava todas as entradas com hashes e cabeças assinadas em um arquivo"),
    flags: [
      FlagSpec(
        "--out", value: "FILE|-",
        Bilingual("the file; - is standard output", pt: "o arquivo; - é a saída padrão"))
    ],
    examples: [
      .init(
        "esteira audit export --out audit.jsonl",
        Bilingual("for audit verify --file", pt: "para audit verify --file"))
    ],
    run: { call in
      let name = call.value("--out") ?? "-"
      try await call.withClient(.reading) { client in
        guard name != "-" else {
          return try await client.bytes(AuditCalls.export, Nothing()) { call.console.bytes($0) }
        }
        let size = try await client.save(AuditCalls.export, Nothing(), to: name)
        if call.isQuiet { return }
        call.show(
          ["\(name)  \(Words(language: call.language).size(size))"],
          json: ["file": .string(name), "size": .int(size)], id: name)
      }
      return .done
    })
}

/// `audit heads`
enum AuditHeadsCommand {
  static let spec = CommandSpec(
    "audit heads",
    Bilingual(
      "signed ends of the chains, to be kept away from this machine",
      pt: "pontas assinadas das cadeias, para guardar longe desta máquina"),
    flags: [
      FlagSpec("--since", value: "DAY", Bilingual("such as 2026-11-20", pt: "como 2026-11-20")),
      FlagSpec("--out", value: "FILE", Bilingual("the lines go there", pt: "as linhas vão para lá")),
    ],
    examples: [
      .init("esteira audit heads --out heads.jsonl", Bilingual("for audit verify", pt: "para audit verify"))
    ],
    run: { call in
      let query = AuditHeadsQuery(since: call.value("--since"))
      let heads = try await call.withClient(.reading) { try await $0.call(AuditCalls.heads, query) }
      let key = call.text(Bilingual("public key", pt: "chave pública")) + ": \(heads.publicKey.printable)"
      if let name = call.value("--out") {
        let file = try FileWriter(name)
        try file.write(Array(heads.lines.utf8))
        try file.close()
        if !call.isQuiet { call.console.error(key) }
        return .done
      }
      switch call.format {
      case .table, .id: call.console.bytes(Array(heads.lines.utf8))
      case .json: call.console.out(heads.json.prettyText)
      case .jsonl: call.console.out(heads.json.text)
      }
      if call.format == .table, !call.isQuiet { call.console.error(key) }
      return .done
    })
}
