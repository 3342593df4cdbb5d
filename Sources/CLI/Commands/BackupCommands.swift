import API
import Model

extension FlagSpec {
  fileprivate static let folder = FlagSpec(
    "--to", value: "DIR", Bilingual("the folder of backups", pt: "a pasta dos backups"))
  fileprivate static let keyFile = FlagSpec(
    "--key", value: "FILE",
    Bilingual(
      "the master key (else the backup's own, else the data folder's)",
      pt: "a chave mestra (senão a do backup, senão a da pasta de dados)"))
}

/// `backup create`
enum BackupCreate {
  static let spec = CommandSpec(
    "backup create",
    Bilingual(
      "copies the data folder while it is used; without --to the server does, into its own folder",
      pt: "copia a pasta de dados em uso; sem --to o servidor copia, na pasta dele"),
    flags: [
      .folder,
      FlagSpec(
        "--with-key",
        Bilingual(
          "with master.key: whoever has the backup can then read everything",
          pt: "com master.key: quem tiver o backup poderá ler tudo")),
    ],
    examples: [
      .init(
        "esteira backup create --to /mnt/backups",
        Bilingual("store, artifacts, objects and logs", pt: "armazenamento, artefatos, objetos e logs"))
    ], run: run)

  /// Between two questions how far the server is.
  static let pause = Duration.milliseconds(200)

  static func run(_ call: Invocation) async throws -> ExitCode {
    if call.value("--to") == nil, !call.has("--with-key") {
      return try await call.operation { try await $0.call(BackupCalls.create, Nothing()) }
    }
    let wish = BackupWish(data: call.data, target: try call.needed("--to"), withKey: call.has("--with-key"))
    let report = try await call.bench.backups.create(wish)
    var lines = [report.path, "  " + call.text(report.summary(Words(language: call.language)))]
    if !report.holdsKey {
      lines.append(
        "  "
          + call.text(
            Bilingual(
              "Without master.key, which it needs: keep a copy of it apart.",
              pt: "Sem master.key, de que ele precisa: guarde uma cópia dela à parte.")))
    }
    if !call.isQuiet { call.show(lines, json: report.json, id: report.path) }
    for path in report.missing {
      call.console.error(
        call.text(
          Bilingual(
            "\(path) is known to the store and is not there.",
            pt: "\(path) consta no armazenamento e não está lá.")))
    }
    return report.missing.isEmpty ? .done : .partial
  }
}

/// `backup ls`
enum BackupList {
  static let spec = CommandSpec(
    "backup ls",
    Bilingual(
      "lists the backups of a folder, or without --to those of the server",
      pt: "lista os backups de uma pasta, ou sem --to os do servidor"),
    flags: [.folder],
    examples: [
      .init("esteira backup ls --to /mnt/backups", Bilingual("newest first", pt: "os mais novos primeiro"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("BACKUP", pt: "BACKUP"), Bilingual("CREATED", pt: "CRIADO"), Bilingual("JOBS", pt: "JOBS"),
        Bilingual("SIZE", pt: "TAMANHO"), Bilingual("KEY", pt: "CHAVE"),
      ], empty: Bilingual("There is no backup here.", pt: "Não há backup aqui."))
    let (yes, no) = (Bilingual("inside", pt: "dentro"), Bilingual("apart", pt: "à parte"))
    if call.value("--to") == nil {
      let items = try await call.withClient(.writing) { try await $0.call(BackupCalls.list, Nothing()) }.items
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.id.printable, item.createdAt.rfc3339, "\(item.jobs)", words.size(item.bytes),
            call.text(item.holdsKey ? yes : no),
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    }
    listing.rows = try await call.bench.backups.list(try call.needed("--to")).map { report in
      Listing.Row(
        cells: [
          report.path, report.createdAt.rfc3339, "\(report.jobs)", words.size(report.bytes),
          call.text(report.holdsKey ? yes : no),
        ], json: report.json, id: report.path)
    }
    call.show(listing)
    return .done
  }
}

/// `backup verify BACKUP`
enum BackupVerify {
  static let spec = CommandSpec(
    "backup verify",
    Bilingual(
      "compares every file with the manifest, checks the store, and folds every history",
      pt: "compara cada arquivo com o manifesto, confere o armazenamento e refaz cada histórico"),
    arguments: [
      ArgumentSpec(
        "BACKUP",
        Bilingual(
          "the folder of one, with a /, or the name of one of the server's",
          pt: "a pasta de um deles, com /, ou o nome de um do servidor"))
    ],
    flags: [.keyFile],
    examples: [
      .init(
        "esteira backup verify /mnt/backups/esteira-20261126T090000Z-1f2e3d",
        Bilingual("exits 1 when something is wrong", pt: "sai com 1 se algo está errado"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    if !call.arguments[0].contains("/") {
      let name = BackupName(id: call.arguments[0])
      return try await call.operation { try await $0.call(BackupCalls.verify, name) }
    }
    let source = BackupSource(path: call.arguments[0], key: call.value("--key"), data: call.data)
    return call.tell(try await call.bench.backups.verify(source, call.language))
  }
}

/// `backup restore --from BACKUP --to DATA`
enum BackupRestore {
  static let spec = CommandSpec(
    "backup restore",
    Bilingual(
      "makes a data folder of a backup; the key is checked first",
      pt: "faz de um backup uma pasta de dados; a chave é conferida antes"),
    flags: [
      FlagSpec("--from", value: "BACKUP", Bilingual("the folder of one", pt: "a pasta de um deles")),
      FlagSpec(
        "--to", value: "DIR",
        Bilingual("the new data folder, missing or empty", pt: "a nova pasta de dados, ausente ou vazia")),
      .keyFile,
      FlagSpec(
        "--drill",
        Bilingual(
          "into a scratch folder, which is read whole and removed",
          pt: "em uma pasta temporária, que é lida inteira e removida")),
    ],
    examples: [
      .init(
        "esteira backup restore --from /mnt/backups/esteira-20261126T090000Z-1f2e3d --drill",
        Bilingual("proves that it can be restored", pt: "prova que ele pode ser restaurado")),
      .init(
        "esteira backup restore --from /mnt/backups/esteira-20261126T090000Z-1f2e3d --to ./data "
          + "--key /media/stick/master.key",
        Bilingual("then start a server on it", pt: "depois inicie um servidor nela")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let source = BackupSource(path: try call.needed("--from"), key: call.value("--key"), data: call.data)
    let isDrill = call.has("--drill")
    if isDrill, call.has("--to") {
      throw UsageError(
        Bilingual("A drill has a folder of its own.", pt: "Um ensaio tem a sua própria pasta."),
        remedy: Bilingual("Leave out --to or --drill.", pt: "Retire --to ou --drill."))
    }
    let target = isDrill ? nil : try call.needed("--to")
    return call.tell(try await call.bench.backups.restore(source, target, call.language))
  }
}

extension Invocation {
  /// Begins it, waits for its end and says what came of it.
  fileprivate func operation(_ begin: (Client) async throws -> StartedWork) async throws -> ExitCode {
    try await withClient(.writing) { client in
      let path = OperationPath(id: try await begin(client).operation)
      var item = try await client.call(OperationCalls.get, path)
      while item.state == "running" {
        try await bench.sleep(BackupCreate.pause)
        item = try await client.call(OperationCalls.get, path)
      }
      guard let outcome = item.items.first else { return .failure }
      if let code = outcome.code {
        console.error("\((outcome.message ?? "").printable) [\(code.printable)]")
        return .failure
      }
      let name = outcome.backup ?? ""
      let end =
        outcome.faults.isEmpty
        ? Bilingual("ok", pt: "ok")
        : Bilingual("\(outcome.faults.count) faults", pt: "\(outcome.faults.count) falhas")
      show(
        [name.printable] + outcome.faults.map { "  " + $0.printable } + [text(end)], json: outcome.json,
        id: name)
      return outcome.faults.isEmpty ? .done : .failure
    }
  }

  func needed(_ flag: String) throws(UsageError) -> String {
    if let value = value(flag), !value.isEmpty { return value }
    throw UsageError(
      Bilingual("\(spec.name) needs \(flag).", pt: "\(spec.name) precisa de \(flag)."),
      remedy: Bilingual("See: esteira \(spec.name) --help", pt: "Veja: esteira \(spec.name) --help"))
  }

  fileprivate func tell(_ findings: BackupFindings) -> ExitCode {
    var lines = [findings.report.path, "  " + text(findings.report.summary(Words(language: language)))]
    if let opened = findings.opened {
      lines.append(
        "  "
          + text(
            Bilingual(
              "\(opened.jobs) histories folded, \(opened.artifacts) artifacts opened",
              pt: "\(opened.jobs) históricos refeitos, \(opened.artifacts) artefatos abertos")))
    } else {
      lines.append(
        "  "
          + text(
            Bilingual(
              "histories and artifacts were not opened, which needs the key (--key)",
              pt: "históricos e artefatos não foram abertos, o que exige a chave (--key)")))
    }
    lines += findings.faults.map { "  " + $0 }
    lines.append(
      findings.faults.isEmpty
        ? text(Bilingual("ok", pt: "ok"))
        : text(Bilingual("\(findings.faults.count) faults", pt: "\(findings.faults.count) falhas")))
    if !isQuiet || !findings.faults.isEmpty { show(lines, json: findings.json, id: findings.report.path) }
    return findings.faults.isEmpty ? .done : .failure
  }
}

extension BackupReport {
  fileprivate func summary(_ words: Words) -> Bilingual {
    let size = words.size(bytes)
    return Bilingual(
      "\(jobs) jobs, \(files) files, \(size), of \(createdAt.rfc3339)",
      pt: "\(jobs) jobs, \(files) arquivos, \(size), de \(createdAt.rfc3339)")
  }

  fileprivate var json: JSON {
    [
      "path": .string(path), "created_at": .string(createdAt.rfc3339), "esteira": .string(version),
      "jobs": .int(jobs), "files": .int(Int64(files)), "bytes": .int(bytes), "holds_key": .bool(holdsKey),
      "missing": .array(missing.map { .string($0) }),
    ]
  }
}

extension BackupFindings {
  fileprivate var json: JSON {
    [
      "backup": report.json,
      "opened": opened.map { ["jobs": .int(Int64($0.jobs)), "artifacts": .int(Int64($0.artifacts))] }
        ?? .null,
      "faults": .array(faults.map { .string($0) }),
    ]
  }
}
