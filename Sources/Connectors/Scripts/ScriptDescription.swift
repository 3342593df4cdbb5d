import Model

/// What the descriptions of the three script connectors share.
enum ScriptDescription {
  static let output: JSON = [
    "type": "object",
    "properties": [
      "exit_code": ["type": "integer"],
      "stdout": ["type": "string", "description": "The first 64 KiB; the log has all."],
      "stderr": ["type": "string", "description": "The first 64 KiB; the log has all."],
      "truncated": ["type": "boolean", "description": "True where stdout or stderr was cut."],
      "artifacts": [
        "type": "object", "additionalProperties": ["type": "artifact"],
        "description": "Each file of ESTEIRA_ARTIFACTS by its name.",
      ],
    ],
    "required": ["exit_code", "stdout", "stderr", "artifacts"],
    "additionalProperties": true,
  ]

  private static let common: [(String, JSON)] = [
    (
      "arguments",
      [
        "type": "array", "items": ["type": ["string", "integer", "number", "boolean"]],
        "description": "Follow the script's own name.",
      ]
    ),
    (
      "env",
      [
        "type": "object", "additionalProperties": true,
        "description": "Environment variables; what is no text arrives as JSON.",
      ]
    ),
    ("data", ["description": "Any value; the file that ESTEIRA_DATA names holds it as JSON."]),
    (
      "files",
      [
        "type": "object", "additionalProperties": ["type": ["string", "object"]],
        "description": "Name to a file beside the pipeline or an artifact; they lie in ESTEIRA_FILES.",
      ]
    ),
    ("stdin", ["description": "Text, an artifact, or a value that arrives as JSON."]),
    (
      "outputs",
      [
        "type": "object",
        "additionalProperties": [
          "enum": ["artifact", "string", "integer", "number", "boolean", "object", "array"]
        ],
        "description":
          "What the script must leave behind: artifacts, and members of the object in ESTEIRA_OUTPUT.",
      ]
    ),
  ]

  static let run: (String, JSON) = (
    "run",
    [
      "type": "string", "minLength": 1,
      "description": "The script itself. Data reaches it by env, data, files and stdin only.",
    ]
  )

  static let program: (String, JSON) = (
    "program",
    ["type": "string", "minLength": 1, "description": "A file beside the pipeline, instead of `run`."]
  )

  static let machineProgram: (String, JSON) = (
    "program",
    [
      "type": "string", "minLength": 1,
      "description": "A file beside the pipeline, or the absolute path of a program of the machine.",
    ]
  )

  static func with(_ own: [(String, JSON)], required: [JSON] = []) -> JSON {
    var schema = JSONObject([
      ("type", "object"), ("properties", .object(JSONObject(own + common))), ("additionalProperties", false),
    ])
    if !required.isEmpty { schema["required"] = .array(required) }
    return .object(schema)
  }

  /// One of both must be there, which the schema leaves open so that the message can say it better.
  static func checkSource(_ with: JSON) -> [Problem] {
    let (run, program) = (with["run"] != nil, with["program"] != nil)
    if run != program { return [] }
    return [
      Problem(
        "invalid-with",
        run
          ? Bilingual(
            "`with` has both `run` and `program`.", pt: "`with` tem `run` e `program` ao mesmo tempo.")
          : Bilingual("`with` has neither `run` nor `program`.", pt: "`with` não tem `run` nem `program`."),
        remedy: Bilingual(
          "Write the script into `run`, or name a file beside the pipeline in `program`.",
          pt: "Escreva o script em `run` ou indique em `program` um arquivo ao lado do pipeline."))
    ]
  }
}
