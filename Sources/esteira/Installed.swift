import CLI
import Connectors
import Model

/// The connectors that the operator installed, for a command line.
enum Installed {
  /// The commands that name connectors; only they speak of what is wrong with one. A server refuses to start.
  private static let speakers = ["pipeline", "connector", "run"]

  /// Those of the data folder that the words name. Where one of them cannot be used there are none, so that
  /// commands about other things go on; whoever needs one is told why it is missing.
  static func read(_ words: [String], console: Console, language: Language) -> InstalledConnectors {
    do throws(Problem) {
      return try ConfigFile(folder: Places.data(data(words))).connectors()
    } catch {
      if words.contains(where: speakers.contains) { console.error("esteira: \(error.message[language])") }
      return .none
    }
  }

  private static func data(_ words: [String]) -> String? {
    for (index, word) in words.enumerated() {
      if word == "--data", words.indices.contains(index + 1) { return words[index + 1] }
      if word.hasPrefix("--data=") { return String(word.dropFirst(7)) }
    }
    return nil
  }
}
