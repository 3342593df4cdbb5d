import Engine
import Model
import Net

/// `email.send`: one message through a mail server.
struct EmailSend: Connector {
  var description: ConnectorDescription { Self.description }

  private static let mostAttachments = 20
  private typealias Note = ConnectorDescription.FailureNote

  private static func addresses(_ meaning: String) -> JSON {
    ["type": ["array", "string"], "items": ["type": "string"], "description": .string(meaning)]
  }

  static let description = ConnectorDescription(
    name: "email.send",
    title: Bilingual("Send an e-mail", pt: "Enviar um e-mail"),
    summary: Bilingual(
      """
      Hands one message over to the mail server of the connection, with text, HTML and attachments. The \
      server has all recipients or none. Its `Message-ID` is the same for every attempt; with \
      `idempotent: true` a message whose end nobody knows is sent again, and some may get it twice.
      """,
      pt: """
        Entrega uma mensagem ao servidor de e-mail da conexão, com texto, HTML e anexos. O servidor aceita \
        todos os destinatários ou nenhum. O `Message-ID` é o mesmo em cada tentativa; com \
        `idempotent: true`, uma mensagem cujo fim ninguém conhece é enviada de novo, e alguns podem \
        recebê-la duas vezes.
        """),
    with: WebSchema.object(
      [
        ("to", addresses("`ana@example.com`, or `Ana <ana@example.com>`; up to 100 with `cc` and `bcc`.")),
        ("cc", addresses("Likewise.")), ("bcc", addresses("Get it, and stand nowhere in it.")),
        ("from", ["type": "string", "description": "That of the connection where missing."]),
        ("reply_to", ["type": "string"]),
        ("subject", ["type": "string", "minLength": 1, "description": "One line; at most 500 bytes."]),
        ("text", ["type": "string", "default": ""]),
        ("html", ["type": "string", "description": "Beside the text, for those who show it."]),
        (
          "attachments",
          [
            "type": "array", "items": ["type": "artifact"], "maxItems": .int(Int64(mostAttachments)),
            "description": "All together at most 32 MiB as they are sent.",
          ]
        ),
      ], required: ["to", "subject"]),
    output: [
      "type": "object",
      "properties": [
        "message_id": ["type": "string"],
        "recipients": ["type": "array", "items": ["type": "string"]],
      ],
      "required": ["message_id", "recipients"], "additionalProperties": false,
    ],
    effect: .onceUnlessIdempotent(warns: true), connection: .required(kind: MailPlace.kind),
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Send a report", pt: "Enviar um relatório"),
        yaml: """
          tell:
            uses: email.send
            connection: mail
            with:
              to: [ana@example.com, "Operações <ops@example.com>"]
              subject: The day is done
              text: The file is attached.
          """)
    ], failures: MailNotes.all)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let place = try MailPlace(attempt.connection, attempt.credential)
    let message = try await Self.message(attempt, place)
    do throws(MailFault) { try await place.server.send(message) } catch {
      throw Failure(error, isRepeatable: attempt.effect != .once)
    }
    return AttemptOutput([
      "message_id": .string("<\(message.id)>"),
      "recipients": .array(message.recipients.map { .string($0.mailbox) }),
    ])
  }

  private static func message(_ attempt: Attempt, _ place: MailPlace) async throws(Failure) -> MailMessage {
    let with = attempt.with
    guard let from = try with["from"].map({ json throws(Failure) in try address(json) }) ?? place.from else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "Nothing says who sends: give `from`, or a connection whose address has one.")
    }
    var message = MailMessage(
      from: from, to: try list(with["to"]), subject: with["subject"]?.string ?? "",
      text: with["text"]?.string ?? "", id: "\(attempt.stepKey)@\(place.server.host)",
      date: attempt.services.now().microseconds / 1_000_000)
    (message.cc, message.bcc) = (try list(with["cc"]), try list(with["bcc"]))
    message.replyTo = try with["reply_to"].map { json throws(Failure) in try address(json) }
    message.html = with["html"]?.string
    for (number, json) in (with["attachments"]?.array ?? []).enumerated() {
      message.attachments.append(try await attachment(json, number, attempt))
    }
    return message
  }

  private static func list(_ json: JSON?) throws(Failure) -> [MailAddress] {
    guard let json else { return [] }
    var all: [MailAddress] = []
    for element in json.array ?? [json] { all.append(try address(element)) }
    return all
  }

  private static func address(_ json: JSON) throws(Failure) -> MailAddress {
    guard let address = json.string.flatMap(MailAddress.init) else {
      throw Failure(
        .data, code: "invalid-mail",
        "`\((json.string ?? json.text).prefix(100))` is no address of mail, such as ana@example.com or Ana "
          + "<ana@example.com>.")
    }
    return address
  }

  private static func attachment(
    _ json: JSON, _ number: Int, _ attempt: Attempt
  ) async throws(Failure) -> MailMessage.Attachment {
    guard let handle = ArtifactHandle(json), handle.size <= MailMessage.largest else {
      throw Failure(.data, code: "invalid-mail", "An attachment is no artifact, or has more than 32 MiB.")
    }
    let path = attempt.services.workFolder + "/attachment-\(number)"
    try await attempt.services.fetchArtifact(handle.sha256, path)
    let bytes = await OwnThread.run { SmallFile.read(path, limit: MailMessage.largest) }
    guard let bytes else { throw .workFolder(5) }
    return MailMessage.Attachment(name: handle.name, mediaType: handle.mediaType, bytes: bytes)
  }
}

/// What mail is refused for.
enum MailNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let all: [ConnectorDescription.FailureNote] = [
    Note(
      .data, code: "invalid-mail",
      Bilingual(
        "an address is none, a header has a line break, or it is too large",
        pt: "um endereço não existe, um cabeçalho tem quebra de linha, ou é grande demais"),
      remedy: Bilingual(
        "Clean texts from outside before use.", pt: "Limpe textos de fora antes de usá-los.")),
    Note(
      .data, code: "mail-refused",
      Bilingual("the server refuses it for good (5xx)", pt: "o servidor recusa de vez (5xx)"),
      remedy: Bilingual("The message has the server's words.", pt: "A mensagem traz as palavras dele.")),
    Note(
      .transient, code: "mail-deferred",
      Bilingual("the server does not take it now (4xx)", pt: "o servidor não aceita agora (4xx)"),
      remedy: Bilingual("`retry` waits for it.", pt: "`retry` espera por ele.")),
    Note(
      .credential, code: "mail-login",
      Bilingual("user or password are not taken", pt: "usuário ou senha não são aceitos"),
      remedy: Bilingual("Set the credential again.", pt: "Defina a credencial de novo.")),
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "it is not of kind `smtp`, or its address is not complete",
        pt: "ela não é do tipo `smtp`, ou o endereço não está completo"),
      remedy: Bilingual("Apply the connection anew.", pt: "Aplique a conexão de novo.")),
    Note(
      .credential, code: "unusable-credential",
      Bilingual(
        "the credential has another type or lacks a value",
        pt: "a credencial é de outro tipo ou falta um valor"),
      remedy: Bilingual("Set one of the type `smtp`.", pt: "Defina uma do tipo `smtp`.")),
    Note(
      .configuration, code: "tls",
      Bilingual("no secure connection can be had", pt: "não há conexão segura"),
      remedy: Bilingual(
        "Check `security`, the host's name and its certificate.",
        pt: "Confira `security`, o nome do host e o certificado.")),
    Note(
      .configuration, code: "egress-refused",
      Bilingual("the address is private and not allowed", pt: "o endereço é privado e não foi permitido"),
      remedy: Bilingual("Allow it in the connection's `egress`.", pt: "Permita-o em `egress` da conexão.")),
    Note(
      .transient, code: "unreachable",
      Bilingual(
        "nobody answers there, or the name is unknown", pt: "ninguém responde ali, ou o nome é desconhecido"),
      remedy: Bilingual(
        "Check the address; `retry` waits for it.", pt: "Confira o endereço; `retry` espera por ele.")),
    Note(
      .lost, code: "effect-unknown",
      Bilingual(
        "the message was out when the connection ended", pt: "a mensagem já tinha saído quando a conexão caiu"
      ),
      remedy: Bilingual(
        "See whether it arrived; `idempotent: true` sends it again.",
        pt: "Veja se chegou; `idempotent: true` envia de novo.")),
  ]
}
