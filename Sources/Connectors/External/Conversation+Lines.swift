import Model

// Level 1: JSON lines of the program.
extension Conversation {
  mutating func takeLine(_ body: JSONObject, _ message: JSON, at now: Instant) -> [Act] {
    guard let type = body["type"]?.string else { return broken("a message has no `type`") }
    if stage == .opening {
      guard type == "hello" else { return broken("its first message is `\(type)`, not `hello`") }
      guard body["protocol"]?.int == 1 else { return broken("`hello` does not say `protocol` 1") }
      enter(.executing, at: now)
      return []
    }
    guard stage == .executing else { return broken("`\(type)` follows `result`") }
    switch type {
    case "hello": return broken("a second `hello`")
    case "checkpoint": return takeCheckpoint(message, call: nil)
    case "result":
      guard let isGood = body["ok"]?.bool else { return broken("`result` has no `ok`") }
      do throws(BadWord) {
        result =
          isGood
          ? .success(try Self.members(message["output"])) : .failure(try Self.failure(message["error"]))
      } catch { return broken(error.what) }
      return leave(at: now)
    case _: return takeNotice(type, message, at: now)
    }
  }

  /// The program's own words were wrong.
  struct BadWord: Error {
    var what: String
  }

  /// The members of an output.
  static func members(_ output: JSON?) throws(BadWord) -> JSONObject {
    guard let output else { return JSONObject() }
    guard let members = output.object else { throw BadWord(what: "its output is no JSON object") }
    return members
  }

  /// `{class, code, message, retry_after}`.
  static func failure(_ error: JSON?) throws(BadWord) -> Failure {
    guard let error, let word = error["class"]?.string, let errorClass = ErrorClass(rawValue: word),
      classes.contains(errorClass)
    else {
      throw BadWord(what: "an error has no `class` of \(classes.map(\.rawValue).joined(separator: ", "))")
    }
    guard let text = error["message"]?.string, !text.isEmpty else {
      throw BadWord(what: "an error has no `message`")
    }
    let code = error["code"]?.string ?? "connector-failed"
    guard isCode(code) else { throw BadWord(what: "the `code` of an error is no word of a-z, 0-9 and -") }
    return Failure(
      errorClass, code: code, String(text.unicodeScalars.prefix(ProtocolLimits.failureText)),
      retryAfter: try wait(error["retry_after"]))
  }

  private static func wait(_ seconds: JSON?) throws(BadWord) -> Duration? {
    guard let seconds else { return nil }
    guard let number = seconds.number, (0...ProtocolLimits.longestRetryAfter).contains(number) else {
      throw BadWord(what: "`retry_after` is no number of seconds up to a day")
    }
    return .milliseconds(Int64(number * 1_000))
  }

  static let classes: [ErrorClass] = [
    .transient, .timeout, .rateLimited, .configuration, .credential, .data, .outputTooLarge, .cancelled,
    .internal, .exit,
  ]

  private static func isCode(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }
}
