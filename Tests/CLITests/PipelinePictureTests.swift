import Foundation
import Model
import Testing

@testable import CLI

@Suite("A pipeline file is formatted, drawn and described", .timeLimit(.minutes(1)))
struct PipelinePictureTests {
  private static let text = """
    apiVersion: esteira/v1
    id: nightly
    namespace: demo
    title: Nightly load
    inputs:
      day: {type: string, format: date}
      size: {type: integer, default: 5, x-personal-data: true}
    steps:
      fetch: {value: {rows: "${{ inputs.size }}"}}
      load:
        for_each: "[1, 2]"
        steps:
          check: {value: steps.fetch.output.rows + 1}
          review:
            needs: [{check: ended}]
            uses: human.approve
            with: {title: Load?, to: {groups: [ops]}, expires: 2h}
        on_failure: {tell: {value: "1"}}
      wait_: {wait: {signal: {name: ready, key: "${{ inputs.day }}"}}, needs: [load]}
      stop: {if: inputs.size > 3, end: {status: partial, message: big}}
    finally: {clean: {value: "2"}}
    outputs: {rows: "${{ steps.fetch.output.rows }}"}

    """

  private func file(_ text: String = Self.text) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "esteira-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "nightly.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  private func output(_ line: (String) -> String) async throws -> String {
    let (bench, file) = (TestBench(), try file())
    defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
    #expect(await bench.run(line(file.path)) == 0, "\(bench.errors)")
    return bench.out
  }

  @Test("fmt rewrites what is not canonical, once, and --check only says so")
  func format() async throws {
    let file = try file("a:   {b:  1}  # why\n")
    defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
    func run(_ flags: String) async -> (code: Int32, out: String) {
      let bench = TestBench()
      return (await bench.run("pipeline fmt \(flags) \(file.path)"), bench.out)
    }
    #expect(await run("--check") == (1, "\(file.path)\n"))
    #expect(try String(contentsOf: file, encoding: .utf8) == "a:   {b:  1}  # why\n")
    #expect(await run("") == (0, "\(file.path)\n"))
    #expect(try String(contentsOf: file, encoding: .utf8) == "a: {b: 1}  # why\n")
    #expect(await run("") == (0, ""))
    #expect(await run("--check") == (0, ""))
  }

  @Test("fmt leaves alone what it cannot read, and says where")
  func unreadable() async throws {
    let (bench, file) = (TestBench(), try file("a: [1\n"))
    defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
    #expect(await bench.run("pipeline fmt \(file.path)") == 2)
    #expect(bench.errors.contains("error[bad-yaml]"))
    #expect(try String(contentsOf: file, encoding: .utf8) == "a: [1\n")
  }

  @Test("the graph names every edge and its reason, also inside and in handlers")
  func text() async throws {
    let wanted = """
      demo/nightly
        fetch  value
        load  steps  <- fetch (load reads fetch.output)
          check  value
          review  ask  <- [check] (review waits until check has ended)
          on_failure:
            tell  value
        wait_  wait ready  <- load (wait_ needs load)
        stop  end partial
        finally:
          clean  value

      """
    #expect(try await output { "pipeline graph \($0)" } == wanted)
  }

  @Test("as DOT every step is a node, every scope a cluster, a weak edge dashed")
  func dot() async throws {
    let dot = try await output { "pipeline graph --format dot \($0)" }
    #expect(dot.hasPrefix("digraph \"demo/nightly\" {\n"))
    #expect(dot.hasSuffix("}\n"))
    for step in 0..<8 { #expect(dot.contains("s\(step) [label=")) }
    #expect(dot.contains("s0 -> s1 [label=\"load reads fetch.output\"];"))
    #expect(dot.contains("[label=\"review waits until check has ended\", style=dashed];"))
    #expect(dot.contains("label=\"load.on_failure\";"))
    #expect(dot.filter { $0 == "{" }.count == dot.filter { $0 == "}" }.count)
  }

  @Test("as SVG it is well-formed, with each step and each reason")
  func svg() async throws {
    let svg = try await output { "pipeline graph --format svg \($0)" }
    for path in ["fetch", "load", "load.check", "load.review", "load.on_failure.tell", "finally.clean"] {
      #expect(svg.contains("<title>\(path)</title>"))
    }
    #expect(svg.contains("<title>load reads fetch.output</title>"))
    for tag in ["svg", "g", "title", "text", "path"] {
      let open = svg.components(separatedBy: "<\(tag)").dropFirst().filter { !$0.hasPrefix("/") }
      let opened = open.filter { [" ", ">"].contains(String($0.prefix(1))) }
      let selfClosed = opened.filter { $0.prefix { $0 != ">" }.hasSuffix("/") }
      #expect(opened.count - selfClosed.count == svg.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
    }
  }

  @Test("the page has inputs, steps with their reasons, handlers and outputs")
  func page() async throws {
    let page = try await output { "pipeline docs \($0)" }
    for line in [
      "# Nightly load", "`demo/nightly`", "| `day` | string, date | required |",
      "| `size` | integer, personal | `5` |", "1. **fetch**: computes `{rows: ${{ inputs.size }}}`",
      "2. **load**: a group of steps", "   - for each item of `[1, 2]`",
      "   - after **fetch**: load reads fetch.output",
      "asks `[\"ops\"]`: `Load?` (approve, reject); after 2h without an answer it fails",
      "waits for the signal `ready` with the key `${{ inputs.day }}`", "   - only if `inputs.size > 3`",
      "ends the job as `partial`: `big`", "## `finally`", "- `rows`: `${{ steps.fetch.output.rows }}`",
    ] { #expect(page.contains(line), "\(line)\n\(page)") }
  }

  @Test("the page speaks Portuguese too")
  func portuguese() async throws {
    let page = try await output { "pipeline docs --lang pt-BR \($0)" }
    for line in ["## Entradas", "| `day` | string, date | obrigatória |", "depois de **fetch**", "## Saídas"]
    {
      #expect(page.contains(line), "\(line)\n\(page)")
    }
  }

  @Test("a format that there is not, and a file that is not valid, exit 2")
  func refused() async throws {
    let (bench, file) = (TestBench(), try file("apiVersion: esteira/v1\n"))
    defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
    #expect(await bench.run("pipeline graph --format png \(file.path)") == 2)
    #expect(await bench.run("pipeline docs \(file.path)") == 2)
    #expect(bench.errors.contains("missing-key"))
    #expect(bench.out == "")
  }
}
