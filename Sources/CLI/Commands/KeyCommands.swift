import API
import Crypto
import Model

/// `key status`
enum KeyStatusCommand {
  static let spec = CommandSpec(
    "key status",
    Bilingual(
      "lists the master keys, never the keys themselves",
      pt: "lista as chaves mestras, nunca as próprias chaves"),
    examples: [
      .init(
        "esteira key status",
        Bilingual("and how far a rotation is", pt: "e em que ponto está uma rotação"))
    ],
    run: { call in
      call.show(try await call.withClient(.reading) { try await $0.call(KeyCalls.status, Nothing()) })
      return .done
    })
}

/// `key rotate` and `key forget`
enum KeyRotate {
  /// Two looks a second: an hour, after which it goes on without a watcher.
  private static let mostLooks = 7_200

  static let spec = CommandSpec(
    "key rotate",
    Bilingual(
      "makes a new master key; the server goes on while what is stored is sealed anew",
      pt: "cria uma nova chave mestra; o servidor segue enquanto o que está guardado é selado de novo"),
    flags: [
      FlagSpec(
        "--watch", Bilingual("waits until all is sealed anew", pt: "espera até tudo ser selado de novo"))
    ],
    examples: [
      .init("esteira key rotate --watch", Bilingual("then export the key file", pt: "depois exporte a chave"))
    ],
    run: { call in
      let status = try await call.withClient(.writing) { client in
        var status = try await client.call(KeyCalls.rotate, Nothing())
        var looks = 0
        while call.has("--watch"), status.rotation?.endedAt == nil, looks < mostLooks {
          looks += 1
          try await call.bench.sleep(.milliseconds(500))
          status = try await client.call(KeyCalls.status, Nothing())
        }
        return status
      }
      call.show(status)
      return (status.rotation?.unreadable ?? 0) > 0 ? .failure : .done
    })

  static let forget = CommandSpec(
    "key forget",
    Bilingual(
      "takes retired keys out of the key file; older backups then need a copy of it",
      pt: "tira as chaves aposentadas do arquivo; backups antigos passam a precisar de uma cópia dele"),
    examples: [
      .init("esteira key forget", Bilingual("after a key was leaked", pt: "depois que uma chave vazou"))
    ],
    run: { call in
      call.show(try await call.withClient(.writing) { try await $0.call(KeyCalls.forget, Nothing()) })
      return .done
    })
}

/// `key export`
enum KeyExportCommand {
  static let spec = CommandSpec(
    "key export",
    Bilingual("copies the key file, protected, to another place", pt: "copia o arquivo de chaves, protegido"),
    arguments: [
      ArgumentSpec("FILE", Bilingual("a file that is not there yet", pt: "um arquivo que não existe"))
    ],
    flags: [
      FlagSpec(
        "--recipient", value: "AGE1…", repeated: true,
        Bilingual(
          "encrypts it for this age key; may be repeated", pt: "cifra para esta chave age; pode repetir")
      ),
      FlagSpec(
        "--passphrase-file", value: "FILE",
        Bilingual(
          "under the passphrase in this file; - asks at the terminal",
          pt: "sob a frase secreta deste arquivo; - pergunta no terminal")),
      FlagSpec(
        "--plain",
        Bilingual("as it is: whoever reads it has the keys", pt: "sem proteção: quem o lê tem as chaves")),
    ],
    examples: [
      .init(
        "esteira key export backup.key --recipient age1…",
        Bilingual("off this machine with it", pt: "e leve-o para fora desta máquina"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let wish = KeyExport(data: call.data, target: call.arguments[0], protection: try protection(call))
    let ids = try await call.bench.keys.export(wish)
    let named = ids.map(String.init).joined(separator: ", ")
    call.show(
      [call.text(Bilingual("\(wish.target): keys \(named)", pt: "\(wish.target): chaves \(named)"))],
      json: .object(
        JSONObject([("file", .string(wish.target)), ("keys", .array(ids.map { .int(Int64($0)) }))])),
      id: wish.target)
    return .done
  }

  private static func protection(_ call: Invocation) throws -> KeyExport.Protection {
    var recipients: [AgeRecipient] = []
    for text in call.values("--recipient") {
      guard let recipient = AgeRecipient(text) else {
        throw UsageError(
          Bilingual("\"\(text)\" is no age recipient.", pt: "\"\(text)\" não é um destinatário age."))
      }
      recipients.append(recipient)
    }
    switch (recipients.isEmpty, call.value("--passphrase-file"), call.has("--plain")) {
    case (false, nil, false): return .age(recipients)
    case (true, "-"?, false): return .passphrase(nil)
    case (true, let file?, false): return .passphrase(file)
    case (true, nil, true): return .none
    case (_, _, _):
      throw UsageError(
        Bilingual(
          "Give one of --recipient, --passphrase-file and --plain.",
          pt: "Dê um só de --recipient, --passphrase-file e --plain."))
    }
  }
}

/// `key verify`
enum KeyVerify {
  static let spec = CommandSpec(
    "key verify",
    Bilingual(
      "checks that the key file opens the store of the data folder",
      pt: "confere se o arquivo de chaves abre o armazenamento da pasta de dados"),
    flags: [
      FlagSpec(
        "--file", value: "FILE", Bilingual("an exported one instead", pt: "um exportado em vez dele"))
    ],
    examples: [
      .init("esteira key verify --file backup.key", Bilingual("a copy", pt: "uma cópia"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let findings = try await call.bench.keys.verify(call.data, call.value("--file"))
    var listing = Listing(
      columns: [
        Bilingual("KEY", pt: "CHAVE"), Bilingual("STATE", pt: "ESTADO"), Bilingual("OPENS", pt: "ABRE"),
      ], empty: Bilingual("The store has no key.", pt: "O armazenamento não tem chave."))
    listing.rows = findings.map { finding in
      let opens =
        switch finding.opens {
        case true?: Bilingual("yes", pt: "sim")
        case false?: Bilingual("no", pt: "não")
        case nil: Bilingual("not in the file", pt: "não está no arquivo")
        }
      return Listing.Row(
        cells: ["\(finding.id)", finding.state, call.text(opens)],
        json: .object(
          JSONObject([
            ("id", .int(Int64(finding.id))), ("state", .string(finding.state)),
            ("opens", finding.opens.map(JSON.bool) ?? .null),
          ])), id: "\(finding.id)")
    }
    call.show(listing)
    return !findings.isEmpty && findings.allSatisfy(\.isSound) ? .done : .failure
  }
}

extension Invocation {
  fileprivate func show(_ status: KeyStatus) {
    let words = Words(language: language)
    let columns = [
      Bilingual("KEY", pt: "CHAVE"), Bilingual("STATE", pt: "ESTADO"),
      Bilingual("FINGERPRINT", pt: "IMPRESSÃO"), Bilingual("MADE", pt: "CRIADA"), Bilingual("BY", pt: "POR"),
    ]
    var lines = Table.lines(
      [columns.map { text($0) }]
        + status.keys.map { key in
          let absent = Bilingual("not in the key file", pt: "fora do arquivo de chaves")
          return [
            "\(key.id)", key.state, key.fingerprint ?? text(absent), words.time(key.createdAt),
            key.createdBy.printable,
          ]
        })
    if let protection = status.protection {
      lines.append(text(Bilingual("protected by: \(protection)", pt: "protegida por: \(protection)")))
    }
    if let rotation = status.rotation {
      let count = rotation.rewrapped
      lines.append(
        rotation.endedAt.map { ended in
          text(
            Bilingual(
              "last rotation: to key \(rotation.target), \(count) sealed anew, ended \(words.time(ended))",
              pt: "última rotação: para a chave \(rotation.target), \(count) selados de novo, "
                + "terminou \(words.time(ended))"))
        }
          ?? text(
            Bilingual(
              "rotating to key \(rotation.target): \(rotation.stage ?? ""), \(count) sealed anew",
              pt: "rotação para a chave \(rotation.target): \(rotation.stage ?? ""), \(count) selados de novo"
            )))
      if rotation.unreadable > 0 {
        lines.append(
          text(
            Bilingual(
              "\(rotation.unreadable) could not be opened and were left as they are",
              pt: "\(rotation.unreadable) não puderam ser abertos e ficaram como estão")))
      }
    }
    show(lines, json: status.json, id: "\(status.active)")
  }
}
