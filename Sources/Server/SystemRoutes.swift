import API
import Engine
import Model

struct SystemRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(SystemCalls.connectors, in: .granted) { _, caller in
        Page(backend.connectors.map { ConnectorItem($0, caller.language) })
      },
      .answer(SystemCalls.connectorSchema, in: .granted) { path, _ in try connector(path.name).schemas },
      .answer(ConnectorCalls.get, in: .granted) { path, caller in
        ConnectorDetail(try connector(path.name), caller.language)
      },
      .answer(SystemCalls.doctor, in: .system) { _, caller in Page(await backend.checks(caller.language)) },
      .answer(SystemCalls.health, in: .own) { _, _ in ["status": "ok"] as JSON },
      .answer(SystemCalls.ready, in: .own) { _, caller in
        let checks = await (backend.readiness ?? backend.checks)(caller.language)
        if let problem = Self.notReady(checks.filter { $0.state == "error" }) { throw problem }
        return Page([])
      },
      .answer(SystemCalls.openAPI, in: .own) { _, _ in EdgePages.document(backend.version.version) },
      .answer(SystemCalls.version, in: .own) { _, _ in backend.version },
    ]
  }

  private func connector(_ name: String) throws(Problem) -> ConnectorDescription {
    guard let connector = backend.connectors.first(where: { $0.name == name }) else {
      throw Self.unknown(name)
    }
    return connector
  }

  /// Nil where nothing fails. What fails is told in the caller's language.
  static func notReady(_ failing: [CheckItem]) -> Problem? {
    if failing.isEmpty { return nil }
    let told = failing.map { "\($0.name): \($0.text)" }.joined(separator: " ")
    return Problem(
      "not-ready",
      Bilingual("The server is not ready. \(told)", pt: "O servidor não está pronto. \(told)"),
      remedy: Bilingual("`esteira doctor` says what to do.", pt: "`esteira doctor` diz o que fazer."))
  }

  static func unknown(_ name: String) -> Problem {
    Problem(
      "unknown-connector",
      Bilingual("There is no connector \(name).", pt: "Não existe o conector \(name)."),
      remedy: Bilingual("`esteira connector ls` names them.", pt: "`esteira connector ls` mostra os nomes."))
  }
}
