import Engine
import Model

// Level 2: JSON-RPC 2.0 both ways, a message a line.
extension Conversation {
  /// What the engine asks; each once, so that the method is its id.
  enum Method: String, CaseIterable {
    case initialize, schema, validate, execute, cancel, cleanup
  }

  private static let protocolVersion: Int64 = 2

  func call(_ method: Method, _ parameters: JSON) -> Act {
    .send([
      "jsonrpc": "2.0", "id": .string(method.rawValue), "method": .string(method.rawValue),
      "params": parameters,
    ])
  }

  /// Of a call of the program.
  static func answer(_ id: JSON, _ problem: String? = nil) -> JSON {
    if let problem {
      return ["jsonrpc": "2.0", "id": id, "error": ["code": -32_000, "message": .string(problem)]]
    }
    return ["jsonrpc": "2.0", "id": id, "result": [:]]
  }

  mutating func takeCall(_ body: JSONObject, _ message: JSON, at now: Instant) -> [Act] {
    guard body["jsonrpc"]?.string == "2.0" else { return broken("a message does not say `jsonrpc` 2.0") }
    if let method = body["method"]?.string {
      guard [.validating, .executing, .cleaning].contains(stage) else {
        return broken("`\(method.prefix(64))` comes before `initialize` was answered, or after the end")
      }
      let parameters = message["params"] ?? [:]
      if let id = body["id"] { return takeQuestion(method, id, parameters) }
      return takeNotice(method, parameters, at: now)
    }
    guard let word = body["id"]?.string, let method = Method(rawValue: word) else {
      return broken("an answer has no `id` of a question")
    }
    if let error = body["error"] { return takeError(method, error, at: now) }
    guard let result = body["result"] else {
      return broken("the answer to `\(word)` has neither result nor error")
    }
    return takeAnswer(method, result, at: now)
  }

  private mutating func takeQuestion(_ method: String, _ id: JSON, _ parameters: JSON) -> [Act] {
    guard method == "checkpoint" else { return broken("there is no method `\(method.prefix(64))`") }
    guard let token = parameters["token"], token == start["token"] else {
      return [.send(Self.answer(id, "The token is not that of this attempt."))]
    }
    return takeCheckpoint(parameters, call: id)
  }

  private mutating func takeAnswer(_ method: Method, _ result: JSON, at now: Instant) -> [Act] {
    switch (method, stage) {
    case (.initialize, .opening):
      guard result["protocol"]?.int == Self.protocolVersion else {
        return broken("the answer to `initialize` does not say `protocol` 2")
      }
      capabilities = Set((result["capabilities"]?.array ?? []).compactMap(\.string))
      if purpose == .describe {
        enter(.describing, at: now)
        return [call(.schema, [:])]
      }
      guard capabilities.contains("validate") else { return execute(at: now) }
      enter(.validating, at: now)
      return [call(.validate, ["with": start["with"] ?? .null])]
    case (.schema, .describing):
      schemas = result
      return leave(at: now)
    case (.validate, .validating): return takeVerdict(result, at: now)
    case (.execute, .executing):
      do throws(BadWord) { self.result = .success(try Self.members(result["output"])) } catch {
        return broken(error.what)
      }
      return clean(at: now)
    case (.cancel, .executing), (.cancel, .cleaning), (.cancel, .leaving): return []
    case (.cleanup, .cleaning): return leave(at: now)
    case _: return broken("an answer to `\(method.rawValue)`, which was not asked")
    }
  }

  private mutating func execute(at now: Instant) -> [Act] {
    enter(.executing, at: now)
    return [call(.execute, .object(start))]
  }

  private mutating func takeVerdict(_ result: JSON, at now: Instant) -> [Act] {
    guard let problems = result["problems"]?.array else {
      return broken("the answer to `validate` has no list `problems`")
    }
    if problems.isEmpty { return execute(at: now) }
    let texts = problems.prefix(10).map { problem in
      "\(problem["path"]?.string.map { "\($0): " } ?? "")\(problem["message"]?.string ?? problem.text)"
    }
    self.result = .failure(
      Failure(
        .data, code: "invalid-with",
        String(
          "with is not valid: \(texts.joined(separator: "; "))".unicodeScalars.prefix(
            ProtocolLimits.failureText)))
    )
    return leave(at: now)
  }

  private mutating func takeError(_ method: Method, _ error: JSON, at now: Instant) -> [Act] {
    switch (method, stage) {
    case (.execute, .executing):
      let whole = error["data"].map { Self.joined($0, message: error["message"]) }
      do throws(BadWord) { result = .failure(try Self.failure(whole)) } catch { return broken(error.what) }
      return clean(at: now)
    case (.cleanup, .cleaning):
      return [.log(.warn, "cleanup failed: \(error["message"]?.string ?? "")")] + leave(at: now)
    case (.cancel, _): return [.log(.warn, "cancel failed: \(error["message"]?.string ?? "")")]
    case _:
      return broken("`\(method.rawValue)` was answered with an error: \(error["message"]?.string ?? "")")
    }
  }

  private static func joined(_ data: JSON, message: JSON?) -> JSON {
    guard var members = data.object else { return data }
    members["message"] = message
    return .object(members)
  }

  private mutating func clean(at now: Instant) -> [Act] {
    guard capabilities.contains("cleanup") else { return leave(at: now) }
    enter(.cleaning, at: now)
    let isGood = if case .success? = result { true } else { false }
    return [call(.cleanup, ["token": start["token"] ?? .null, "ok": .bool(isGood)])]
  }
}
