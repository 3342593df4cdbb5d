public import Model

extension APIRequest {
  /// Puts the members of an input where the endpoint wants them: in the path, the query or the body.
  public init(_ shape: Shape, input: JSON, requestID: String = "", language: Language = .english) {
    var rest = input.object ?? JSONObject()
    let parts = shape.path.split(separator: "/").map { part in
      guard part.first == "{" else { return String(part) }
      let name = String(part.dropFirst().dropLast())
      defer { rest[name] = nil }
      return Percent.encode(rest[name].map(Self.text) ?? "")
    }
    let query = shape.method.hasQuery ? rest.map { (name: $0.key, value: Self.text(of: $0.value)) } : []
    let body = shape.method.hasQuery ? [] : JSON.object(rest).serialized()
    self.init(
      shape.method, "/" + parts.joined(separator: "/"), query: query, body: body, requestID: requestID,
      language: language)
  }

  /// A list has a comma between its elements.
  private static func text(of value: JSON) -> String {
    switch value {
    case .string(let text): text
    case .array(let items): items.map { text(of: $0) }.joined(separator: ",")
    case .null, .bool, .int, .double, .object: value.text
    }
  }
}
