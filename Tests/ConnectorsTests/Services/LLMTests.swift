import Engine
import Foundation
import Glibc
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Stand-ins that take what OpenAI's own pages say and nothing else:
/// https://platform.openai.com/docs/api-reference/chat/create
/// https://platform.openai.com/docs/api-reference/chat-streaming
/// https://platform.openai.com/docs/guides/structured-outputs
/// https://platform.openai.com/docs/guides/error-codes
@Suite("A question to a language model", .timeLimit(.minutes(1)))
struct LLMTests {
  private static let usage: JSON = [
    "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
    "completion_tokens_details": ["reasoning_tokens": 0],
  ]

  private static func chunk(_ delta: JSON, _ reason: JSON = .null) -> JSON {
    [
      "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
      "choices": [["index": 0, "delta": delta, "finish_reason": reason]], "usage": .null,
    ]
  }

  private static func stream(_ chunks: [JSON], usage: JSON? = usage, isWhole: Bool = true) -> HTTPResponse {
    var events = chunks
    if let usage {
      events.append(["id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage])
    }
    let text = events.map { "data: \($0.text)\n\n" }.joined() + (isWhole ? "data: [DONE]\n\n" : "")
    return HTTPResponse(status: 200, type: "text/event-stream; charset=utf-8", Array(text.utf8))
  }

  private static func said(_ parts: String..., reason: String = "stop") -> HTTPResponse {
    stream(
      [chunk(["role": "assistant", "content": ""])] + parts.map { chunk(["content": .string($0)]) }
        + [chunk([:], .string(reason))])
  }

  private struct World {
    let site: Site
    let bench: ServiceBench
    let more: JSONObject
    var connector: LLMChat { LLMChat(client: site.client) }

    init(_ more: JSONObject = [:], _ answer: @escaping @Sendable (JSON, Int) -> HTTPResponse) throws {
      let count = Counter()
      site = try Site { request in
        guard request.method == "POST", request.target == "/v1/chat/completions",
          request.headers["authorization"] == "Bearer t0ken-of-ana",
          request.headers["content-type"] == "application/json", let body = request.json
        else {
          return .json(401, ["error": ["message": "Incorrect API key provided", "code": "invalid_api_key"]])
        }
        return answer(body, count.next())
      }
      self.more = more
      bench = try ServiceBench()
    }

    func run(
      _ with: JSON, _ credential: Credential? = ServiceBench.bearer, files: String? = nil, number: Int = 1
    ) async -> Result<JSON, Failure> {
      await bench.run(
        connector,
        bench.attempt(
          with, of: connector, ServiceBench.connection("llm", site.url + "/v1", more), credential,
          number: number, files: files))
    }

    func asked(_ place: Int = 0) -> JSON? { site.asked.count > place ? site.asked[place].json : nil }
  }

  private static let prices: JSONObject = ["prices": ["gpt-4o": ["input": 2.5, "output": 10]]]

  @Test("is answered piece by piece, and what it cost is counted")
  func streamed() async throws {
    let world = try World(Self.prices) { _, _ in Self.said("Olá, ", "mundo") }
    let value = await world.run(["model": "gpt-4o", "prompt": "Diga olá", "temperature": 0.1]).value
    #expect(value?["text"] == "Olá, mundo" && value?["finish_reason"] == "stop" && value?["value"] == .null)
    #expect(value?["usage"]?["total_tokens"] == 120 && value?["usage"]?["estimated"] == false)
    #expect(value?["usage"]?["cost"] == 0.00045)
    #expect(
      world.asked() == [
        "model": "gpt-4o", "messages": [["role": "user", "content": "Diga olá"]], "temperature": 0.1,
        "stream": true, "stream_options": ["include_usage": true],
      ])
    await world.site.stop()
  }

  @Test("is answered at once where it asks so, and where the service knows no streams")
  func whole() async throws {
    let message: JSON = ["role": "assistant", "content": "sim", "refusal": .null]
    let answer: JSON = [
      "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o",
      "choices": [["index": 0, "message": message, "finish_reason": "stop"]], "usage": Self.usage,
    ]
    for stream in [true, false] {
      let world = try World { _, _ in .json(200, answer) }
      let value = await world.run(["model": "gpt-4o", "prompt": "?", "stream": .bool(stream)]).value
      #expect(value?["text"] == "sim" && value?["usage"]?["prompt_tokens"] == 100)
      #expect(value?["usage"]?["cost"] == .null, "There is no price.")
      #expect((world.asked()?["stream"] != nil) == stream)
      await world.site.stop()
    }
  }

  @Test("has roles and context from the files beside the pipeline, and an answer that agrees with a schema")
  func roles() async throws {
    let world = try World { _, _ in Self.said("{\"intent_valid\": true, ", "\"text\": \"x\"}") }
    let schema =
      "{\"type\": \"object\", \"required\": [\"intent_valid\"], "
      + "\"properties\": {\"intent_valid\": {\"type\": \"boolean\"}, \"text\": {}}}"
    let files = try world.bench.bench.files([
      "roles.json": "{\"intent\": \"You judge.\", \"plan\": {\"who\": \"planner\"}}", "local.md": "Be brief.",
      "schemas/intent.json": schema,
    ])
    let value = await world.run(
      [
        "model": "gpt-4o", "roles": ["roles.json#intent", "roles.json#plan", "local.md"],
        "context": ["conversation_context": "--- H ---", "has_history": true, "empty": ""],
        "prompt": "Quanto?", "data": ["a": 1], "schema": "schemas/intent.json", "strict": true,
        "messages": [["role": "assistant", "content": "Oi"]],
      ], files: files
    ).value
    #expect(value?["intent_valid"] == true && value?["value"]?["text"] == "x")
    #expect(value?["text"]?.string?.hasPrefix("{") == true, "A member of the answer hides none of ours.")
    #expect(
      world.asked()?["messages"] == [
        [
          "role": "system",
          "content": "You judge.\n\n{\"who\":\"planner\"}\n\nBe brief.\n\n--- H ---\n\nhas_history: true",
        ],
        ["role": "assistant", "content": "Oi"],
        ["role": "user", "content": "Quanto?\n\nData, as JSON:\n{\"a\":1}"],
      ])
    let form = world.asked()?["response_format"]
    #expect(form?["type"] == "json_schema" && form?["json_schema"]?["name"] == "intent")
    #expect(form?["json_schema"]?["strict"] == true)
    #expect(form?["json_schema"]?["schema"] == (try JSON(parsing: Array(schema.utf8))))
    await world.site.stop()
  }

  @Test("to a service without schemas puts them into the prompt, and reads what stands between fences")
  func forms() async throws {
    for (form, format) in [("object", JSON.object(JSONObject([("type", "json_object")]))), ("prompt", nil)] {
      let world = try World(["answers": .string(form), "limit_name": "max_tokens", "model": "llama"]) {
        _, _ in
        Self.said("```json\n{\"a\": 1}\n```\n")
      }
      let value = await world.run(["prompt": "?", "schema": ["type": "object"], "max_tokens": 50]).value
      #expect(value?["a"] == 1)
      #expect(world.asked()?["response_format"] == format && world.asked()?["max_tokens"] == 50)
      #expect(world.asked()?["model"] == "llama")
      #expect(world.asked()?["messages"]?[0]?["content"]?.string?.contains("{\"type\":\"object\"}") == true)
      await world.site.stop()
    }
  }

  @Test("gives the tools that the model asks for, put together from their pieces")
  func tools() async throws {
    let world = try World { _, _ in
      Self.stream([
        Self.chunk([
          "role": "assistant", "content": .null,
          "tool_calls": [
            ["index": 0, "id": "call_1", "type": "function", "function": ["name": "sum", "arguments": ""]]
          ],
        ]),
        Self.chunk(["tool_calls": [["index": 0, "function": ["arguments": "{\"a\":"]]]]),
        Self.chunk(["tool_calls": [["index": 0, "function": ["arguments": " 1}"]]]]),
        Self.chunk([
          "tool_calls": [["index": 1, "id": "call_2", "function": ["name": "bad", "arguments": "{"]]]
        ]),
        Self.chunk([:], "tool_calls"),
      ])
    }
    let tool: JSON = ["type": "function", "function": ["name": "sum", "parameters": ["type": "object"]]]
    let value = await world.run([
      "model": "gpt-4o", "prompt": "?", "tools": [tool], "tool_choice": "auto", "schema": ["type": "object"],
    ]).value
    #expect(
      value?["tool_calls"] == [
        ["id": "call_1", "name": "sum", "arguments": ["a": 1]],
        ["id": "call_2", "name": "bad", "arguments": "{"],
      ])
    #expect(
      value?["text"] == "" && world.asked()?["tools"] == [tool] && world.asked()?["tool_choice"] == "auto")
    await world.site.stop()
  }

  @Test(
    "waits as the service asks after a 429, four times and a minute at most, and never for an empty account")
  func limited() async throws {
    let limit: JSON = [
      "error": ["message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"]
    ]
    let world = try World { _, count in
      count < 3 ? .json(429, limit, [("retry-after", "7")]) : Self.said("ok")
    }
    #expect(await world.run(["model": "m", "prompt": "?"]).value?["text"] == "ok")
    #expect(world.bench.paused == [.seconds(7), .seconds(7)])
    await world.site.stop()
    let always = try World { _, _ in .json(429, limit) }
    let found = await always.run(["model": "m", "prompt": "?"]).failure
    #expect(found?.errorClass == .rateLimited && found?.message.contains("Rate limit reached") == true)
    #expect(always.site.asked.count == 4 && always.bench.paused == [.seconds(2), .seconds(6), .seconds(18)])
    await always.site.stop()
    let long = try World { _, _ in .json(429, limit, [("retry-after", "61")]) }
    #expect(await long.run(["model": "m", "prompt": "?"]).failure?.retryAfter == .seconds(61))
    #expect(long.site.asked.count == 1)
    await long.site.stop()
    let empty = try World { _, _ in .json(429, ["error": ["message": "quota", "code": "insufficient_quota"]])
    }
    let spent = await empty.run(["model": "m", "prompt": "?"]).failure
    #expect(spent?.errorClass == .credential && spent?.code == "llm-quota" && empty.site.asked.count == 1)
    await empty.site.stop()
  }

  @Test("costs no more than the step's budget, over all its attempts")
  func budget() async throws {
    let world = try World(Self.prices) { _, _ in Self.said("x") }
    let with: JSON = ["model": "gpt-4o", "prompt": "?", "budget": ["tokens": 150, "cost": 0.01]]
    let first = await world.run(with).value
    #expect(first?["spent"] == ["tokens": 120, "cost": 0.00045])
    #expect(world.asked()?["max_completion_tokens"] == 150)
    _ = await world.run(with, number: 2)
    #expect(world.asked(1)?["max_completion_tokens"] == 30)
    let last = await world.run(with, number: 3).failure
    #expect(last?.errorClass == .exhausted && last?.code == "llm-budget" && world.site.asked.count == 2)
    let money = await world.run(
      ["model": "gpt-4o", "prompt": "?", "budget": ["cost": 0.0009]], number: 4
    ).failure
    #expect(money?.code == "llm-budget")
    let unpriced = await world.run(["model": "other", "prompt": "?", "budget": ["cost": 1]]).failure
    #expect(unpriced?.errorClass == .configuration && unpriced?.code == "llm-price")
    await world.site.stop()
  }

  @Test("whose answer breaks in the middle is transient, and what was said counts")
  func broken() async throws {
    let world = try World { _, _ in
      Self.stream([Self.chunk(["content": "half of it"])], usage: nil, isWhole: false)
    }
    let with: JSON = ["model": "m", "prompt": "?", "budget": ["tokens": 10_000]]
    let found = await world.run(with).failure
    #expect(found?.errorClass == .transient && found?.code == "llm-broken")
    #expect((world.bench.checkpoint?["tokens"]?.int ?? 0) > 0)
    await world.site.stop()
    let bench = try ServiceBench()
    let event = "data: \(Self.chunk(["content": "twelve bytes"]).text)\n\n"
    let server = try BrokenServer(
      .sendAndClose(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 90000\r\n\r\n\(event)"))
    let connector = LLMChat(client: bench.bench.client)
    let cut = await bench.run(
      connector, bench.attempt(with, of: connector, ServiceBench.connection("llm", server.url))
    ).failure
    #expect(cut?.errorClass == .transient && cut?.code == "interrupted", "\(cut?.message ?? "")")
    #expect((bench.checkpoint?["tokens"]?.int ?? 0) >= 3)
    server.stop()
    await bench.bench.client.stop()
    let fault = try World { _, _ in
      let text = "data: {\"error\": {\"message\": \"The server had an error\"}}\n\n"
      return HTTPResponse(status: 200, type: "text/event-stream", Array(text.utf8))
    }
    #expect(await fault.run(with).failure?.message.contains("The server had an error") == true)
    await fault.site.stop()
  }

  @Test(
    "whose answer is cut, refused, held back or of another form is no answer",
    arguments: [
      ("length", "half", "llm-cut"), ("content_filter", "", "llm-refused"), ("stop", "no JSON", "llm-answer"),
      ("stop", "{\"b\": 1}", "llm-answer"),
    ])
  func unusable(reason: String, text: String, code: String) async throws {
    let world = try World { _, _ in Self.said(text, reason: reason) }
    let found = await world.run([
      "model": "m", "prompt": "?", "schema": ["type": "object", "required": ["a"], "properties": ["a": [:]]],
    ]).failure
    #expect(found?.errorClass == .data && found?.code == code, "\(found?.message ?? "")")
    await world.site.stop()
  }

  @Test("is refused to a wrong key, in the service's words; a refusal of the model is none of ours")
  func refused() async throws {
    let world = try World { _, _ in
      Self.stream([Self.chunk(["refusal": "I cannot help with that."]), Self.chunk([:], "stop")])
    }
    let other = Credential(name: "c", type: "bearer", values: [("token", Secret("other-key"))])
    let found = await world.run(["model": "m", "prompt": "?"], other).failure
    #expect(found?.errorClass == .credential && found?.message.contains("Incorrect API key") == true)
    let refusal = await world.run(["model": "m", "prompt": "?"]).failure
    #expect(refusal?.code == "llm-refused" && refusal?.message.contains("I cannot help") == true)
    await world.site.stop()
  }
}

/// Counts from 1.
final class Counter: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
