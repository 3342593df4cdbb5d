import Engine
import Model
import Net

/// Where a model answers, and what its tokens cost.
struct LLMPlace: Sendable {
  /// How an answer is made to have a form.
  enum Form: String, Sendable { case schema, object, prompt }

  /// For a million tokens, in the currency that the operator counts in.
  struct Price: Sendable {
    var input: Double
    var output: Double
  }

  static let kind = "llm"
  let url: String
  let model: String?
  let form: Form
  /// The name that the service has for the longest answer.
  let limitName: String
  private let prices: JSONObject

  init(_ attempt: Attempt) throws(Failure) {
    let place = try ServicePlace(
      attempt.connection, kind: Self.kind,
      members: ["url", "model", "prices", "answers", "limit_name"],
      example:
        "{url: \"https://api.openai.com/v1\", model: gpt-4o, prices: {gpt-4o: {input: 2.5, output: 10}}}")
    url = try place.needed("url")
    model = try place.text("model")
    limitName = try place.text("limit_name") ?? "max_completion_tokens"
    let word = try place.text("answers") ?? Form.schema.rawValue
    guard let form = Form(rawValue: word) else {
      throw place.invalid("`answers` other than schema, object or prompt")
    }
    self.form = form
    prices = place.connection.address["prices"]?.object ?? JSONObject()
    for price in prices where Self.price(price.value) == nil {
      throw place.invalid("a price of `\(price.key.prefix(80))` without `input` and `output`")
    }
  }

  /// Nil where the connection knows none.
  func price(of model: String) -> Price? { prices[model].flatMap(Self.price) }

  private static func price(_ value: JSON) -> Price? {
    guard let input = value["input"]?.number, let output = value["output"]?.number, input >= 0, output >= 0
    else { return nil }
    return Price(input: input, output: output)
  }
}

/// What the attempts of one step execution have used together, kept between them.
struct LLMSpent: Sendable {
  var tokens: Int64 = 0
  var cost: Double = 0
  private let attempt: Attempt

  init(_ attempt: Attempt) async throws(Failure) {
    self.attempt = attempt
    let load = attempt.services.checkpoints.load
    let kept = try await OwnThread.run { () throws(Failure) in try load() }
    tokens = kept?["tokens"]?.int ?? 0
    cost = kept?["cost"]?.number ?? 0
  }

  /// The most tokens that an answer may still have; nil without a budget.
  func room(_ price: LLMPlace.Price?) throws(Failure) -> Int64? {
    let budget = attempt.with["budget"]
    var room: Int64?
    if let most = budget?["tokens"]?.int { room = most - tokens }
    if let most = budget?["cost"]?.number {
      guard let price else {
        throw Failure(
          .configuration, code: "llm-price",
          "`budget.cost` needs a price: give `prices` of the model in the connection.")
      }
      let left = price.output > 0 ? (most - cost) / price.output * 1_000_000 : .infinity
      if cost >= most { room = 0 } else if left < 1e15 { room = min(room ?? .max, Int64(left)) }
    }
    guard let room else { return nil }
    guard room > 0 else {
      throw Failure(
        .exhausted, code: "llm-budget",
        "The step's attempts have used \(tokens) tokens\(cost > 0 ? ", which cost \(cost)" : ""): its "
          + "`budget` is spent.")
    }
    return room
  }

  mutating func add(_ usage: LLMUsage, _ price: LLMPlace.Price?) async {
    tokens += usage.prompt + usage.completion
    cost += price.map { usage.cost($0) } ?? 0
    guard attempt.with["budget"] != nil else { return }
    let save = attempt.services.checkpoints.save
    let state: JSON = ["tokens": .int(tokens), "cost": .double(cost)]
    do throws(Failure) {
      try await OwnThread.run { () throws(Failure) in try save(state) }
    } catch { attempt.services.log(.warn, "What was used could not be kept: \(error.message)") }
  }
}

struct LLMUsage: Sendable, Hashable {
  var prompt: Int64
  var completion: Int64
  /// Counted from the bytes, where the service did not say.
  var isEstimate = false

  /// Some four bytes are a token.
  static func tokens(ofBytes count: Int) -> Int64 { Int64((count + 3) / 4) }

  init(prompt: Int64, completion: Int64, isEstimate: Bool = false) {
    (self.prompt, self.completion, self.isEstimate) = (prompt, completion, isEstimate)
  }

  init?(_ json: JSON?) {
    guard let prompt = json?["prompt_tokens"]?.int, let completion = json?["completion_tokens"]?.int else {
      return nil
    }
    self.init(prompt: max(0, prompt), completion: max(0, completion))
  }

  func cost(_ price: LLMPlace.Price) -> Double {
    (Double(prompt) * price.input + Double(completion) * price.output) / 1_000_000
  }
}
