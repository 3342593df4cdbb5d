import Model

/// What the connectors of services meet that are spoken to over HTTP.
enum ServiceNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let calling: [ConnectorDescription.FailureNote] = [
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "the connection is of another kind, or its address is not understood",
        pt: "a conexão é de outro tipo, ou o endereço dela não é entendido"),
      remedy: Bilingual("The message shows an address.", pt: "A mensagem mostra um endereço.")),
    Note(
      .data, code: "invalid-request",
      Bilingual("the address cannot be asked", pt: "o endereço não pode ser consultado"),
      remedy: Bilingual("Check `url` of the connection.", pt: "Confira `url` na conexão.")),
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
      remedy: Bilingual("The message has the service's words.", pt: "A mensagem traz as palavras do serviço.")
    ),
    Note(
      .transient, code: "unreachable",
      Bilingual(
        "nobody answers there, or the name is unknown", pt: "ninguém responde ali, ou o nome é desconhecido"),
      remedy: Bilingual(
        "Check the address; `retry` waits for it.", pt: "Confira o endereço; `retry` espera por ele.")),
    Note(
      .outputTooLarge, code: "answer-too-large",
      Bilingual("the answer is larger than allowed", pt: "a resposta é maior do que o permitido"),
      remedy: Bilingual("Ask for less.", pt: "Peça menos.")),
  ]

  static let airflowUnknown = ConnectorDescription.FailureNote(
    .configuration, code: "airflow-unknown",
    Bilingual(
      "Airflow has no such DAG, or the credential may not see it",
      pt: "o Airflow não tem essa DAG, ou a credencial não pode vê-la"),
    remedy: Bilingual("`airflow.list_dags` shows what there is.", pt: "`airflow.list_dags` mostra o que há."))

  static let outputTooLarge = ConnectorDescription.FailureNote(
    .outputTooLarge, code: "output-too-large",
    Bilingual("the output would have more than 4 MiB", pt: "a saída passaria de 4 MiB"),
    remedy: Bilingual("Use `result: artifact`.", pt: "Use `result: artifact`."))
}
