import Crypto
import Engine
import Model
import Net

/// `redis.command`: one command, its answer as a value.
struct RedisCommandConnector: Connector {
  let brokers: Brokers
  var description: ConnectorDescription { Self.description }

  /// Those that change nothing.
  private static let reading = [
    "GET", "MGET", "STRLEN", "GETRANGE", "EXISTS", "TTL", "PTTL", "TYPE", "KEYS", "SCAN", "DBSIZE", "HGET",
    "HMGET", "HGETALL", "HKEYS", "HVALS", "HLEN", "HEXISTS", "HSCAN", "LRANGE", "LLEN", "LINDEX", "SMEMBERS",
    "SCARD", "SISMEMBER", "SSCAN", "ZRANGE", "ZRANGEBYSCORE", "ZSCORE", "ZCARD", "ZCOUNT", "ZSCAN", "XRANGE",
    "XREVRANGE", "XLEN", "XINFO", "PING", "TIME", "INFO",
  ]
  /// Those that wait, or that change the connection, which others share.
  private static let foreign: Set<String> = [
    "AUTH", "SELECT", "HELLO", "RESET", "QUIT", "CLIENT", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH",
    "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "SYNC",
    "PSYNC", "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT",
    "WAITAOF", "XREAD", "XREADGROUP", "ASKING", "READONLY", "READWRITE", "REPLCONF", "DEBUG", "SHUTDOWN",
  ]
  private static let word: JSON = ["type": ["string", "integer", "number", "boolean"]]

  static let description = ConnectorDescription(
    name: "redis.command",
    title: Bilingual("Redis command", pt: "Comando do Redis"),
    summary: Bilingual(
      """
      Sends one command to Redis and gives its answer: texts, numbers, null and lists. A command that waits, \
      or that changes the connection (`BLPOP`, `SELECT`, `MULTI`), is refused, since steps share one \
      connection; several commands that belong together are a script (`EVAL`). To read a queue, use a \
      trigger of kind `queue`.
      """,
      pt: """
        Envia um comando ao Redis e devolve a resposta: textos, números, nulo e listas. Um comando que \
        espera, ou que muda a conexão (`BLPOP`, `SELECT`, `MULTI`), é recusado, pois os passos dividem uma \
        conexão; vários comandos que vão juntos são um script (`EVAL`). Para ler uma fila, use um gatilho do \
        tipo `queue`.
        """),
    with: WebSchema.object(
      [
        (
          "command",
          ["type": "string", "pattern": "^[A-Z]{2,32}$", "description": "In capitals, such as `GET`."]
        ),
        (
          "arguments",
          [
            "type": "array", "items": word, "maxItems": 10_000,
            "description": "Each as it is written; true is 1 and false is 0.",
          ]
        ),
        (
          "parse",
          [
            "enum": ["text", "json"], "default": "text",
            "description": "`json` reads each text of the answer as JSON.",
          ]
        ),
      ], required: ["command"]),
    output: [
      "type": "object",
      "properties": [
        "result": ["description": "Bytes that are no text are `{base64}`."]
      ],
      "required": ["result"],
      "additionalProperties": false,
    ],
    effect: .pureWhen(key: "command", values: reading, absent: false), connection: .required(kind: "redis"),
    defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Remember the last run", pt: "Lembrar a última execução"),
        yaml: """
          remember:
            uses: redis.command
            connection: cache
            idempotent: true
            with: {command: SET, arguments: [last_run, "2026-01-31", EX, 86400]}
          """)
    ],
    failures: BrokerNotes.calling(.redis) + [
      .init(
        .data, code: "redis-refused",
        Bilingual(
          "Redis refuses the command; `credential` where it is not allowed, `transient` where it is busy",
          pt: "o Redis recusa o comando; `credential` onde não é permitido, `transient` onde está ocupado"),
        remedy: Bilingual(
          "The message is that of Redis.", pt: "A mensagem é a do Redis.")),
      .init(
        .outputTooLarge, code: "answer-too-large",
        Bilingual("the answer has more than 16 MiB", pt: "a resposta tem mais de 16 MiB"),
        remedy: Bilingual("Ask for less.", pt: "Peça menos.")),
      .init(
        .data, code: "invalid-json",
        Bilingual("`parse: json`, and a text is no JSON", pt: "`parse: json`, e um texto não é JSON"),
        remedy: Bilingual("Use `parse: text`.", pt: "Use `parse: text`.")),
    ], check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    guard let command = with["command"]?.string, foreign.contains(command) else { return [] }
    return [
      Problem(
        "invalid-with",
        Bilingual(
          "`\(command)` waits or changes the connection that steps share.",
          pt: "`\(command)` espera ou muda a conexão que os passos dividem."),
        remedy: Bilingual(
          "Use a trigger of kind queue to read, EVAL for what belongs together.",
          pt: "Use um gatilho do tipo queue para ler, EVAL para o que vai junto."))
    ]
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if let problem = Self.problems(in: attempt.with).first {
      throw Failure(.configuration, code: problem.code, problem.message.english)
    }
    let place = try BrokerPlace(attempt.connection, attempt.credential, kind: .redis)
    let words =
      [attempt.with["command"]?.string ?? ""] + (attempt.with["arguments"]?.array ?? []).map(Self.text)
    let reply: RedisReply
    do throws(RedisError) {
      reply = try await client(place).call(
        RedisCommand(words: words.map { Array($0.utf8) }), timeout: Self.description.defaultTimeout)
    } catch { throw Failure(error, at: place, isRepeatable: attempt.effect != .once) }
    return AttemptOutput([
      "result": try Self.json(reply, parses: attempt.with["parse"]?.string == "json")
    ])
  }

  private func client(_ place: BrokerPlace) throws(RedisError) -> RedisClient {
    do throws(NetError) { return try brokers.redis(place) } catch { throw .net(error) }
  }

  private static func text(_ value: JSON) -> String {
    value.bool.map { $0 ? "1" : "0" } ?? ScriptInput.plain(value)
  }

  private static func json(_ reply: RedisReply, parses: Bool) throws(Failure) -> JSON {
    switch reply {
    case .null: return .null
    case .integer(let number): return .int(number)
    case .status(let text), .error(let text): return .string(text)
    case .array(let list):
      var items: [JSON] = []
      for item in list { items.append(try json(item, parses: parses)) }
      return .array(items)
    case .text(let bytes):
      if parses {
        do throws(JSONError) { return try JSON(parsing: bytes) } catch {
          throw Failure(
            .data, code: "invalid-json",
            "The answer is no JSON: line \(error.line), column \(error.column): \(error.message.english)")
        }
      }
      return String(validating: bytes, as: UTF8.self).map { .string($0) }
        ?? ["base64": .string(Base64.encode(bytes))]
    }
  }
}
