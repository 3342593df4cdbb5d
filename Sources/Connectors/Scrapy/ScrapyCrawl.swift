import CSystem
import Engine
import Glibc
import Model

/// `scrapy.crawl`: one run of a spider, in the user's own Scrapy.
struct ScrapyCrawl: Connector {
  let children: ChildProcesses
  var description: ConnectorDescription { Self.description }

  static let kind = "scrapy"
  static let feed = "items.ndjson"

  static let description = ConnectorDescription(
    name: "scrapy.crawl",
    title: Bilingual("Run a spider of Scrapy", pt: "Executar um spider do Scrapy"),
    summary: Bilingual(
      """
      Runs a spider in a process of its own and gives `items_count`, its items as `documents`, its feed as \
      an artifact and its statistics. The spider is one of a project that the connection names, or of a \
      file beside the pipeline. robots.txt is obeyed unless the step says otherwise. A crawl that was lost \
      with its server starts again, with the same ESTEIRA_STEP_KEY. See [services](../services.md).
      """,
      pt: """
        Executa um spider em um processo próprio e devolve `items_count`, os itens como `documents`, o \
        feed como artefato e as estatísticas. O spider é de um projeto indicado pela conexão, ou de um \
        arquivo ao lado do pipeline. O robots.txt é respeitado, a menos que o passo diga outra coisa. Uma \
        coleta perdida junto com o servidor começa de novo, com o mesmo ESTEIRA_STEP_KEY. Veja \
        [serviços](../services.pt-BR.md).
        """),
    with: WebSchema.object(
      [
        (
          "spider", ["type": "string", "minLength": 1, "maxLength": 200, "description": "The spider's name."]
        ),
        (
          "arguments",
          [
            "type": "object", "additionalProperties": ["type": ["string", "integer", "number", "boolean"]],
            "description": "What the spider is given (`-a`).",
          ]
        ),
        ("file", ["type": "string", "minLength": 1, "description": "A Python file beside the pipeline."]),
        (
          "files",
          [
            "type": "object", "additionalProperties": ["type": ["string", "object"]],
            "description": "Name to a file beside the pipeline or an artifact; they lie in ESTEIRA_FILES.",
          ]
        ),
        (
          "robots",
          ["type": "boolean", "default": true, "description": "Whether robots.txt is obeyed."]
        ),
        (
          "delay",
          [
            "type": "string",
            "description": "Between two requests to one site, such as `5s`; else the project's.",
          ]
        ),
        ("user_agent", ["type": "string", "minLength": 1, "description": "Else the project's."]),
        (
          "settings",
          [
            "type": "object", "additionalProperties": true,
            "description": "Any other setting of Scrapy, such as CLOSESPIDER_ITEMCOUNT.",
          ]
        ),
        (
          "env",
          ["type": "object", "additionalProperties": true, "description": "Environment variables."]
        ),
        (
          "result",
          [
            "enum": ["documents", "artifact"], "default": "documents",
            "description": "Whether the items stand in the output too; 4 MiB at most.",
          ]
        ),
      ], required: ["spider"]),
    output: [
      "type": "object",
      "properties": [
        "spider": ["type": "string"],
        "file": ["type": "artifact", "description": "The feed, an item a line."],
        "finish_reason": ["type": "string", "description": "`finished`, or the limit that was reached."],
        "stats": [
          "type": "object", "additionalProperties": ["type": ["string", "integer", "number", "boolean"]],
        ],
      ],
      // `items_count` and `documents` stand beside them undeclared: a step may have them from one of several
      // collectors, most of which declare nothing.
      "required": ["spider", "file", "finish_reason", "stats"],
      "additionalProperties": true,
    ],
    effect: .always(.keyed), connection: .optional(kind: kind), fileKeys: ["file", "files"],
    place: .process,
    examples: [
      .init(
        Bilingual("A spider of a project", pt: "Um spider de um projeto"),
        yaml: """
          collect:
            uses: scrapy.crawl
            connection: scrapers
            with: {spider: aneel_news, arguments: {run_id: "${{ job.key }}"}, delay: 5s}
            timeout: 15m
          """)
    ],
    failures: ScriptNotes.all.filter { ["exit-code", "killed-by-signal", "out-of-memory"].contains($0.code) }
      + ScriptNotes.all.filter { ["file-not-found", "unsafe-path", "program-not-found"].contains($0.code) }
      + [
        .init(
          .configuration, code: "invalid-connection",
          Bilingual(
            "the connection is of another kind, or its address is not understood",
            pt: "a conexão é de outro tipo, ou o endereço dela não é entendido"),
          remedy: Bilingual("The message shows an address.", pt: "A mensagem mostra um endereço.")),
        .init(
          .configuration, code: "scrapy-project",
          Bilingual("nothing says where the spider is", pt: "nada diz onde está o spider"),
          remedy: Bilingual(
            "Name a `file`, or a connection with a `project`.",
            pt: "Indique um `file`, ou uma conexão com `project`.")),
        ServiceNotes.outputTooLarge,
        .init(
          .data, code: "invalid-json",
          Bilingual("a line of the feed is no object", pt: "uma linha do feed não é objeto"),
          remedy: Bilingual("Have the spider yield items.", pt: "Faça o spider produzir itens.")),
      ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let order = try ScrapyOrder(attempt)
    return try await order.output(of: try await run(order).execute())
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    let order = try ScrapyOrder(attempt)
    guard let known = try await run(order).outcomeOfLost() else { return nil }
    return try await order.output(of: known)
  }

  private func run(_ order: ScrapyOrder) throws(Failure) -> ScriptRun {
    let python = order.python
    return try ScriptRun(order.script, children: children) { _, path throws(Failure) in
      ScriptCommand(program: python, arguments: ["-u", path])
    }
  }
}

/// What one attempt has Scrapy do.
private struct ScrapyOrder: Sendable {
  let attempt: Attempt
  /// The same attempt, as a script's.
  let script: Attempt
  let python: String

  private static let outputLimit = 4 << 20

  init(_ attempt: Attempt) throws(Failure) {
    self.attempt = attempt
    var (project, python) = (String?.none, "python3")
    if attempt.connection != nil {
      let place = try ServicePlace(
        attempt.connection, kind: ScrapyCrawl.kind, members: ["project", "python"],
        example: "{project: /srv/scrapers, python: /srv/venv/bin/python}")
      project = try place.text("project")
      python = try place.text("python") ?? python
      for path in [project, try place.text("python")].compactMap(\.self) where !path.hasPrefix("/") {
        throw place.invalid("the relative path `\(path)`")
      }
    }
    let file = attempt.with["file"]?.string
    if file == nil, project == nil {
      throw Failure(
        .configuration, code: "scrapy-project",
        "Nothing says where the spider `\(attempt.with["spider"]?.string ?? "")` is: name a `file` beside "
          + "the pipeline, or a connection of kind `scrapy` with the folder of a `project`.")
    }
    if let project, access("\(project)/scrapy.cfg", R_OK) != 0 {
      throw Failure(
        .configuration, code: "scrapy-project", "The folder \(project) of the project has no scrapy.cfg.")
    }
    if let file, !RelativePath.isSafe(file) {
      throw Failure(
        .configuration, code: "unsafe-path", "`file` \(file.prefix(200)) leads out of the pipeline's folder.")
    }
    if let file, attempt.files.map({ access("\($0)/\(file)", R_OK) == 0 }) != true {
      throw Failure(
        .configuration, code: "file-not-found",
        "There is no file `\(file)` beside the pipeline; add it and apply the pipeline again.")
    }
    self.python = python
    var script = attempt
    let order: JSON = [
      "project": project.map { .string($0) } ?? .null, "file": file.map { .string($0) } ?? .null,
      "spider": attempt.with["spider"] ?? "", "arguments": Self.arguments(attempt.with["arguments"]),
      "settings": try Self.settings(attempt.with),
      "feed": .string("\(attempt.services.workFolder)/artifacts/\(ScrapyCrawl.feed)"),
    ]
    var with = JSONObject([("run", .string(ScrapyProgram.text)), ("data", order)])
    for key in ["env", "files"] { with[key] = attempt.with[key] }
    script.with = .object(with)
    self.script = script
  }

  /// A spider's arguments are texts.
  private static func arguments(_ value: JSON?) -> JSON {
    .object(
      JSONObject(
        (value?.object ?? JSONObject()).map { ($0.key, .string(ScriptInput.plain($0.value))) }))
  }

  private static func settings(_ with: JSON) throws(Failure) -> JSON {
    var settings = JSONObject([
      ("TELNETCONSOLE_ENABLED", false), ("LOG_LEVEL", "INFO"), ("ROBOTSTXT_OBEY", true),
    ])
    for member in with["settings"]?.object ?? JSONObject() { settings[member.key] = member.value }
    if let robots = with["robots"] { settings["ROBOTSTXT_OBEY"] = robots }
    if let agent = with["user_agent"] { settings["USER_AGENT"] = agent }
    if let text = with["delay"]?.string {
      guard let delay = Duration(text: text), delay >= .zero else {
        throw Failure(
          .data, code: "invalid-with", "`delay`: \(text.prefix(40)) is no duration such as 5s.")
      }
      settings["DOWNLOAD_DELAY"] = .double(Double(delay.milliseconds) / 1_000)
    }
    return .object(settings)
  }

  /// What a crawl that went well left behind, as the step's output.
  func output(of done: AttemptOutput) async throws(Failure) -> AttemptOutput {
    guard let feed = done.artifacts.first(where: { $0.name == ScrapyCrawl.feed }) else {
      throw Failure(.exit, code: "exit-code", "The crawl ended without its feed.")
    }
    let documents = attempt.with["result"]?.string == "artifact" ? [] : try await documents(feed)
    return AttemptOutput(
      [
        "spider": attempt.with["spider"] ?? "", "items_count": done.value["items_count"] ?? 0,
        "documents": .array(documents), "file": feed.json,
        "finish_reason": done.value["finish_reason"] ?? "", "stats": done.value["stats"] ?? [:],
      ], artifacts: done.artifacts)
  }

  private func documents(_ feed: ArtifactHandle) async throws(Failure) -> [JSON] {
    guard feed.size <= Self.outputLimit else {
      throw Failure(
        .outputTooLarge, code: "output-too-large",
        "The items have \(feed.size) bytes, more than 4 MiB: say `result: artifact`.")
    }
    let path = "\(attempt.services.workFolder)/feed"
    try await attempt.services.fetchArtifact(feed.sha256, path)
    return try await OwnThread.run { () throws(Failure) in
      guard let bytes = SmallFile.read(path, limit: Self.outputLimit) else { throw .workFolder(errno) }
      var documents: [JSON] = []
      for (place, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
        guard let document = try? JSON(parsing: Array(line)), document.object != nil else {
          throw Failure(
            .data, code: "invalid-json", "Line \(place + 1) of the feed is no JSON object.")
        }
        documents.append(document)
      }
      return documents
    }
  }
}
