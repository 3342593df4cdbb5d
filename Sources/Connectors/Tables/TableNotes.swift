import Model

/// What tables are refused for.
enum TableNotes {
  static let invalid = ConnectorDescription.FailureNote(
    .data, code: "invalid-csv",
    Bilingual(
      "a quote is open, a row has too many fields, a column is missing or twice, or the bytes are no text",
      pt: "aspas abertas, linha com campos demais, coluna ausente ou repetida, ou bytes que não são texto"),
    remedy: Bilingual(
      "Set `delimiter`, `encoding`, `quoting` or `columns`.",
      pt: "Defina `delimiter`, `encoding`, `quoting` ou `columns`."))

  static let tooLarge = ConnectorDescription.FailureNote(
    .outputTooLarge, code: "output-too-large",
    Bilingual("the rows are more than 4 MiB", pt: "as linhas passam de 4 MiB"),
    remedy: Bilingual("Choose `columns` or set a `limit`.", pt: "Escolha `columns` ou use `limit`."))
}
