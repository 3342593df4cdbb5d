import Model

extension Invocation {
  /// A flag counts more than a variable, whatever it names.
  var server: ServerChoice {
    get throws(UsageError) {
      let flag = value("--server")
      if flag != nil, data != nil { throw Self.twoServers }
      let url = (flag ?? (data == nil ? bench.environment("ESTEIRA_URL") : nil)).flatMap(Self.full)
      guard url != nil else {
        if has("--token-file") { throw Self.noServer }
        return ServerChoice(data: data)
      }
      let file = value("--token-file") ?? bench.environment("ESTEIRA_TOKEN_FILE")
      return ServerChoice(data: data, url: url, tokenFile: file.flatMap(Self.full))
    }
  }

  /// An empty variable is as none.
  private static func full(_ text: String) -> String? { text.isEmpty ? nil : text }

  private static let twoServers = UsageError(
    Bilingual("--server and --data name two servers.", pt: "--server e --data indicam dois servidores."),
    remedy: Bilingual("Give one of them.", pt: "Dê um deles."))
  private static let noServer = UsageError(
    Bilingual(
      "--token-file is for a server on the network.", pt: "--token-file é para um servidor na rede."),
    remedy: Bilingual("Give --server URL or set ESTEIRA_URL.", pt: "Dê --server URL ou defina ESTEIRA_URL."))
}
