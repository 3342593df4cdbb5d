import Model

/// What a store of S3 refuses or meets.
enum S3Notes {
  private typealias Note = ConnectorDescription.FailureNote

  static let naming: [ConnectorDescription.FailureNote] = [
    Note(
      .data, code: "unsafe-path",
      Bilingual("S3 has no such bucket or key", pt: "o S3 não tem tal bucket ou chave"),
      remedy: Bilingual("Clean names from outside before use.", pt: "Limpe nomes de fora antes de usá-los.")),
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "it is not of kind `s3`, or its address is not complete",
        pt: "ela não é do tipo `s3`, ou o endereço não está completo"),
      remedy: Bilingual("Apply the connection anew.", pt: "Aplique a conexão de novo.")),
    Note(
      .credential, code: "unusable-credential",
      Bilingual(
        "the credential is missing, has another type or lacks a value",
        pt: "falta a credencial, é de outro tipo ou falta um valor"),
      remedy: Bilingual("Set one of the type `s3`.", pt: "Defina uma do tipo `s3`.")),
  ]

  /// Of a store, for those who may also work on a folder.
  static let asking: [ConnectorDescription.FailureNote] = [
    Note(
      .credential, code: "bucket-access",
      Bilingual("the store refuses the key (401, 403)", pt: "o armazenamento recusa a chave (401, 403)"),
      remedy: Bilingual(
        "Check the key and what its policy allows.", pt: "Confira a chave e o que a política dela permite.")),
    Note(
      .data, code: "bucket-status",
      Bilingual(
        "the store refuses the request, or has no such bucket",
        pt: "o armazenamento recusa a requisição, ou não tem esse bucket"),
      remedy: Bilingual("The message has the store's words.", pt: "A mensagem traz as palavras dele.")),
    Note(
      .transient, code: "bucket-unavailable",
      Bilingual(
        "it answers 5xx after several tries; `SlowDown` and 429 are `rate_limited`",
        pt: "responde 5xx após várias tentativas; `SlowDown` e 429 são `rate_limited`"),
      remedy: Bilingual("`retry` waits for it.", pt: "`retry` espera por ele.")),
    Note(
      .configuration, code: "bucket-clock",
      Bilingual("the clock here is not that of the store", pt: "o relógio daqui não é o do armazenamento"),
      remedy: Bilingual("Set the machine's clock.", pt: "Acerte o relógio da máquina.")),
    Note(
      .configuration, code: "bucket-region",
      Bilingual("the bucket lies in another region", pt: "o bucket está em outra região"),
      remedy: Bilingual("Set `region` of the connection.", pt: "Defina `region` na conexão.")),
    Note(
      .configuration, code: "bucket-answer",
      Bilingual("what answers there does not speak S3", pt: "o que responde ali não fala S3"),
      remedy: Bilingual("Check `endpoint` of the connection.", pt: "Confira `endpoint` na conexão.")),
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
      .credential, code: "unusable-credential",
      Bilingual(
        "the credential is missing, has another type or lacks a value",
        pt: "falta a credencial, é de outro tipo ou falta um valor"),
      remedy: Bilingual("Set one of the type `s3`.", pt: "Defina uma do tipo `s3`.")),
    Note(
      .data, code: "object-damaged",
      Bilingual(
        "the object's bytes are not those of its SHA-256", pt: "os bytes do objeto não são os do SHA-256 dele"
      ),
      remedy: Bilingual("Put it again.", pt: "Grave de novo.")),
    Note(
      .data, code: "invalid-metadata",
      Bilingual(
        "a name or value of `metadata` that S3 does not carry",
        pt: "um nome ou valor de `metadata` que o S3 não leva"),
      remedy: Bilingual(
        "Use letters, digits, `-` and `_` in names.", pt: "Use letras, dígitos, `-` e `_` nos nomes.")),
  ]

  static let missing = ConnectorDescription.FailureNote(
    .data, code: "object-not-found", Bilingual("there is no such object", pt: "não existe esse objeto"),
    remedy: Bilingual("`s3.list` shows what is there.", pt: "`s3.list` mostra o que há."))

  static let reading = naming.filter { $0.code != "unusable-credential" } + asking + [missing]

  static let taken = ConnectorDescription.FailureNote(
    .data, code: "object-exists",
    Bilingual("`if_absent`, and another object is there", pt: "`if_absent`, e há outro objeto"),
    remedy: Bilingual("Use another key.", pt: "Use outra chave."))

  static let conditional = ConnectorDescription.FailureNote(
    .configuration, code: "conditional-put",
    Bilingual("`if_absent`, and the store cannot look", pt: "`if_absent`, e o armazenamento não sabe olhar"),
    remedy: Bilingual(
      "Say `conditional_put: true` in the connection if it can.",
      pt: "Diga `conditional_put: true` na conexão se ele souber."))
}
