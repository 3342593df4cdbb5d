import Engine
import Glibc
import Model
import Pipelines

/// What a model is asked, made of the step's `with` and the files beside the pipeline.
struct LLMQuestion: Sendable {
  let model: String
  /// The answer's schema; nil for plain text.
  let schema: (name: String, json: JSON, check: JSONSchema)?
  private let messages: [JSON]
  private let attempt: Attempt
  private let place: LLMPlace

  private static let fileLimit = 1 << 20

  init(_ attempt: Attempt, _ place: LLMPlace) async throws(Failure) {
    guard let model = attempt.with["model"]?.string ?? place.model else {
      throw Failure(
        .configuration, code: "invalid-with",
        "Nothing says which `model`: give one here or in the connection.")
    }
    (self.model, self.attempt, self.place) = (model, attempt, place)
    (schema, messages) = try await OwnThread.run { () throws(Failure) in
      let schema = try Self.schema(attempt)
      return (schema, try Self.messages(attempt, schema?.json, place.form))
    }
  }

  /// The body of the request; `room`: the most tokens that the answer may have.
  func body(room: Int64?) -> JSON {
    var body = JSONObject([("model", .string(model)), ("messages", .array(messages))])
    for key in ["temperature", "top_p", "seed", "stop", "tools", "tool_choice"] {
      body[key] = attempt.with[key]
    }
    let most = [attempt.with["max_tokens"]?.int, room].compactMap(\.self).min()
    if let most { body[place.limitName] = .int(most) }
    if let schema {
      switch place.form {
      case .schema:
        let strict = attempt.with["strict"] ?? false
        body["response_format"] = [
          "type": "json_schema",
          "json_schema": ["name": .string(schema.name), "strict": strict, "schema": schema.json],
        ]
      case .object: body["response_format"] = ["type": "json_object"]
      case .prompt: break
      }
    }
    if attempt.with["stream"] != false {
      body["stream"] = true
      body["stream_options"] = ["include_usage": true]
    }
    return .object(body)
  }

  /// The answer as a value: as it is without a schema, else JSON that agrees with it.
  func read(_ text: String) throws(Failure) -> JSON? {
    guard let schema else { return nil }
    var words = text[...].utf8.drop { $0 <= 32 }
    // Some models put it between fences, whatever they are told.
    if words.starts(with: "```".utf8), let line = words.firstIndex(of: UInt8(ascii: "\n")) {
      words = words[words.index(after: line)...]
      while let last = words.last, last <= 32 || last == UInt8(ascii: "`") { words = words.dropLast() }
    }
    guard let value = try? JSON(parsing: Array(words)) else {
      throw Failure(
        .data, code: "llm-answer", "The answer of \(model) is no JSON: \(text.prefix(200))")
    }
    if let violation = schema.check.violations(in: value).first {
      throw Failure(
        .data, code: "llm-answer",
        "The answer of \(model) does not agree with the schema: \(violation.pointer) "
          + "\(violation.message.english)")
    }
    return value
  }
}

// Files and messages. All of it blocks.
extension LLMQuestion {
  private static func schema(
    _ attempt: Attempt
  ) throws(Failure) -> (name: String, json: JSON, check: JSONSchema)? {
    guard let given = attempt.with["schema"] else { return nil }
    let (json, place) = try named(given, attempt)
    do throws(SchemaFaults) {
      let name = place.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? "answer"
      let known = name.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95 || $0 == 45
      }
      return (known && !name.isEmpty ? String(name.prefix(64)) : "answer", json, try JSONSchema(json))
    } catch {
      throw Failure(
        .configuration, code: "llm-schema",
        "`schema` is none: \(error.faults.first.map { "\($0.pointer) \($0.message.english)" } ?? "").")
    }
  }

  /// A schema beside the pipeline by its path, or the schema itself.
  private static func named(_ value: JSON, _ attempt: Attempt) throws(Failure) -> (JSON, String) {
    guard let path = value.string else { return (value, "answer") }
    let bytes = try file(path, attempt)
    guard let json = try? JSON(parsing: bytes) else {
      throw Failure(.configuration, code: "llm-schema", "The file `\(path)` is no JSON.")
    }
    return (json, path)
  }

  private static func messages(
    _ attempt: Attempt, _ schema: JSON?, _ form: LLMPlace.Form
  ) throws(Failure) -> [JSON] {
    let with = attempt.with
    var system: [String] = []
    for role in with["roles"]?.array ?? [] { system.append(try self.role(role.string ?? "", attempt)) }
    if let context = with["context"] { system.append(contentsOf: Self.context(context)) }
    if let schema, form != .schema {
      system.append(
        "Answer with one JSON value that agrees with this JSON Schema, and nothing else:\n\(schema.text)")
    }
    var messages: [JSON] = []
    if !system.isEmpty {
      messages.append(["role": "system", "content": .string(system.joined(separator: "\n\n"))])
    }
    messages += with["messages"]?.array ?? []
    var question: [String] = []
    if let prompt = with["prompt"]?.string, !prompt.isEmpty { question.append(prompt) }
    if let data = with["data"] { question.append("Data, as JSON:\n\(data.text)") }
    if !question.isEmpty {
      messages.append(["role": "user", "content": .string(question.joined(separator: "\n\n"))])
    }
    guard messages.contains(where: { $0["role"] != "system" }) else {
      throw Failure(
        .configuration, code: "invalid-with", "Nothing is asked: give `prompt`, `data` or `messages`.")
    }
    return messages
  }

  /// Texts as they are; what else there is as JSON. Empty ones say nothing.
  private static func context(_ value: JSON) -> [String] {
    if let text = value.string { return text.isEmpty ? [] : [text] }
    guard let members = value.object else { return [value.text] }
    return members.compactMap { member in
      guard let text = member.value.string else { return "\(member.key): \(member.value.text)" }
      return text.isEmpty ? nil : text
    }
  }

  /// A file beside the pipeline, or behind `#` one member of a JSON file.
  private static func role(_ name: String, _ attempt: Attempt) throws(Failure) -> String {
    let parts = name.split(separator: "#", maxSplits: 1).map(String.init)
    let bytes = try file(parts.first ?? "", attempt)
    guard parts.count == 2 else { return String(decoding: bytes, as: UTF8.self) }
    guard let found = (try? JSON(parsing: bytes))?[parts[1]] else {
      throw Failure(
        .configuration, code: "llm-role", "The file `\(parts[0])` has no role `\(parts[1])`.")
    }
    return found.string ?? found.text
  }

  private static func file(_ path: String, _ attempt: Attempt) throws(Failure) -> [UInt8] {
    guard let folder = attempt.files, RelativePath.isSafe(path),
      let bytes = SmallFile.read("\(folder)/\(path)", limit: fileLimit)
    else {
      throw Failure(
        .configuration, code: "file-not-found",
        "There is no file `\(path.prefix(200))` of at most 1 MiB beside the pipeline; add it and apply the "
          + "pipeline again.")
    }
    return bytes
  }
}
