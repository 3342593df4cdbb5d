import Model

/// How a program in a folder may fail beyond what it says itself.
enum ExternalNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let all: [ConnectorDescription.FailureNote] =
    [
      Note(
        .configuration, code: "connector-protocol",
        Bilingual("it breaks the connector protocol", pt: "quebra o protocolo de conectores"),
        remedy: Bilingual(
          "Run `esteira connector test` on its folder.", pt: "Execute `esteira connector test` na pasta dele."
        )),
      Note(
        .internal, code: "connector-failed",
        Bilingual("it says that it failed, and gives no code", pt: "diz que falhou, e não dá um código"),
        remedy: Bilingual("Its message says why.", pt: "A mensagem diz o motivo.")),
      Note(
        .timeout, code: "connector-silent",
        Bilingual("it says nothing for too long", pt: "fica em silêncio por tempo demais"),
        remedy: Bilingual(
          "Send heartbeats, or lengthen `heartbeat` in its manifest.",
          pt: "Envie heartbeats, ou aumente `heartbeat` no manifesto.")),
      Note(
        .data, code: "check-failed",
        Bilingual("a check that it reports failed", pt: "uma verificação relatada por ele falhou"),
        remedy: Bilingual("See the log for the check.", pt: "Veja a verificação no log.")),
      Note(
        .data, code: "invalid-output",
        Bilingual(
          "its output is not what its manifest promises", pt: "a saída não é a que o manifesto promete"),
        remedy: Bilingual("Mend the connector or its manifest.", pt: "Corrija o conector ou o manifesto.")),
    ] + ScriptNotes.all.filter { ends.contains($0.code) }

  private static let ends = [
    "exit-code", "killed-by-signal", "out-of-memory", "program-not-found", "program-not-executable",
    "output-too-large", "too-many-artifacts",
  ]
}
