import Engine
import Model

/// `fail`: ends the step with an error of one's own.
struct Fail: InPlaceConnector {
  var description: ConnectorDescription { Self.description }

  private static let classes: [JSON] = ErrorClass.allCases.map { .string($0.rawValue) }

  static let description = ConnectorDescription(
    name: "fail",
    title: Bilingual("Fail", pt: "Falhar"),
    summary: Bilingual(
      "Ends its step as failed, with the class, code and message that it is given.",
      pt: "Encerra o passo como falho, com a classe, o código e a mensagem que recebe."),
    with: [
      "type": "object",
      "properties": [
        "message": ["type": "string", "description": "What people read."],
        "class": [
          "enum": .array(classes), "default": "data",
          "description": "Decides whether the step is tried again.",
        ],
        "code": [
          "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$", "default": "failed",
          "description": "A stable word for this failure.",
        ],
      ],
      "required": ["message"],
      "additionalProperties": false,
    ],
    output: ["type": "object", "additionalProperties": false],
    effect: .always(.pure),
    examples: [
      .init(
        Bilingual("Refuse an empty day", pt: "Recusar um dia vazio"),
        yaml: """
          refuse:
            uses: fail
            with: {class: data, code: no-documents, message: No document came today.}
          """)
    ])

  func output(of with: JSON) throws(Failure) -> JSON {
    var failure = Failure(.data, code: "failed", with["message"]?.string ?? "")
    if let word = with["class"]?.string, let chosen = ErrorClass(rawValue: word) {
      failure.errorClass = chosen
    }
    if let code = with["code"]?.string { failure.code = code }
    throw failure
  }
}
