import Engine
import Model

/// What the connectors of files share in their descriptions.
enum FileSchema {
  typealias Note = ConnectorDescription.FailureNote

  /// What may stand in an output as text or value.
  static let inlineLimit = 4 << 20
  /// What an artifact may hold.
  static let artifactLimit: Int64 = 5 << 30

  static func path(_ meaning: String) -> JSON {
    [
      "type": "string", "minLength": 1,
      "description": .string(
        "\(meaning) Relative to the namespace's own folder, or absolute in a granted root."),
    ]
  }

  static let sha256: JSON = ["type": "string", "description": "64 hex digits."]
  static let size: JSON = ["type": "integer", "description": "In bytes."]
  static let modified: JSON = ["type": "string", "format": "date-time"]

  static func output(_ members: [(String, JSON)], optional: [(String, JSON)] = []) -> JSON {
    WebSchema.object(members + optional, required: members.map { .string($0.0) })
  }

  /// Of every connector that opens something below a root.
  static let reading: [Note] = [
    Note(
      .configuration, code: "outside-roots",
      Bilingual("the path lies in no granted root", pt: "o caminho não fica em nenhuma raiz concedida"),
      remedy: Bilingual(
        "Use a relative path, or have the folder granted under `roots` in `esteira.yaml`.",
        pt: "Use um caminho relativo, ou peça a pasta em `roots` no `esteira.yaml`.")),
    Note(
      .data, code: "unsafe-path",
      Bilingual(
        "the path has a control character, is too long or names a whole root",
        pt: "o caminho tem um caractere de controle, é longo demais ou indica uma raiz inteira"),
      remedy: Bilingual("Clean names from outside before use.", pt: "Limpe nomes de fora antes de usá-los.")),
    Note(
      .data, code: "file-not-found", Bilingual("nothing has that name", pt: "nada tem esse nome"),
      remedy: Bilingual(
        "Check the path; `files.list` shows what is there.",
        pt: "Confira o caminho; `files.list` mostra o que há.")),
    Note(
      .data, code: "not-a-file",
      Bilingual(
        "a link, folder, device, socket or pipe stands there",
        pt: "ali está uma ligação, pasta, dispositivo, socket ou pipe"),
      remedy: Bilingual(
        "Name a plain file; copy what a link leads to.",
        pt: "Indique um arquivo comum; copie o destino da ligação.")),
    Note(
      .data, code: "not-a-folder",
      Bilingual("a file stands where a folder is needed", pt: "há um arquivo onde é preciso uma pasta"),
      remedy: Bilingual("Check each part of the path.", pt: "Confira cada parte do caminho.")),
    Note(
      .configuration, code: "file-access",
      Bilingual("the system forbids it, or a root is missing", pt: "o sistema proíbe, ou falta uma raiz"),
      remedy: Bilingual(
        "Check owner and mode for the node's user, and that the root is there.",
        pt: "Confira dono e modo para o usuário do nó, e se a raiz existe.")),
    Note(
      .transient, code: "file-system",
      Bilingual("the disk is full or failing", pt: "o disco está cheio ou com falha"),
      remedy: Bilingual(
        "Free space; a `retry` then gets through.", pt: "Libere espaço; um `retry` então consegue.")),
  ]

  static let changing = Note(
    .transient, code: "file-changed",
    Bilingual("the file changed while it was read", pt: "o arquivo mudou durante a leitura"),
    remedy: Bilingual(
      "Wait until its writer is done: `retry`.", pt: "Espere quem o escreve terminar: `retry`."))

  static let readOnly = Note(
    .configuration, code: "read-only-root",
    Bilingual("the root is granted for reading only", pt: "a raiz é concedida só para leitura"),
    remedy: Bilingual(
      "Write elsewhere, or grant `access: write`.", pt: "Grave em outro lugar, ou conceda `access: write`."))

  static let taken = Note(
    .data, code: "file-exists",
    Bilingual("the name is taken", pt: "o nome já está em uso"),
    remedy: Bilingual(
      "Say what should happen with `on_conflict`.", pt: "Diga o que deve acontecer com `on_conflict`."))

  static let writing = reading + [readOnly, taken]

  static let inline = Note(
    .outputTooLarge, code: "output-too-large",
    Bilingual("it is more than 4 MiB as text or value", pt: "são mais de 4 MiB como texto ou valor"),
    remedy: Bilingual("Take it as an artifact.", pt: "Use-o como artefato."))

  static let large = Note(
    .outputTooLarge, code: "artifact-too-large",
    Bilingual("it is more than 5 GiB as an artifact", pt: "são mais de 5 GiB como artefato"),
    remedy: Bilingual("Copy it with `files.copy`, or split it.", pt: "Copie com `files.copy`, ou divida."))

  static let invalidJSON = Note(
    .data, code: "invalid-json", Bilingual("it is not JSON", pt: "não é JSON"),
    remedy: Bilingual("The message names line and column.", pt: "A mensagem indica linha e coluna."))

  static let notText = Note(
    .data, code: "not-utf8", Bilingual("it is no text in that encoding", pt: "não é texto nessa codificação"),
    remedy: Bilingual(
      "Name its `encoding`, or take the artifact.", pt: "Indique a `encoding`, ou use o artefato."))
}

extension Failure {
  static func artifactTooLarge(_ what: String) -> Failure {
    Failure(
      .outputTooLarge, code: "artifact-too-large", "\(what) has more than 5 GiB, which no artifact may have.")
  }

  static func tooLargeInline(_ what: String, _ remedy: String) -> Failure {
    Failure(.outputTooLarge, code: "output-too-large", "\(what) has more than 4 MiB; \(remedy).")
  }
}

extension FileStatus {
  var modifiedText: JSON {
    let (seconds, rest) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
    let isBefore = rest < 0
    return .string(
      RFC3339(
        seconds: isBefore ? seconds - 1 : seconds, nanosecond: Int(isBefore ? rest + 1_000_000_000 : rest)
      )
      .text)
  }
}
