import Model

/// What the three script connectors refuse, and how their scripts may end.
enum ScriptNotes {
  private typealias Note = ConnectorDescription.FailureNote

  static let all: [ConnectorDescription.FailureNote] = [
    Note(
      .exit, code: "exit-code",
      Bilingual(
        "it ends with another exit code than 0; some codes have a class of their own",
        pt: "termina com código de saída diferente de 0; alguns códigos têm classe própria"),
      remedy: Bilingual("Read its last lines in the log.", pt: "Leia as últimas linhas no log.")),
    Note(
      .exit, code: "killed-by-signal", Bilingual("a signal ends it", pt: "um sinal a encerra"),
      remedy: Bilingual(
        "See who sent it; the log has its lines.", pt: "Veja quem o enviou; o log tem as linhas.")),
    Note(
      .exit, code: "out-of-memory",
      Bilingual("the system ends it because memory is short", pt: "o sistema a encerra por falta de memória"),
      remedy: Bilingual("Work in smaller pieces.", pt: "Trabalhe em partes menores.")),
    Note(
      .data, code: "cannot-start-program",
      Bilingual("arguments and environment are too long", pt: "argumentos e ambiente são longos demais"),
      remedy: Bilingual("Hand the large ones over in `data`.", pt: "Passe os grandes em `data`.")),
    Note(
      .configuration, code: "program-not-found",
      Bilingual("there is no such program", pt: "não existe esse programa"),
      remedy: Bilingual(
        "Install it, or put the file beside the pipeline and apply again.",
        pt: "Instale-o, ou ponha o arquivo ao lado do pipeline e aplique de novo.")),
    Note(
      .configuration, code: "program-not-executable",
      Bilingual("the file cannot be run", pt: "o arquivo não pode ser executado"),
      remedy: Bilingual("Begin it with a `#!` line.", pt: "Comece-o com uma linha `#!`.")),
    Note(
      .configuration, code: "file-not-found",
      Bilingual(
        "a file of `files` is not beside the pipeline",
        pt: "um arquivo de `files` não está ao lado do pipeline"),
      remedy: Bilingual(
        "Add it and apply the pipeline again.", pt: "Acrescente-o e aplique o pipeline de novo.")),
    Note(
      .configuration, code: "unsafe-path",
      Bilingual(
        "a name in `files` leads out of the folder", pt: "um nome em `files` leva para fora da pasta"),
      remedy: Bilingual("Write plain relative names.", pt: "Escreva nomes relativos simples.")),
    Note(
      .data, code: "invalid-output",
      Bilingual(
        "ESTEIRA_OUTPUT holds no JSON object of its own names",
        pt: "ESTEIRA_OUTPUT não tem um objeto JSON com nomes próprios"),
      remedy: Bilingual("Write one object, once.", pt: "Grave um objeto, uma vez.")),
    Note(
      .data, code: "missing-output",
      Bilingual("what `outputs` declares is not there", pt: "falta o que `outputs` declara"),
      remedy: Bilingual("Have the script write it.", pt: "Faça o script gravá-lo.")),
    Note(
      .outputTooLarge, code: "output-too-large",
      Bilingual("ESTEIRA_OUTPUT has more than 4 MiB", pt: "ESTEIRA_OUTPUT tem mais de 4 MiB"),
      remedy: Bilingual("Write a file to ESTEIRA_ARTIFACTS.", pt: "Grave um arquivo em ESTEIRA_ARTIFACTS.")),
    Note(
      .outputTooLarge, code: "too-many-artifacts",
      Bilingual(
        "ESTEIRA_ARTIFACTS holds more than 1,000 files", pt: "ESTEIRA_ARTIFACTS tem mais de 1.000 arquivos"),
      remedy: Bilingual("Pack them.", pt: "Empacote-os.")),
  ]
}
