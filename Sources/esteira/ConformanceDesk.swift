import CLI
import Connectors
import Glibc
import Model

/// Runs the conformance kit for the command line, in a folder of its own below TMPDIR.
enum ConformanceDesk {
  static let work = ConnectorWork { (folder) throws(Problem) in try await test(Places.absolute(folder)) }

  private static func test(_ folder: String) async throws(Problem) -> ConnectorReport {
    var template = Array((Places.environment("TMPDIR") ?? "/tmp").utf8CString.dropLast())
    template += Array("/esteira-connector-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw Problem(
        "work-folder",
        Bilingual("No folder can be made in TMPDIR.", pt: "Não é possível criar uma pasta em TMPDIR."))
    }
    let scratch = String(cString: made)
    defer { Folder.remove(scratch) }
    let kit = ConformanceKit(
      folder: folder, children: ChildProcesses(), scratch: scratch, pause: Program.pause)
    let (name, verdicts) = await kit.run()
    return ConnectorReport(
      name: name,
      verdicts: verdicts.map { verdict in
        let outcome: ConnectorReport.Outcome =
          switch verdict.outcome {
          case .passed: .passed
          case .failed(let reason): .failed(reason)
          case .passedOver(let reason): .passedOver(reason)
          }
        return .init(rule: verdict.rule.rawValue, title: verdict.rule.title, outcome: outcome)
      })
  }
}
