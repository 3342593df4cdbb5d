import API
import Model
import Pipelines

/// `pipeline diff A[@N] [B[@N]|FILE]`
enum PipelineDiffCommand {
  /// Longer values are cut in the table; JSON has them whole.
  private static let widest = 80

  static let spec = CommandSpec(
    "pipeline diff",
    Bilingual("compares revisions, or one with a file", pt: "compara revisões, ou uma com um arquivo"),
    arguments: [
      ArgumentSpec(
        "A", Bilingual("namespace/name, with @N a revision", pt: "espaço/nome, com @N uma revisão")),
      ArgumentSpec(
        "B", required: false,
        Bilingual(
          "the same, or a file; without it the newest revision, of which A without @N is the one before",
          pt: "o mesmo, ou um arquivo; sem ele a revisão mais nova, da qual A sem @N é a anterior")),
    ],
    flags: [
      FlagSpec("--text", Bilingual("line by line", pt: "linha por linha")),
      FlagSpec("--exit-code", Bilingual("exit 1 where they differ", pt: "sai com 1 quando diferem")),
    ],
    examples: [
      .init(
        "esteira pipeline diff demo/hello",
        Bilingual("what the newest revision changed", pt: "o que a revisão mais nova mudou")),
      .init(
        "esteira pipeline diff demo/hello@1 hello.yaml --text",
        Bilingual("a revision and a file, by line", pt: "uma revisão e um arquivo, por linha")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (old, new) = try await Side.both(call)
    let changes = try PipelineDiff.changes(from: old.source, to: new.source)
    let lines = call.has("--text") ? text(old, new) : []
    let filesDiffer = old.source == new.source && differs(old.sha256, new.sha256)
    switch call.format {
    case .json: call.console.out(JSON.array(changes.map(json)).prettyText)
    case .jsonl: for change in changes { call.console.out(json(change).text) }
    case .id: for change in changes { call.console.out(change.path) }
    case .table:
      let shown = call.has("--text") ? lines : changes.map(line)
      for line in shown { call.console.out(line) }
      if shown.isEmpty, !call.isQuiet { call.console.out(call.text(verdict(old, new, filesDiffer))) }
    }
    let isDifferent = filesDiffer || (call.has("--text") ? !lines.isEmpty : !changes.isEmpty)
    return call.has("--exit-code") && isDifferent ? .failure : .done
  }

  private static func differs(_ old: String?, _ new: String?) -> Bool {
    guard let old, let new else { return false }
    return old != new
  }

  private static func text(_ old: Side, _ new: Side) -> [String] {
    let lines = LineDiff.hunks(
      LineDiff.lines(
        from: String(decoding: old.source, as: UTF8.self), to: String(decoding: new.source, as: UTF8.self)))
    return lines.isEmpty ? [] : ["--- \(old.name)", "+++ \(new.name)"] + lines.map(\.printable)
  }

  private static func verdict(_ old: Side, _ new: Side, _ filesDiffer: Bool) -> Bilingual {
    if filesDiffer {
      return Bilingual(
        "\(old.name) and \(new.name) are the same file; the files beside them differ.",
        pt: "\(old.name) e \(new.name) são o mesmo arquivo; os arquivos ao lado deles diferem.")
    }
    return Bilingual(
      "\(old.name) and \(new.name) mean the same.", pt: "\(old.name) e \(new.name) significam o mesmo.")
  }

  private static func line(_ change: PipelineChange) -> String {
    switch change.kind {
    case .added: "+ \(change.path.printable): \(short(change.new))"
    case .removed: "- \(change.path.printable): \(short(change.old))"
    case .changed: "~ \(change.path.printable): \(short(change.old)) -> \(short(change.new))"
    }
  }

  private static func short(_ value: JSON?) -> String {
    guard let value else { return "" }
    let text = value.text.printable
    let scalars = text.unicodeScalars
    return scalars.count <= widest ? text : String(String.UnicodeScalarView(scalars.prefix(widest - 1))) + "…"
  }

  private static func json(_ change: PipelineChange) -> JSON {
    var object: JSONObject = ["change": .string(change.kind.rawValue), "path": .string(change.path)]
    if let old = change.old { object["old"] = old }
    if let new = change.new { object["new"] = new }
    return .object(object)
  }
}

/// What the user named.
private enum Wanted {
  case file(String)
  case pipeline(id: String, revision: Int?)

  init(_ text: String, _ call: Invocation) throws {
    if text == "-" || [".yaml", ".yml", ".json"].contains(where: text.hasSuffix) {
      self = .file(text)
      return
    }
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let revision = parts.count == 2 ? Int(parts[1]) : nil
    if parts.count == 2, revision.map({ $0 < 1 }) ?? true {
      throw UsageError(
        Bilingual("\"\(text)\" names no revision.", pt: "\"\(text)\" não indica uma revisão."),
        remedy: Bilingual("Write namespace/name@3.", pt: "Escreva espaço/nome@3."))
    }
    self = .pipeline(id: try call.identifier(String(parts[0])), revision: revision)
  }

  func read(_ call: Invocation) async throws -> Side {
    switch self {
    case .file(let name): return Side(name: name, source: try call.readInput(name))
    case .pipeline(let id, let revision): return try await Side.revision(revision, of: id, call)
    }
  }
}

/// One side: its name for people, and its text.
private struct Side {
  var name: String
  var source: [UInt8]
  var number = 0
  /// Over source and files; nil of a file on this machine.
  var sha256: String?

  static func revision(_ number: Int?, of id: String, _ call: Invocation) async throws -> Side {
    let query = PipelineQuery(id: id, revision: number)
    let found = try await call.withClient(.reading) { try await $0.call(PipelineCalls.get, query) }
    return Side(
      name: "\(id.replacing("~", with: "/"))@\(found.revision)", source: Array(found.source.utf8),
      number: found.revision, sha256: found.sha256)
  }

  /// Without a second name the newest revision, and the one before it where the first names none.
  static func both(_ call: Invocation) async throws -> (Side, Side) {
    let first = try Wanted(call.arguments[0], call)
    if call.arguments.count > 1 {
      let second = try Wanted(call.arguments[1], call)
      return (try await first.read(call), try await second.read(call))
    }
    guard case .pipeline(let id, let number) = first else { throw alone(call.arguments[0]) }
    let newest = try await revision(nil, of: id, call)
    if number == nil, newest.number == 1 { throw alone(newest.name) }
    return (try await revision(number ?? newest.number - 1, of: id, call), newest)
  }

  private static func alone(_ name: String) -> UsageError {
    UsageError(
      Bilingual("There is nothing to compare \(name) with.", pt: "Não há com o que comparar \(name)."),
      remedy: Bilingual(
        "Name a second pipeline, revision or file.", pt: "Indique um segundo pipeline, revisão ou arquivo."))
  }
}
