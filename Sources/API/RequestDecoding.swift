public import Model

extension Shape {
  /// The input of a request: the reverse of how `APIRequest` is made from one.
  ///
  /// Path and query hold text, which becomes what the input's schema says it is; text that is nothing of the
  /// kind stays text, so that the reader refuses it. What would be passed over is refused here: a member that
  /// is given twice, a body where the query holds the members, and a query where the body does.
  public func input(
    path: [(String, String)], query: [(name: String, value: String)], body: JSONObject
  ) throws(WireError) -> JSON {
    var object = body
    if method.hasQuery {
      if let member = body.members.first { throw Self.misplaced(member.key, method) }
      let named = Set(path.map { ScalarString($0.0) })
      for (name, value) in query {
        if named.contains(ScalarString(name)) || !object.add(name, input.value(of: value, for: name)) {
          throw Self.twice(name)
        }
      }
    } else if let item = query.first {
      throw Self.misplaced(item.name, method)
    }
    for (name, value) in path { object[name] = input.value(of: value, for: name) }
    return .object(object)
  }

  private static func twice(_ name: String) -> WireError {
    WireError("/\(name)", Bilingual("\"\(name)\" is given twice.", pt: "\"\(name)\" aparece duas vezes."))
  }

  private static func misplaced(_ name: String, _ method: Method) -> WireError {
    WireError(
      "/\(name)",
      method.hasQuery
        ? Bilingual(
          "\(method.rawValue) takes \"\(name)\" in the query, not in a body.",
          pt: "\(method.rawValue) aceita \"\(name)\" na consulta, não num corpo.")
        : Bilingual(
          "\(method.rawValue) takes \"\(name)\" in the body, not in the query.",
          pt: "\(method.rawValue) aceita \"\(name)\" no corpo, não na consulta."))
  }
}

extension Schema {
  /// What a text of a path or a query means for the member of this name.
  func value(of text: String, for name: String) -> JSON {
    guard let member = members.first(where: { $0.name == name }) else { return .string(text) }
    return member.schema.value(of: text)
  }

  private func value(of text: String) -> JSON {
    switch json["type"]?.string {
    case "integer"?:
      // Only as it is written: `+5` and `007` are no numbers of JSON.
      if let number = Int64(text), String(number) == text { .int(number) } else { .string(text) }
    case "boolean"?: text == "true" ? true : text == "false" ? false : .string(text)
    case "array"?: .array(text.isEmpty ? [] : elements(of: text))
    case _: .string(text)
    }
  }

  private func elements(of text: String) -> [JSON] {
    text.cut(at: ",").map { part in self.parts.first?.value(of: part) ?? .string(part) }
  }
}
