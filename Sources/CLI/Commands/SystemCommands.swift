import API
import Model

/// `server`
enum ServerCommand {
  static let spec = CommandSpec(
    "server", Bilingual("runs a node", pt: "roda um nó"),
    flags: [
      FlagSpec(
        "--background", Bilingual("returns when the node is ready", pt: "volta quando o nó está pronto")),
      FlagSpec(
        "--listen", value: "ADDRESS",
        Bilingual(
          "address and port, or none (else ESTEIRA_LISTEN, the file, 127.0.0.1:7420)",
          pt: "endereço e porta, ou none (ou ESTEIRA_LISTEN, o arquivo, 127.0.0.1:7420)")),
      FlagSpec(
        "--drain", value: "30s",
        Bilingual(
          "how long running steps may end after a stop",
          pt: "quanto tempo os passos têm para terminar após a parada")),
    ],
    examples: [
      .init("esteira server --data ./data", Bilingual("until Ctrl-C", pt: "até Ctrl-C")),
      .init(
        "esteira server --data ./data --background",
        Bilingual("its pid is in ./data/server.pid", pt: "o pid fica em ./data/server.pid")),
    ],
    run: { call in
      let options = ServeOptions(
        data: call.data, background: call.has("--background"),
        drain: try call.duration("--drain") ?? .seconds(30), listen: call.values("--listen"))
      let code = await call.bench.serve(options, call.language)
      throw SilentExit(code: ExitCode(rawValue: code) ?? .failure)
    })
}

/// `doctor`
enum Doctor {
  static let spec = CommandSpec(
    "doctor", Bilingual("checks the installation", pt: "confere a instalação"),
    examples: [
      .init(
        "esteira doctor --data ./data",
        Bilingual("exits 1 when something is wrong", pt: "sai com 1 se algo está errado"))
    ],
    run: { call in
      let page = try await call.withClient(.reading) { try await $0.call(SystemCalls.doctor, Nothing()) }
      for item in page.items {
        var line = "\(item.state.padded(to: 5))  \(item.name.padded(to: 10))  \(item.text)"
        if let remedy = item.remedy { line += " -> \(remedy)" }
        if call.format == .table { call.console.out(line) }
        if call.format == .jsonl { call.console.out(item.json.text) }
      }
      if call.format == .json { call.console.out(page.json.prettyText) }
      return page.items.contains { $0.state == "error" } ? .failure : .done
    })
}

/// `version`
enum VersionCommand {
  static let spec = CommandSpec(
    "version", Bilingual("what this program is", pt: "o que é este programa"),
    examples: [.init("esteira version -o json", Bilingual("for a script", pt: "para um script"))],
    run: { call in
      let version = call.bench.version
      call.show(
        ["Esteira \(version.version) (Swift \(version.swift), SQLite \(version.sqlite))"], json: version.json,
        id: version.version)
      return .done
    })
}
