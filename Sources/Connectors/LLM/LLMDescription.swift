import Model

extension LLMChat {
  static let description = ConnectorDescription(
    name: "llm.chat",
    title: Bilingual("Ask a language model", pt: "Perguntar a um modelo de linguagem"),
    summary: Bilingual(
      """
      Asks a model that speaks as OpenAI's chat completions do, and reads the answer while it comes. With \
      a `schema` the answer is JSON that agrees with it. Tokens and cost are counted, over all attempts of \
      the step; `budget` ends them. 429 is waited for as the service asks. See [services](../services.md).
      """,
      pt: """
        Pergunta a um modelo que fala como o chat completions da OpenAI, e lê a resposta enquanto chega. \
        Com um `schema` a resposta é um JSON que concorda com ele. Tokens e custo são contados, em todas \
        as tentativas do passo; `budget` as encerra. Um 429 é esperado pelo tempo que o serviço pede. Veja \
        [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(question + limits), output: output, effect: .always(.pure),
    connection: .required(kind: LLMPlace.kind), fileKeys: ["roles", "schema"],
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("A class for a text", pt: "Uma classe para um texto"),
        yaml: """
          classify:
            uses: llm.chat
            connection: openai
            with:
              model: gpt-4o
              prompt: "Is this a fine, a decision or news? ${{ job.key }}"
              temperature: 0.1
              schema: {type: object, required: [kind], properties: {kind: {enum: [fine, decision, news]}}}
              budget: {tokens: 4000}
          """)
    ],
    failures: ServiceNotes.calling + notes)

  private static let question: [(String, JSON)] = [
    ("model", ["type": "string", "minLength": 1, "description": "Else the connection's."]),
    ("prompt", ["type": "string", "description": "The question."]),
    ("data", ["description": "Any value; follows the question as JSON."]),
    (
      "roles",
      [
        "type": "array", "items": ["type": "string", "minLength": 1], "maxItems": 20,
        "description":
          "Files beside the pipeline that say who the model is; `roles.json#name` is a member of one.",
      ]
    ),
    (
      "context",
      ["description": "What the model is to know: a text, or a map whose texts stand behind the roles."]
    ),
    (
      "messages",
      [
        "type": "array", "maxItems": 1_000,
        "items": [
          "type": "object", "properties": ["role": ["type": "string"]], "required": ["role"],
          "additionalProperties": true,
        ],
        "description": "A whole conversation, before the question.",
      ]
    ),
    (
      "schema",
      [
        "type": ["string", "object"], "additionalProperties": true,
        "description": "JSON Schema of the answer: a file beside the pipeline, or the schema itself.",
      ]
    ),
    (
      "strict",
      ["type": "boolean", "description": "Has the service enforce it, where its rules for schemas are kept."]
    ),
    (
      "tools",
      [
        "type": "array", "maxItems": 128, "items": ["type": "object", "additionalProperties": true],
        "description": "Functions that the model may ask for; what it asks for stands in `tool_calls`.",
      ]
    ),
    ("tool_choice", ["type": ["string", "object"], "additionalProperties": true]),
  ]

  private static let limits: [(String, JSON)] = [
    ("temperature", ["type": "number", "minimum": 0, "maximum": 2]),
    ("top_p", ["type": "number", "minimum": 0, "maximum": 1]), ("seed", ["type": "integer"]),
    ("stop", ["type": "array", "items": ["type": "string"], "maxItems": 4]),
    ("max_tokens", ["type": "integer", "minimum": 1, "description": "Of the answer."]),
    (
      "budget",
      [
        "type": "object",
        "properties": [
          "tokens": ["type": "integer", "minimum": 1], "cost": ["type": "number", "minimum": 0],
        ],
        "additionalProperties": false,
        "description": "The most that all attempts of the step may use; an answer is cut to what is left.",
      ]
    ),
    (
      "stream",
      ["type": "boolean", "default": true, "description": "Whether the answer comes piece by piece."]
    ),
  ]

  private static let output: JSON = [
    "type": "object",
    "properties": [
      "text": ["type": "string"],
      "value": ["description": "With `schema`: the answer; a map's members stand beside it too."],
      "tool_calls": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": ["id": ["type": "string"], "name": ["type": "string"], "arguments": [:]],
          "required": ["id", "name", "arguments"], "additionalProperties": false,
        ],
      ],
      "finish_reason": ["type": "string"], "model": ["type": "string"],
      "usage": [
        "type": "object",
        "properties": [
          "prompt_tokens": ["type": "integer"], "completion_tokens": ["type": "integer"],
          "total_tokens": ["type": "integer"],
          "estimated": ["type": "boolean", "description": "True where the service did not count."],
          "cost": ["type": ["number", "null"], "description": "Null where the connection has no price."],
        ],
        "required": ["prompt_tokens", "completion_tokens", "total_tokens", "estimated", "cost"],
        "additionalProperties": false,
      ],
      "spent": [
        "type": "object",
        "properties": ["tokens": ["type": "integer"], "cost": ["type": ["number", "null"]]],
        "required": ["tokens", "cost"], "additionalProperties": false,
        "description": "By all attempts of the step, where it has a `budget`.",
      ],
    ],
    "required": ["text", "value", "tool_calls", "finish_reason", "model", "usage", "spent"],
    "additionalProperties": true,
  ]

  private typealias Note = ConnectorDescription.FailureNote

  private static let notes: [ConnectorDescription.FailureNote] = [
    Note(
      .configuration, code: "file-not-found",
      Bilingual("a file is not beside the pipeline", pt: "um arquivo não está ao lado do pipeline"),
      remedy: Bilingual(
        "Add it and apply the pipeline again.", pt: "Acrescente-o e aplique o pipeline de novo.")),
    Note(
      .configuration, code: "llm-role",
      Bilingual("a file has no such role", pt: "um arquivo não tem esse papel"),
      remedy: Bilingual("Name a member of it.", pt: "Indique um membro dele.")),
    Note(
      .configuration, code: "llm-schema",
      Bilingual("`schema` is no JSON Schema", pt: "`schema` não é um JSON Schema"),
      remedy: Bilingual("Mend what the message names.", pt: "Corrija o que a mensagem indica.")),
    Note(
      .configuration, code: "llm-price",
      Bilingual("`budget.cost` without a price", pt: "`budget.cost` sem preço"),
      remedy: Bilingual(
        "Give `prices` in the connection.", pt: "Informe `prices` na conexão.")),
    Note(
      .exhausted, code: "llm-budget",
      Bilingual("the budget is spent", pt: "o orçamento acabou"),
      remedy: Bilingual("Raise `budget`, or ask less.", pt: "Aumente `budget`, ou pergunte menos.")),
    Note(
      .credential, code: "llm-quota",
      Bilingual("the account has nothing left", pt: "a conta não tem mais saldo"),
      remedy: Bilingual("Pay the service.", pt: "Pague o serviço.")),
    Note(
      .data, code: "llm-answer",
      Bilingual("the answer does not agree with `schema`", pt: "a resposta não concorda com `schema`"),
      remedy: Bilingual(
        "`retry: {classes: [data]}` asks again.", pt: "`retry: {classes: [data]}` pergunta de novo.")),
    Note(
      .data, code: "llm-cut", Bilingual("the answer was cut", pt: "a resposta foi cortada"),
      remedy: Bilingual("Raise `max_tokens` or `budget`.", pt: "Aumente `max_tokens` ou `budget`.")),
    Note(
      .data, code: "llm-refused",
      Bilingual("the model or its filter refuses", pt: "o modelo ou o filtro dele se recusa"),
      remedy: Bilingual("Ask otherwise.", pt: "Pergunte de outro modo.")),
    Note(
      .transient, code: "llm-broken",
      Bilingual("the answer ended in the middle", pt: "a resposta acabou no meio"),
      remedy: Bilingual("`retry` asks again.", pt: "`retry` pergunta de novo.")),
    Note(
      .outputTooLarge, code: "output-too-large",
      Bilingual("the answer has more than 4 MiB", pt: "a resposta passa de 4 MiB"),
      remedy: Bilingual("Set `max_tokens`.", pt: "Defina `max_tokens`.")),
  ]
}
