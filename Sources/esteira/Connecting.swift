import API
import CLI
import Engine
import Glibc
import Model
import Net
import Server
import Stores

/// Finds what answers the endpoints: a server on the network where one is named, else that of a data folder.
struct Connecting: Sendable {
  var console: Console
  var language: Language

  func connect(_ access: Access, _ choice: ServerChoice) async throws(Problem) -> any Transport {
    if let url = choice.url { return try RemoteTransport(url, tokenFile: choice.tokenFile) }
    let path = Places.data(choice.data)
    let socket = SocketTransport(path: path + "/api.sock")
    if await socket.answers() { return socket }
    switch access {
    case .reading: return try reading(path)
    case .writing: throw Self.noServer(path)
    case .running: return try running(path)
    }
  }

  private func reading(_ path: String) throws(Problem) -> any Transport {
    let parts = try ReadingParts(path: path)
    return LocalTransport(router: Router(parts.backend), actor: Self.actor) {}
  }

  private func running(_ path: String) throws(Problem) -> any Transport {
    let folder = try DataFolder(path: path)
    let parts = try NodeParts(folder: folder, restores: false, log: ServerLog(LogSetting(), language))
    tellUnfinished(parts)
    return LocalTransport(router: Router(parts.backend), actor: Self.actor, endsWithCommand: true) {
      await parts.node.stop(drain: .zero)
    }
  }

  /// `run` drives only its own job; that others wait is worth a word.
  private func tellUnfinished(_ parts: NodeParts) {
    let live = JobStatus.allCases.filter { !$0.hasEnded }
    guard let jobs = try? parts.store.jobs(JobFilter(statuses: live), before: nil, limit: 10), !jobs.isEmpty
    else { return }
    let names = jobs.map { "\($0.id.description.prefix(18)) \($0.pipeline)" }.joined(separator: ", ")
    let text = Bilingual(
      "Unfinished jobs wait for `esteira server`: \(names)",
      pt: "Jobs inacabados esperam por `esteira server`: \(names)")
    console.error(text[language])
  }

  static var actor: String { "local:" + Places.user(geteuid()) }

  private static func noServer(_ path: String) -> Problem {
    Problem(
      "no-server",
      Bilingual(
        "No server runs on the data folder \(path).", pt: "Nenhum servidor roda na pasta de dados \(path)."),
      remedy: Bilingual(
        "Start one: `esteira server --data \(path) --background`.",
        pt: "Inicie um: `esteira server --data \(path) --background`."))
  }
}
