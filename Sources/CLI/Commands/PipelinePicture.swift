import Model
import Pipelines

/// `pipeline graph FILE`
enum PipelineGraph {
  static let spec = CommandSpec(
    "pipeline graph",
    Bilingual(
      "shows the steps, and why each waits for another", pt: "mostra os passos, e por que um espera por outro"
    ),
    arguments: [ArgumentSpec("FILE", Bilingual("a pipeline file, or -", pt: "um arquivo de pipeline, ou -"))],
    flags: [
      FlagSpec(
        "--format", value: "FORMAT",
        Bilingual("text (default), dot or svg", pt: "text (padrão), dot ou svg")),
      PipelineDocs.offline,
    ],
    examples: [
      .init("esteira pipeline graph hello.yaml", Bilingual("as text", pt: "como texto")),
      .init(
        "esteira pipeline graph hello.yaml --format svg > hello.svg",
        Bilingual("as a picture", pt: "como figura")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let file = try PipelineFile.load(call.arguments[0], call, offline: call.has("--offline"))
    let format = call.value("--format") ?? "text"
    guard ["text", "dot", "svg"].contains(format) else {
      throw UsageError(
        Bilingual(
          "--format is text, dot or svg, not \"\(format)\".",
          pt: "--format é text, dot ou svg, não \"\(format)\"."))
    }
    let plan = try file.demandOutline(call)
    switch format {
    case "dot": call.console.out(plan.graphDOT(call.language))
    case "svg": call.console.out(plan.graphSVG(call.language))
    default: call.console.out(plan.graphText(call.language))
    }
    return .done
  }
}

/// `pipeline docs FILE`
enum PipelineDocs {
  static let offline = FlagSpec(
    "--offline", Bilingual("take as given what only a server knows", pt: "aceita o que só um servidor sabe"))

  static let spec = CommandSpec(
    "pipeline docs",
    Bilingual("describes a pipeline in Markdown", pt: "descreve um pipeline em Markdown"),
    arguments: [ArgumentSpec("FILE", Bilingual("a pipeline file, or -", pt: "um arquivo de pipeline, ou -"))],
    flags: [offline],
    examples: [
      .init(
        "esteira pipeline docs hello.yaml > hello.md",
        Bilingual("a page for people", pt: "uma página para pessoas"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let file = try PipelineFile.load(call.arguments[0], call, offline: call.has("--offline"))
    call.console.out(String(try file.demandOutline(call).documentation(call.language).dropLast()))
    return .done
  }
}
