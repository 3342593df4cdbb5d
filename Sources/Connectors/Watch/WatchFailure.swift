import Model

extension SystemError.Number {
  /// Stands among the system's own numbers for an order to stop.
  static let stopped = SystemError.Number(-1)
}

/// Why a watcher's turn did not come to its end. What it had begun is taken up by the next one.
enum WatchFailure: Error {
  /// The watcher was told to stop.
  case stopped
  case desk(Problem)
  /// The folder of that path cannot be opened.
  case folder(String, SystemError.Number)
  case system(action: String, SystemError.Number)

  var text: Bilingual {
    switch self {
    case .stopped: Bilingual("It was stopped.", pt: "Foi parado.")
    case .desk(let problem): problem.message
    case .folder(let path, let number):
      Bilingual(
        "Could not open the folder \(path): \(SystemError.text(number.value)).",
        pt: "Não foi possível abrir a pasta \(path): \(SystemError.text(number.value)).")
    case .system(let action, let number):
      Bilingual(
        "Could not \(action): \(SystemError.text(number.value)).",
        pt: "Não foi possível: \(action): \(SystemError.text(number.value)).")
    }
  }
}
