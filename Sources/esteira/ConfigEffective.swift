import CLI
import Model

extension ServerSetting {
  static let listenVariable = "ESTEIRA_LISTEN"
  static let retryVariable = "ESTEIRA_OPERATORS_MAY_RETRY"

  /// Where the server was told to listen besides the file, and what said so: the flag, else the environment.
  static func told(_ flags: [String]) -> (words: [String], source: ConfigEntry.Source)? {
    if !flags.isEmpty { return (split(flags), .flag("--listen")) }
    return Places.environment(listenVariable).map { (split([$0]), .environment(listenVariable)) }
  }

  private static func split(_ texts: [String]) -> [String] {
    texts.flatMap { $0.split(separator: ",").map(String.init) }
  }

  /// What the file says, and above it the flag or the environment.
  static func effective(_ config: ConfigFile, listen flags: [String]) throws(Problem) -> ServerSetting {
    var setting = try config.server()
    if let told = try toldRetry() { setting.operatorsMayRetry = told }
    guard let told = told(flags) else { return setting }
    setting.listen = try places(told.words)
    return setting
  }

  /// What the environment says of operators; nil where it says nothing.
  static func toldRetry() throws(Problem) -> Bool? {
    guard let word = Places.environment(retryVariable) else { return nil }
    guard let flag = ["true": true, "false": false][word] else { throw noFlag(retryVariable, word) }
    return flag
  }

  /// None for `none`.
  static func places(_ words: [String]) throws(Problem) -> [Place] {
    var places: [Place] = []
    for word in words where word != "none" {
      guard let place = Place(word) else { throw noPlace(word) }
      places.append(place)
    }
    return places
  }

  private static func noFlag(_ variable: String, _ word: String) -> Problem {
    Problem(
      "bad-config",
      Bilingual(
        "\(variable) is \"\(word)\"; it is true or false.",
        pt: "\(variable) é \"\(word)\"; é true ou false."),
      remedy: Bilingual(
        "Set it to true or false, or unset it.", pt: "Defina como true ou false, ou tire a variável."))
  }

  private static func noPlace(_ word: String) -> Problem {
    Problem(
      "bad-listen",
      Bilingual("\"\(word)\" is no address and port.", pt: "\"\(word)\" não é endereço e porta."),
      remedy: Bilingual(
        "Write 127.0.0.1:7420 or [::1]:7420, or none for the socket alone.",
        pt: "Escreva 127.0.0.1:7420 ou [::1]:7420, ou none para ter só o socket."))
  }
}
