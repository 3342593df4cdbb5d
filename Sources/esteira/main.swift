import CLI
import Connectors
import Glibc
import Model

// Before anything else: a supervisor starts with every child process, and shall start fast.
if CommandLine.arguments.dropFirst().first == "supervise" {
  exit(superviseMain(arguments: Array(CommandLine.arguments.dropFirst(2))))
}

let words = Array(CommandLine.arguments.dropFirst())
let language = Tool.language(words, Places.environment)
let connecting = Connecting(console: .system, language: language)
let bench = Workbench(
  connectors: Program.descriptions, zones: .system, version: Program.version,
  environment: Places.environment, console: .system,
  connect: { (access, data) throws(Problem) in try await connecting.connect(access, data) },
  serve: { options, language in await Serving.serve(options, language) }, now: Program.now,
  sleep: { try await Task.sleep(for: $0) },
  interruption: { for await _ in Signals.wishes() { return } })
exit(await Tool(bench).run(words))
