import Engine
import Model

// The rows that people see, in one place.
extension FileNote {
  static func duplicate(_ name: String, movedTo path: String) -> FileNote {
    FileNote(
      name, .duplicate,
      Bilingual(
        "The content of \(name) was taken before. The file is moved to \(path).",
        pt: "O conteúdo de \(name) já foi recebido. O arquivo é movido para \(path)."))
  }

  static func vanished(_ file: ArrivedFile) -> FileNote {
    FileNote(
      file.name, .vanished,
      Bilingual(
        "\(file.name) was about to be taken, and is neither at \(file.originalPath) nor at \(file.path).",
        pt: "\(file.name) ia ser recebido e não está em \(file.originalPath) nem em \(file.path)."))
  }

  static func changed(_ name: String) -> FileNote {
    FileNote(
      name, .changed,
      Bilingual(
        "\(name) changed while it was taken. It is taken once it is complete.",
        pt: "\(name) mudou enquanto era recebido. Será recebido quando estiver completo."))
  }

  /// `path`: under which name it is taken; nil where that is decided later.
  static func nameTaken(_ name: String, now path: String?) -> FileNote {
    let remedy =
      path.map { Bilingual("It is moved to \($0).", pt: "Ele é movido para \($0).") }
      ?? Bilingual("It is taken under another one.", pt: "Ele será recebido com outro nome.")
    return FileNote(
      name, .nameTaken,
      Bilingual(
        "Another file has the name of \(name) in the target folder. \(remedy.english)",
        pt: "Outro arquivo tem o nome de \(name) na pasta de destino. \(remedy.portuguese)"))
  }

  static func noName(_ name: String, in folder: String) -> FileNote {
    FileNote(
      name, .nameTaken,
      Bilingual(
        "Too many files of the name \(name) are in \(folder). It stays where it is: clear that folder.",
        pt: "Há arquivos demais com o nome \(name) em \(folder). Ele fica onde está: limpe essa pasta."))
  }

  static func unreadable(_ name: String, _ number: SystemError.Number) -> FileNote {
    let reason = SystemError.text(number.value)
    return FileNote(
      name, .unreadable,
      Bilingual(
        "\(name) cannot be read (\(reason)). It stays where it is.",
        pt: "\(name) não pode ser lido (\(reason)). Ele fica onde está."))
  }

  static func unnamable(_ name: String) -> FileNote {
    FileNote(
      name, .unreadable,
      Bilingual(
        "The name of a file is not UTF-8: \(name). It stays where it is: rename it.",
        pt: "O nome de um arquivo não é UTF-8: \(name). Ele fica onde está: renomeie-o."))
  }

  static func missing(_ path: String, _ number: SystemError.Number) -> FileNote {
    let reason = SystemError.text(number.value)
    return FileNote(
      path, .folderMissing,
      Bilingual(
        "The folder \(path) cannot be opened (\(reason)). It is tried again.",
        pt: "A pasta \(path) não pode ser aberta (\(reason)). Será tentada de novo."))
  }

  /// The folder of a trigger.
  static func notGranted(_ path: String, _ problem: Problem) -> FileNote {
    FileNote(
      path, .notGranted,
      Bilingual(
        "\(problem.message.english) No file is touched meanwhile.",
        pt: "\(problem.message.portuguese) Nenhum arquivo é tocado enquanto isso."))
  }

  /// `reason`: a sentence that says why.
  static func left(_ batch: FileBatch, _ reason: Bilingual) -> FileNote {
    let name = batch.files.first?.name ?? batch.id
    return FileNote(
      name, .batchLeft,
      Bilingual(
        "The batch of \(name) was begun and stays open, \(batch.files.count) files in all: \(reason.english)",
        pt: "O lote de \(name) foi iniciado e fica aberto, \(batch.files.count) arquivos ao todo: "
          + reason.portuguese))
  }

  static func givenBack(_ file: ArrivedFile, to path: String) -> FileNote {
    FileNote(
      file.name, .givenBack,
      Bilingual(
        "The trigger that was taking \(file.name) is gone. The file is moved from \(file.path) back to "
          + "\(path).",
        pt:
          "O gatilho que recebia \(file.name) não existe mais. O arquivo volta de \(file.path) para \(path).")
    )
  }

  /// Of a file whose trigger is gone.
  static func changedThere(_ file: ArrivedFile) -> FileNote {
    FileNote(
      file.name, .changed,
      Bilingual(
        "\(file.name) changed after it was moved, and its trigger is gone. It stays at \(file.path).",
        pt: "\(file.name) mudou depois de movido, e o gatilho não existe mais. Fica em \(file.path)."))
  }

  static func notMoved(_ name: String, _ number: SystemError.Number) -> FileNote {
    let reason = SystemError.text(number.value)
    return FileNote(
      name, .notMoved,
      Bilingual(
        "\(name) cannot be taken out of its folder (\(reason)). It stays where it is.",
        pt: "\(name) não pode ser tirado da sua pasta (\(reason)). Ele fica onde está."))
  }

  static func notWatched(_ path: String, _ number: SystemError.Number) -> FileNote {
    let reason = SystemError.text(number.value)
    return FileNote(
      path, .notWatched,
      Bilingual(
        "The system does not tell of changes in \(path) (\(reason)). It is looked through at intervals; "
          + "where it is a limit, raise fs.inotify.max_user_watches or max_user_instances.",
        pt: "O sistema não avisa de mudanças em \(path) (\(reason)). A pasta é percorrida em intervalos; "
          + "se for um limite, aumente fs.inotify.max_user_watches ou max_user_instances."))
  }
}
