import Model

extension APIReference {
  /// The members of an object as a nested list, anything else in a few words.
  ///
  /// What has a name is shown where it is asked for, and linked to where it is a part of something else.
  func schema(_ json: JSON) -> String {
    if let reference = json["$ref"]?.string, let named = resolved(reference) {
      return "<p>\(type(json))</p>\n\(schema(named))"
    }
    let summary = json["description"]?.string.map { "<p>\(Self.prose($0))</p>\n" } ?? ""
    if let variants = json["oneOf"]?.array {
      let items = variants.map { "<li>\(words.either)\n\(schema($0))</li>\n" }
      return "\(summary)<ul>\n\(items.joined())</ul>"
    }
    guard let members = json["properties"]?.object, !members.isEmpty else {
      return "\(summary)<p>\(type(json))</p>"
    }
    let required = (json["required"]?.array ?? []).compactMap(\.string)
    let items = members.map { member($0, isRequired: required.contains($0.key)) }
    return "\(summary)<ul>\n\(items.joined())</ul>"
  }

  private func member(_ member: JSONObject.Member, isRequired: Bool) -> String {
    let mark = isRequired ? " <em>\(words.required)</em>" : ""
    let summary = member.value["description"]?.string.map { ". \(Self.prose($0))" } ?? ""
    var inner = member.value
    if let items = inner["items"] { inner = items }
    let nested = inner["properties"]?.object?.isEmpty == false ? "\n\(schema(inner.withoutDescription))" : ""
    return """
      <li><code>\(Self.escape(member.key))</code> \(type(member.value))\(mark)\(summary)\(nested)</li>

      """
  }

  /// In a few words, with links to what has a name.
  func type(_ json: JSON) -> String {
    if let reference = json["$ref"]?.string {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      return "<a href=\"#schema-\(Self.anchor(name))\">\(Self.escape(name))</a>"
    }
    if let choices = (json["anyOf"] ?? json["oneOf"])?.array {
      return choices.map(type).joined(separator: " \(words.or) ")
    }
    if let values = json["enum"]?.array {
      return values.map { "<code>\(Self.escape($0.string ?? $0.text))</code>" }.joined(separator: " ")
    }
    guard let kind = json["type"] else { return words.any }
    let names = (kind.array ?? [kind]).compactMap(\.string).map { name(ofType: $0, json) }
    return names.joined(separator: " \(words.or) ") + bounds(json)
  }

  private func name(ofType type: String, _ json: JSON) -> String {
    switch type {
    case "string": json["format"] == "date-time" ? words.time : words.text
    case "integer": words.integer
    case "number": words.number
    case "boolean": words.flag
    case "array": "\(words.list) \(self.type(json["items"] ?? .null))"
    case "object": words.object
    case _: "<code>null</code>"
    }
  }

  private func bounds(_ json: JSON) -> String {
    let least = json["minimum"].flatMap { $0.int == .min ? nil : $0 } ?? json["minLength"] ?? json["minItems"]
    let most =
      json["maximum"].flatMap { $0.int == .max ? nil : $0 } ?? json["maxLength"] ?? json["maxItems"]
      ?? json["maxProperties"]
    var text =
      switch (least, most) {
      case (let least?, let most?): ", \(least.text)–\(most.text)"
      case (let least?, nil): ", ≥ \(least.text)"
      case (nil, let most?): ", ≤ \(most.text)"
      case (nil, nil): ""
      }
    if let pattern = json["pattern"]?.string { text += ", \(self.pattern(pattern))" }
    if let usual = json["default"] { text += ", \(words.usual) <code>\(Self.escape(usual.text))</code>" }
    return text
  }

  /// A long one is opened by whoever wants it, so that it does not push aside what a parameter means.
  private func pattern(_ text: String) -> String {
    let code = "<code>\(Self.escape(text))</code>"
    if text.utf8.count <= 40 { return code }
    return "<details><summary>\(words.pattern)</summary>\(code)</details>"
  }
}

extension APIReference {
  /// A body of the members that must be there, for who has no better example.
  func sample(_ json: JSON) -> JSON {
    if let reference = json["$ref"]?.string { return sample(resolved(reference) ?? .null) }
    if let example = (json["examples"] ?? json["enum"] ?? json["oneOf"] ?? json["anyOf"])?[0] {
      return json["oneOf"] == nil && json["anyOf"] == nil ? example : sample(example)
    }
    switch json["type"]?.string {
    case "string"?: return json["format"] == "date-time" ? "2026-11-20T09:00:00Z" : "…"
    case "integer"?: return json["minimum"] ?? 1
    case "number"?: return 1.5
    case "boolean"?: return true
    case "array"?: return .array([sample(json["items"] ?? .null)])
    case _:
      let required = (json["required"]?.array ?? []).compactMap(\.string)
      return .object(JSONObject(required.map { ($0, sample(json["properties"]?[$0] ?? .null)) }))
    }
  }
}

extension JSON {
  fileprivate var withoutDescription: JSON {
    guard case .object(var object) = self else { return self }
    object["description"] = nil
    return .object(object)
  }
}
