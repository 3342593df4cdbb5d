import Model

/// What the connectors of the web refuse or meet.
enum WebNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let calling: [ConnectorDescription.FailureNote] = [
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "nothing says where to ask, or `egress` is no CIDR block",
        pt: "nada diz onde perguntar, ou `egress` não é um bloco CIDR"),
      remedy: Bilingual(
        "Give `url`, or a connection with a `url`.", pt: "Indique `url`, ou uma conexão com `url`.")),
    Note(
      .configuration, code: "foreign-url",
      Bilingual("`url` leads elsewhere than the connection", pt: "`url` leva para outro lugar que a conexão"),
      remedy: Bilingual("Use `path`, or another connection.", pt: "Use `path`, ou outra conexão.")),
    Note(
      .data, code: "invalid-request",
      Bilingual(
        "address or headers cannot be sent", pt: "o endereço ou os cabeçalhos não podem ser enviados"),
      remedy: Bilingual(
        "Check for blanks, line breaks and the scheme.", pt: "Confira espaços, quebras de linha e o esquema.")
    ),
    Note(
      .configuration, code: "egress-refused",
      Bilingual("the address is private and not allowed", pt: "o endereço é privado e não foi permitido"),
      remedy: Bilingual("Allow it in the connection's `egress`.", pt: "Permita-o em `egress` da conexão.")),
    Note(
      .credential, code: "unusable-credential",
      Bilingual(
        "the credential has another type or lacks a value",
        pt: "a credencial é de outro tipo ou falta um valor"),
      remedy: Bilingual("Set the credential again.", pt: "Defina a credencial de novo.")),
    Note(
      .data, code: "http-status",
      Bilingual(
        "an unexpected status; 429 is `rate_limited`, 408 and 5xx `transient`, 401 and 403 `credential`",
        pt: "o status não é esperado; 429 é `rate_limited`, 408 e 5xx `transient`, 401 e 403 `credential`"),
      remedy: Bilingual(
        "Name other statuses in `expect`, or `retry`.", pt: "Cite outros status em `expect`, ou `retry`.")),
    Note(
      .transient, code: "unreachable",
      Bilingual(
        "nobody answers there, or the name is unknown", pt: "ninguém responde ali, ou o nome é desconhecido"),
      remedy: Bilingual(
        "Check the address; `retry` waits for it.", pt: "Confira o endereço; `retry` espera por ele.")),
    Note(
      .data, code: "redirect",
      Bilingual(
        "it is sent on to where it may not go, or too often",
        pt: "é desviado para onde não pode ir, ou vezes demais"),
      remedy: Bilingual("Use the address that it ends at.", pt: "Use o endereço final.")),
    Note(
      .outputTooLarge, code: "answer-too-large",
      Bilingual("the answer is larger than allowed", pt: "a resposta é maior do que o permitido"),
      remedy: Bilingual(
        "Use `http.download`, or raise `max_size`.", pt: "Use `http.download`, ou aumente `max_size`.")),
  ]

  static let invalidJSON = ConnectorDescription.FailureNote(
    .data, code: "invalid-json", Bilingual("what should be JSON is not", pt: "o que devia ser JSON não é"),
    remedy: Bilingual("The message names line and column.", pt: "A mensagem indica linha e coluna."))

  static let checksum = ConnectorDescription.FailureNote(
    .data, code: "checksum",
    Bilingual("the file's SHA-256 is another one", pt: "o SHA-256 do arquivo é outro"),
    remedy: Bilingual(
      "See what the source says of it now.", pt: "Veja o que a fonte diz dele agora."))

  static let notText = ConnectorDescription.FailureNote(
    .data, code: "not-text", Bilingual("the answer is no text", pt: "a resposta não é texto"),
    remedy: Bilingual("Use `http.download` for files.", pt: "Use `http.download` para arquivos."))

  static let invalidFeed = ConnectorDescription.FailureNote(
    .data, code: "invalid-feed",
    Bilingual(
      "it is no feed, not well formed or larger than 16 MiB",
      pt: "não é um feed, não é bem formado ou passa de 16 MiB"),
    remedy: Bilingual("See what the source sends.", pt: "Veja o que a fonte envia."))

  static let noSecret = ConnectorDescription.FailureNote(
    .credential, code: "no-secret",
    Bilingual("the connection has no credential", pt: "a conexão não tem credencial"),
    remedy: Bilingual(
      "Name one of type `hmac` in the connection.", pt: "Indique na conexão uma do tipo `hmac`."))

  static let reading =
    calling + [
      Note(
        .configuration, code: "file-not-found",
        Bilingual("there is no such file beside the pipeline", pt: "não há esse arquivo ao lado do pipeline"),
        remedy: Bilingual(
          "Add it and apply the pipeline again.", pt: "Acrescente-o e aplique o pipeline de novo."))
    ]
}
