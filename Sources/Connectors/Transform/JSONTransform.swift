import Engine
import Expressions
import Model

/// `json.transform`: data made from data by an expression.
struct JSONTransform: Connector {
  var description: ConnectorDescription { Self.description }

  static let lineLimit = 1 << 20

  static let description = ConnectorDescription(
    name: "json.transform",
    title: Bilingual("Transform JSON", pt: "Transformar JSON"),
    summary: Bilingual(
      """
      Evaluates an expression (CEL, docs/expressions.md) over a value or an artifact of JSON, or with \
      `lines` over each line of an artifact, one line at a time, whatever its size. It sees `value`, or \
      `line` and `index` (from 0), and `vars`. The expression is written as it is, without `${{`.
      """,
      pt: """
        Avalia uma expressão (CEL, docs/expressions.md) sobre um valor ou um artefato JSON ou, com `lines`, \
        sobre cada linha de um artefato, uma por vez, qualquer que seja o tamanho. Ela vê `value`, ou `line` \
        e `index` (a partir de 0), e `vars`. A expressão é escrita como está, sem `${{`.
        """),
    with: WebSchema.object(
      [
        ("expression", ["type": "string", "minLength": 1, "description": "What comes out."]),
        (
          "filter",
          [
            "type": "string", "minLength": 1,
            "description":
              "With `lines`: only where this is true. Without, a null comes out where it is false.",
          ]
        ),
        ("value", ["description": "What goes in; this or `artifact`."]),
        ("artifact", ["type": "artifact", "description": "JSON up to 4 MiB, or with `lines` of any size."]),
        ("lines", ["type": "boolean", "default": false, "description": "One JSON value in each line."]),
        ("vars", ["description": "Any value, for the expression."]),
        ("name", ["type": "string", "minLength": 1, "maxLength": 255, "default": "transformed.ndjson"]),
      ], required: ["expression"]),
    output: FileSchema.output(
      [("count", ["type": "integer", "description": "What came out."])],
      optional: [
        ("value", ["description": "Without `lines`."]),
        ("file", ["type": "artifact", "description": "With `lines`: one value in each line."]),
        ("skipped", ["type": "integer", "description": "Lines that `filter` left out."]),
      ]),
    effect: .always(.pure), verbatim: ["expression", "filter"],
    examples: [
      .init(
        Bilingual("Large amounts alone", pt: "Só os valores altos"),
        yaml: """
          large:
            uses: json.transform
            with:
              value: [{name: a, amount: 3}, {name: b, amount: 30}]
              expression: value.filter(v, v.amount > 10).map(v, v.name)
          """)
    ],
    failures: [
      FileSchema.Note(
        .configuration, code: "expression-syntax",
        Bilingual("an expression has a mistake of form", pt: "uma expressão tem um erro de forma"),
        remedy: Bilingual("The message names the place.", pt: "A mensagem indica o lugar.")),
      FileSchema.Note(
        .configuration, code: "type-error",
        Bilingual("types or names do not fit", pt: "tipos ou nomes não combinam"),
        remedy: Bilingual(
          "It sees `value`, or `line` and `index`, and `vars`.",
          pt: "Ela vê `value`, ou `line` e `index`, e `vars`.")),
      FileSchema.Note(
        .expression, code: "expression",
        Bilingual("the data do not allow it", pt: "os dados não a permitem"),
        remedy: Bilingual("Test with `has(…)` or read with `.?`.", pt: "Teste com `has(…)` ou leia com `.?`.")
      ),
      FileSchema.Note(
        .expression, code: "expression-limit",
        Bilingual("it costs too much on this input", pt: "ela custa demais nesta entrada"),
        remedy: Bilingual("Use `lines`, or a script.", pt: "Use `lines`, ou um script.")),
      FileSchema.invalidJSON, FileSchema.notText,
      FileSchema.Note(
        .data, code: "line-too-long",
        Bilingual("a line has more than 1 MiB", pt: "uma linha tem mais de 1 MiB"),
        remedy: Bilingual("Use a script.", pt: "Use um script.")),
      FileSchema.inline,
    ],
    check: problems(in:))

  static func problems(in with: JSON) -> [Problem] {
    // Without its text, or what names it may use, an expression says nothing yet.
    if with["expression"]?.isNull == true || with["lines"]?.isNull == true { return [] }
    var problems: [Problem] = []
    do throws(Problem) { _ = try Transformation(with) } catch { problems.append(error) }
    return problems + Self.source(with)
  }

  private static func source(_ with: JSON) -> [Problem] {
    let isLines = with["lines"]?.bool ?? false
    if (with["value"] == nil) != (with["artifact"] == nil), !isLines || with["artifact"] != nil { return [] }
    return [
      Problem(
        "invalid-with",
        Bilingual(
          "`with` has not exactly one of `value` and `artifact`; `lines` takes an artifact.",
          pt: "`with` não tem exatamente um de `value` e `artifact`; `lines` pede um artefato."),
        remedy: Bilingual("Keep the one that goes in.", pt: "Mantenha o que entra."))
    ]
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let (with, services) = (attempt.with, attempt.services)
    if let problem = Self.source(with).first {
      throw Failure(.configuration, code: "invalid-with", problem.message.english)
    }
    let transformation: Transformation
    do throws(Problem) { transformation = try Transformation(with) } catch {
      throw Failure(
        .configuration, code: error.code == "type-error" ? "type-error" : "expression-syntax",
        error.message.english)
    }
    let input = services.workFolder + "/input"
    if let handle = with["artifact"].flatMap(ArtifactHandle.init) {
      try await services.fetchArtifact(handle.sha256, input)
    }
    guard with["lines"]?.bool ?? false else {
      let given = with["value"]
      let value = try await OwnThread.cancellable { _ throws(Failure) -> JSON? in
        if let given { return try transformation.result(of: given) }
        return try transformation.result(of: try Self.json(input))
      }
      return AttemptOutput(["value": value ?? .null, "count": value == nil ? 0 : 1])
    }
    let output = services.workFolder + "/output"
    let counts = try await OwnThread.cancellable { flag throws(Failure) in
      try LineTransformation(transformation, flag).run(from: input, to: output)
    }
    let handle = try await services.storeArtifact(
      with["name"]?.string ?? "transformed.ndjson", output, "application/x-ndjson")
    return AttemptOutput(
      ["file": handle.json, "count": .int(counts.taken), "skipped": .int(counts.skipped)], artifacts: [handle]
    )
  }

  private static func json(_ path: String) throws(Failure) -> JSON {
    guard let bytes = SmallFile.read(path, limit: FileSchema.inlineLimit) else {
      throw .tooLargeInline("The artifact", "use `lines`, or a script")
    }
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "The artifact is not JSON: line \(error.line), column \(error.column): \(error.message.english)")
    }
  }
}

/// The expressions of one step, ready to run.
struct Transformation: Sendable {
  private let expression: Expression
  private let filter: Expression?
  private let vars: Value
  /// `tzdata` of this machine, as the engine's own expressions have it.
  private static let zones = ZoneDatabase { SmallFile.read("/usr/share/zoneinfo/\($0)", limit: 1 << 20) }

  init(_ with: JSON) throws(Problem) {
    let isLines = with["lines"]?.bool ?? false
    let names: [String: CELType] =
      isLines ? ["line": .dyn, "index": .int, "vars": .dyn] : ["value": .dyn, "vars": .dyn]
    let environment = Environment(variables: names, zones: Self.zones)
    expression = try Self.compile(with["expression"]?.string ?? "", environment)
    filter = try with["filter"]?.string.map { text throws(Problem) in try Self.compile(text, environment) }
    if let filter, !filter.type.assignable(to: .bool) {
      throw Problem(
        "type-error",
        Bilingual("`filter` gives \(filter.type), not bool.", pt: "`filter` dá \(filter.type), não bool."))
    }
    vars = Value(with["vars"] ?? .null)
  }

  private static func compile(_ text: String, _ environment: Environment) throws(Problem) -> Expression {
    let parsed: ParsedExpression
    do throws(ExpressionError) { parsed = try .parse(text) } catch {
      throw Problem("expression-syntax", error.message, remedy: error.remedy)
    }
    do throws(ExpressionErrors) { return try parsed.compile(in: environment) } catch {
      let first = error.all[0]
      throw Problem("type-error", first.message, remedy: first.remedy)
    }
  }

  /// Nil where the filter leaves it out.
  func result(of input: JSON, line: Int64? = nil) throws(Failure) -> JSON? {
    let bindings = TransformBindings(input: Value(input), index: line ?? 0, vars: vars)
    do throws(ExpressionError) {
      if let filter {
        guard case .bool(let isTaken) = try filter.evaluate(bindings) else {
          throw ExpressionError(
            .evaluation, Bilingual("`filter` gives no bool.", pt: "`filter` não dá bool."), at: 0..<0)
        }
        if !isTaken { return nil }
      }
      return try expression.evaluate(bindings).json()
    } catch {
      let place = line.map { "Line \($0 + 1): " } ?? ""
      let isLimit = error.kind == .limit
      throw Failure(
        .expression, code: isLimit ? "expression-limit" : "expression", place + error.message.english)
    }
  }
}

private struct TransformBindings: Bindings {
  let input: Value
  let index: Int64
  let vars: Value

  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
    switch name {
    case "index": .int(index)
    case "vars": vars
    case _: input
    }
  }
}
