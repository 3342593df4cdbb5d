import Model

extension APIReference {
  func operation(_ method: String, _ path: String, _ operation: JSON) -> String {
    let id = Self.anchor(operation["operationId"]?.string ?? "")
    let permission = operation["x-permission"]?.string ?? ""
    return """
      <article id="\(id)">
      <h3><a href="#\(id)"><b>\(Self.escape(method))</b> <code>\(Self.escape(path))</code></a></h3>
      <p>\(Self.prose(operation["summary"]?.string ?? ""))</p>
      <p>\(words.permission): <code>\(Self.escape(permission))</code></p>
      \(parameters(operation))\(body(operation))\(responses(operation))<pre>\
      \(Self.escape(curl(method, path, operation)))</pre>
      </article>

      """
  }

  /// With what components hold put in place of references.
  private func parameterList(_ operation: JSON) -> [JSON] {
    (operation["parameters"]?.array ?? []).compactMap { parameter in
      guard let reference = parameter["$ref"]?.string else { return parameter }
      return resolved(reference)
    }
  }

  func resolved(_ reference: String) -> JSON? {
    reference.split(separator: "/").dropFirst().reduce(document) { json, key in json?[String(key)] }
  }

  private func parameters(_ operation: JSON) -> String {
    let all = parameterList(operation)
    if all.isEmpty { return "" }
    let rows = all.map { parameter in
      let name = Self.escape(parameter["name"]?.string ?? "")
      let place = words.place(parameter["in"]?.string ?? "")
      let required = parameter["required"]?.bool == true ? "<br><em>\(words.required)</em>" : ""
      return """
        <tr><td><code>\(name)</code></td><td>\(place)\(required)</td>\
        <td>\(type(parameter["schema"] ?? .null))</td>\
        <td>\(Self.prose(parameter["description"]?.string ?? ""))</td></tr>

        """
    }
    return """
      <div class="table"><table>
      <tr><th>\(words.name)</th><th>\(words.place)</th><th>\(words.type)</th>\
      <th>\(words.meaning)</th></tr>
      \(rows.joined())</table></div>

      """
  }

  private func body(_ operation: JSON) -> String {
    guard let content = operation["requestBody"]?["content"]?["application/json"] else { return "" }
    return "<h4>\(words.body)</h4>\n\(schema(content["schema"] ?? .null))\n"
  }

  private func responses(_ operation: JSON) -> String {
    var (answers, problems): (String, [String]) = ("", [])
    for response in operation["responses"]?.object ?? JSONObject() {
      if let reference = response.value["$ref"]?.string {
        let meaning = resolved(reference)?["description"]?.string ?? ""
        problems.append("<abbr title=\"\(Self.escape(meaning))\">\(Self.escape(response.key))</abbr>")
      } else {
        answers += answer(response.key, response.value)
      }
    }
    return "\(answers)<p>\(words.problems): \(problems.joined(separator: " "))</p>\n"
  }

  private func answer(_ status: String, _ response: JSON) -> String {
    let summary = Self.prose(response["description"]?.string ?? "")
    let title = "<h4>\(words.answer) \(Self.escape(status))</h4>\n<p>\(summary)</p>\n"
    guard let content = response["content"]?.object?.members.first else { return title }
    let media = content.key == "application/json" ? "" : "<p><code>\(Self.escape(content.key))</code></p>\n"
    guard let shown = content.value["x-event-data"] ?? content.value["schema"] else { return title + media }
    return "\(title)\(media)\(schema(shown))\n"
  }

  private func curl(_ method: String, _ path: String, _ operation: JSON) -> String {
    var (url, query): (String, [String]) = (path, [])
    for parameter in parameterList(operation) {
      guard let name = parameter["name"]?.string,
        let example = parameter["example"] ?? parameter["schema"]?["examples"]?[0]
      else { continue }
      let text = Percent.encode(example.string ?? example.text)
      if parameter["in"] == "path" { url = url.replacing("{\(name)}", with: text) }
      if parameter["in"] == "query", parameter["required"] == true { query.append("\(name)=\(text)") }
    }
    if !query.isEmpty { url += "?" + query.joined(separator: "&") }
    var lines = ["curl -X \(method) \"$ESTEIRA_URL\(url)\""]
    if operation["security"]?[0] != nil { lines.append("-H \"Authorization: Bearer $ESTEIRA_TOKEN\"") }
    if let content = operation["requestBody"]?["content"]?["application/json"] {
      let body = (content["example"] ?? sample(content["schema"] ?? .null)).text
      lines += ["-H 'Content-Type: application/json'", "-d '\(body.replacing("'", with: #"'\''"#))'"]
    }
    return lines.joined(separator: " \\\n  ")
  }
}
