import Model

extension OpenAPI {
  static func responses(of shape: Shape, _ parts: inout Components) -> JSON {
    var responses = JSONObject()
    let answer = content(of: shape, &parts)
    for status in shape.success.sorted() {
      var response = status == 204 ? JSONObject() : answer
      response["description"] = .string(successes[status] ?? "Done.")
      responses[String(status)] = .object(response)
    }
    for status in shape.problemStatuses {
      responses[String(status)] = ["$ref": .string("#/components/responses/Problem\(status)")]
    }
    return .object(responses)
  }

  private static func content(of shape: Shape, _ parts: inout Components) -> JSONObject {
    switch shape.output {
    case .json(let schema): ["content": .object(whole(schema, selected: shape.selected, &parts))]
    case .events(let element):
      [
        "content": [
          "text/event-stream": ["schema": ["type": "string"], "x-event-data": parts.use(element)]
        ]
      ]
    case .bytes(let type): ["content": JSON.object(JSONObject([(type, .object(JSONObject()))]))]
    }
  }

  private static func whole(
    _ schema: Schema, selected: Schema?, _ parts: inout Components
  ) -> JSONObject {
    var content: JSONObject = ["application/json": ["schema": parts.use(schema)]]
    if let selected { content[FieldSelection.contentType] = ["schema": parts.use(selected)] }
    return content
  }

  private static let successes = [
    200: "What was asked for.", 201: "It is made.", 202: "It is taken, and goes on by itself.",
    204: "Done.", 302: "It goes on at `Location`.",
  ]

  /// All statuses that problems have, with what each means.
  static let problems: KeyValuePairs<Int, String> = [
    400: "The request cannot be understood: a member is missing, unknown or wrong.",
    401: "Nobody signed in, or the sign-in has ended.",
    403: "The caller may not do this.",
    404: "There is no such thing, or the caller may not see it.",
    409: "The state of things does not allow it now.",
    412: "The version in `If-Match`, or the revision that was expected, is not the newest.",
    413: "The body, or a part of it, is too large.",
    414: "The path with its query is too long.",
    415: "The body is not of the media type that is taken.",
    422: "The request was understood, and its content is wrong.",
    428: "`If-Match` is missing.",
    429: "Too many calls, or a queue is full; `Retry-After` says when to come back.",
    503: "The server cannot do this now; `Retry-After` says when to come back.",
  ]

  static func problemResponses(_ parts: inout Components) -> JSON {
    let content: JSON = [ProblemDocument.contentType: ["schema": parts.use(ProblemDocument.schema)]]
    var responses = JSONObject()
    for (status, summary) in problems {
      var response: JSONObject = ["description": .string(summary), "content": content]
      // The connection itself says it, which knows nothing of problems.
      if status == 414 { response["content"] = ["text/plain": ["schema": ["type": "string"]]] }
      if [429, 503].contains(status) { response["headers"] = retryAfter }
      responses["Problem\(status)"] = .object(response)
    }
    return .object(responses)
  }

  private static let retryAfter: JSON = [
    "Retry-After": [
      "description": "In seconds.", "schema": ["type": "integer", "minimum": 0], "required": false,
    ]
  ]
}

extension Shape {
  /// Those that it may answer with a problem, in their order.
  var problemStatuses: [Int] {
    var statuses: Set = [400, 429, 503]
    if !pathNames.isEmpty || (method.hasQuery && !rest.isEmpty) || fields != nil { statuses.insert(414) }
    if permission != .open { statuses.formUnion([401, 403, 404]) }
    if method != .get { statuses.insert(409) }
    if method != .get || !input.members.isEmpty { statuses.formUnion([404, 422]) }
    if !method.hasQuery { statuses.formUnion(rawBodyLimit == nil ? [413, 415] : [413]) }
    if needsPrecondition { statuses.formUnion([412, 428]) }
    statuses.formUnion(problems)
    return OpenAPI.problems.map(\.key).filter(statuses.contains)
  }
}
