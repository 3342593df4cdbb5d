import CLI
import CSystem
import Connectors
import Glibc
import Model

// Before anything else: what forks supervisors shall have no thread, no file and no key of a node.
if CommandLine.arguments.dropFirst().first == "supervise" {
  exit(superviseMain())
}

csystem_use_few_heaps()
let words = Array(CommandLine.arguments.dropFirst())
let language = Tool.language(words, Places.environment)
let connecting = Connecting(console: .system, language: language)
let installed = Installed.read(words, console: .system, language: language)
let bench = Workbench(
  connectors: Program.descriptions(installed), zones: .system, version: Program.version,
  environment: Places.environment, console: .system,
  connect: { (access, choice) throws(Problem) in try await connecting.connect(access, choice) },
  serve: { options, language in await Serving.serve(options, language) },
  rehearse: { (rehearsal) throws(Problem) in try await RehearsalRun.perform(rehearsal, installed) },
  backups: BackupDesk.work, now: Program.now,
  sleep: { try await Task.sleep(for: $0) },
  interruption: { for await _ in Signals.wishes() { return } }, keys: .local,
  config: .local, connectorWork: ConformanceDesk.work, auditFiles: AuditDesk.files,
  exportFiles: ExportDesk.files)
exit(await Tool(bench).run(words))
