import Engine
import Model

/// What the connectors of the family say alike.
enum NistSchema {
  static let file: JSON = [
    "type": ["string", "artifact"], "minLength": 1,
    "description": "A path below a root of `esteira.yaml`, or an artifact. At most 64 MiB.",
  ]

  /// Such as `2.018`; each number has one spelling.
  static let fieldPattern = #"^[1-9][0-9]?\.([0-9]{3}|[1-9][0-9]{3,8})$"#

  /// The same of Type-2.
  static let descriptivePattern = #"^2\.([0-9]{3}|[1-9][0-9]{3,8})$"#

  /// Names in a list of `with` whose values no file can give. What is no name of a field is passed over.
  static func unreadable(_ names: JSON?) -> [Problem] {
    (names?.array ?? []).compactMap { name in
      guard let text = name.string, let field = NistField.Name(text), !field.hasValue else { return nil }
      return Problem(
        "invalid-with",
        Bilingual(
          "The field \(text) is an image, or of a type whose fields are not read: it has no value here.",
          pt:
            "O campo \(text) é uma imagem, ou de um tipo cujos campos não são lidos: não tem valor aqui."),
        remedy: Bilingual(
          "Ask for `images` or `type-\(field.type)` in `require`, or choose images with `types`.",
          pt: "Peça `images` ou `type-\(field.type)` em `require`, ou escolha imagens com `types`."))
    }
  }

  static let issues: JSON = [
    "type": "array",
    "items": [
      "type": "object",
      "properties": [
        "code": ["type": "string"], "severity": ["enum": ["error", "warning"]],
        "offset": ["type": "integer"], "record": ["type": "integer"],
        "field": ["type": ["string", "null"]], "message": ["type": "string"],
      ],
      "required": ["code", "severity", "offset", "record", "field", "message"],
      "additionalProperties": false,
    ],
    "description": "In the order of the file; `code` is explained in docs/nist.md.",
  ]

  /// How a file of the family is refused.
  static let inputFailures: [ConnectorDescription.FailureNote] =
    FileSchema.reading + [
      .init(
        .data, code: "file-too-large",
        Bilingual("the file has more than 64 MiB", pt: "o arquivo tem mais de 64 MiB"),
        remedy: Bilingual(
          "such a file is read by a program of one's own, with `process.run`",
          pt: "um arquivo assim é lido por um programa próprio, com `process.run`"))
    ]

  static let invalid = ConnectorDescription.FailureNote(
    .data, code: "invalid-nist",
    Bilingual(
      "the bytes are no file of ANSI/NIST-ITL in its traditional encoding, or exceed a limit",
      pt: "os bytes não são um arquivo ANSI/NIST-ITL na codificação tradicional, ou excedem um limite"),
    remedy: Bilingual(
      "see the fault, record and byte in the message, and ask the sender for the file again",
      pt: "veja a falha, o registro e o byte na mensagem e peça o arquivo de novo a quem o enviou"))

  static let incomplete = ConnectorDescription.FailureNote(
    .data, code: "nist-incomplete",
    Bilingual("the file lacks what the step asks for", pt: "falta no arquivo o que o passo pede"),
    remedy: Bilingual(
      "ask for less, or treat such files in a handler of their own",
      pt: "peça menos ou trate esses arquivos em um passo próprio"))
}

extension NistIssue {
  var json: JSON {
    [
      "code": .string(fault.rawValue), "severity": .string(severity.rawValue), "offset": .int(Int64(offset)),
      "record": .int(Int64(record)), "field": field.map { .string($0) } ?? .null,
      "message": .string(sentence),
    ]
  }
}

extension Failure {
  static func invalidNist(_ name: String, _ issue: NistIssue) -> Failure {
    Failure(
      .data, code: "invalid-nist",
      "`\(name.prefix(200))` is no valid ANSI/NIST-ITL file (\(issue.fault.rawValue)): \(issue.message).")
  }

  static func nistWith(_ problem: Problem) -> Failure {
    Failure(.configuration, code: problem.code, "\(problem.message.english) \(problem.remedy?.english ?? "")")
  }

  static func incompleteNist(_ name: String, _ lack: String) -> Failure {
    Failure(.data, code: "nist-incomplete", "`\(name.prefix(200))` \(lack).")
  }
}
