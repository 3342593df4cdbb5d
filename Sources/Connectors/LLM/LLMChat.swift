import Engine
import Model
import Net

/// `llm.chat`: one question to a language model.
struct LLMChat: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let answerLimit = 16 << 20
  private static let outputLimit = 4 << 20
  private static let tries = 4
  private static let firstPause = Duration.seconds(2)
  /// A longer wait is the step's `retry`.
  private static let longestPause = Duration.seconds(60)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let place = try LLMPlace(attempt)
    let question = try await LLMQuestion(attempt, place)
    var spent = try await LLMSpent(attempt)
    var (number, pause) = (1, Self.firstPause)
    while true {
      let room = try spent.room(place.price(of: question.model))
      do throws(Failure) {
        return try await ask(attempt, place, question, room: room, &spent)
      } catch {
        let wait = error.retryAfter ?? pause
        guard error.errorClass == .rateLimited, number < Self.tries, wait <= Self.longestPause else {
          throw error
        }
        attempt.services.log(.info, "\(error.message) It is asked again after \(wait.text).")
        await attempt.services.pause(wait)
        (number, pause) = (number + 1, pause * 3)
      }
    }
  }

  private func ask(
    _ attempt: Attempt, _ place: LLMPlace, _ question: LLMQuestion, room: Int64?, _ spent: inout LLMSpent
  ) async throws(Failure) -> AttemptOutput {
    var service = ServiceCall("the model", attempt, client, base: place.url)
    service.headers = try WebCall.proof(of: attempt.credential).map { [$0] } ?? []
    (service.timeout, service.answerLimit) = (.seconds(3_600), Self.answerLimit)
    let body = question.body(room: room).serialized()
    var call = try service.call("POST", "/chat/completions", body: body, type: "application/json")
    if body.count > 0, attempt.with["stream"] != false {
      call.request.headers.set("accept", "text/event-stream, application/json")
    }
    let (reader, price) = (LLMReader(), place.price(of: question.model))
    let prompt = LLMUsage.tokens(ofBytes: body.count)
    do throws(Failure) {
      let response = try await call.perform(client, into: { try reader.take($0) }, head: reader.begin)
      reader.finish(response.status)
      try Self.check(response, reader.body, call)
    } catch {
      // What was said before the connection broke has its price.
      let said = reader.answer.bytes
      if said > 0 {
        await spent.add(
          LLMUsage(prompt: prompt, completion: LLMUsage.tokens(ofBytes: said), isEstimate: true), price)
      }
      throw error
    }
    let answer = reader.answer
    let usage =
      answer.usage
      ?? LLMUsage(prompt: prompt, completion: LLMUsage.tokens(ofBytes: answer.bytes), isEstimate: true)
    await spent.add(usage, price)
    return try Self.output(answer, question, usage, spent, price)
  }

  private static func check(_ response: IncomingResponse, _ body: [UInt8], _ call: WebCall) throws(Failure) {
    if response.status == 200 { return }
    let error = (try? JSON(parsing: body))?["error"]
    let words = error?["message"]?.string ?? error?.string
    // It is no matter of waiting: the account has nothing left.
    if response.status == 429,
      error?["code"] == "insufficient_quota" || error?["type"] == "insufficient_quota"
    {
      throw Failure(
        .credential, code: "llm-quota", "The account of the model has nothing left: \(words ?? "429").")
    }
    try call.check(response, saying: words)
    throw Failure(.data, code: "llm-answer", "\(call.shown) answered \(response.status) instead of 200.")
  }

  private static func output(
    _ answer: LLMAnswer, _ question: LLMQuestion, _ usage: LLMUsage, _ spent: LLMSpent,
    _ price: LLMPlace.Price?
  ) throws(Failure) -> AttemptOutput {
    if let fault = answer.fault {
      throw Failure(.transient, code: "llm-broken", "The model broke off: \(fault.prefix(300))")
    }
    guard answer.isWhole, let reason = answer.finishReason else {
      throw Failure(.transient, code: "llm-broken", "The answer of \(question.model) ended in the middle.")
    }
    if !answer.refusal.isEmpty {
      throw Failure(
        .data, code: "llm-refused", "\(question.model) refuses to answer: \(answer.refusal.prefix(300))")
    }
    if reason == "content_filter" {
      throw Failure(.data, code: "llm-refused", "The service's filter held the answer back.")
    }
    if reason == "length" {
      throw Failure(
        .data, code: "llm-cut",
        "The answer of \(question.model) was cut after \(usage.completion) tokens: raise `max_tokens` or "
          + "`budget`.")
    }
    let calls = answer.toolCalls
    guard answer.bytes <= outputLimit else {
      throw Failure(.outputTooLarge, code: "output-too-large", "The answer has more than 4 MiB.")
    }
    let value = calls.isEmpty ? try question.read(answer.text) : nil
    let used: JSON = [
      "prompt_tokens": .int(usage.prompt), "completion_tokens": .int(usage.completion),
      "total_tokens": .int(usage.prompt + usage.completion), "estimated": .bool(usage.isEstimate),
      "cost": price.map { .double(usage.cost($0)) } ?? .null,
    ]
    let cost: JSON = price == nil ? .null : .double(spent.cost)
    let all: JSON = ["tokens": .int(spent.tokens), "cost": cost]
    var output = JSONObject([
      ("text", .string(answer.text)), ("value", value ?? .null), ("tool_calls", .array(calls)),
      ("finish_reason", .string(reason)), ("model", .string(answer.model ?? question.model)),
      ("usage", used), ("spent", all),
    ])
    for member in value?.object ?? JSONObject() where output[member.key] == nil {
      output[member.key] = member.value
    }
    return AttemptOutput(.object(output))
  }
}
