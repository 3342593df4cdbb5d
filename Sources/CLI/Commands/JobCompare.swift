import API
import Model

/// `job compare A B`
enum JobCompare {
  static let spec = CommandSpec(
    "job compare",
    Bilingual(
      "inputs, outputs, durations and revisions of two jobs side by side",
      pt: "entradas, saídas, durações e revisões de dois jobs lado a lado"),
    arguments: [.job, ArgumentSpec("OTHER", Bilingual("another job's id", pt: "o id de outro job"))],
    flags: [
      FlagSpec("--exit-code", Bilingual("exit 1 where they differ", pt: "sai com 1 se forem diferentes"))
    ],
    examples: [
      .init(
        "esteira job compare 019a0c3e 019a0c3f",
        Bilingual("what differs is marked", pt: "o que difere é marcado"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let comparison = try await call.withClient(.reading) { client in
      try await client.call(
        JobCalls.compare, ComparePath(id: call.arguments[0], other: call.arguments[1]))
    }
    let rows = comparison.rows.map { ShownRow($0, Words(language: call.language)) }
    switch call.format {
    case .table: lines(rows).forEach(call.console.out)
    case .json: call.console.out(JSON.array(rows.map(\.json)).prettyText)
    case .jsonl: call.console.out(JSON.array(rows.map(\.json)).text)
    case .id: for row in comparison.rows where row.differs { call.console.out(row.name) }
    }
    return call.has("--exit-code") && comparison.rows.contains(where: \.differs) ? .failure : .done
  }

  private static func lines(_ rows: [ShownRow]) -> [String] {
    Table.lines(
      [["", "", "A", "B"]]
        + rows.map { [$0.differs ? "≠" : "", $0.name, $0.left.printable, $0.right.printable] })
  }
}

/// A row in words.
private struct ShownRow {
  var name: String
  var left: String
  var right: String
  var differs: Bool

  init(_ row: JobComparison.Row, _ words: Words) {
    (name, differs) = (row.name, row.differs)
    (left, right) = (Self.text(row.left, row, words), Self.text(row.right, row, words))
  }

  private static func text(_ value: JSON?, _ row: JobComparison.Row, _ words: Words) -> String {
    guard let value else { return "-" }
    switch row.kind {
    case .text:
      let text = value.string ?? value.text
      return row.name == "job" ? Words.short(text) : text
    case .value: return words.value(value)
    case .duration: return words.duration(.microseconds(value.int ?? 0))
    }
  }

  var json: JSON {
    ["name": .string(name), "a": .string(left), "b": .string(right), "differs": .bool(differs)]
  }
}
