import CLI
import Crypto
import Glibc
import Model
import Server
import Stores

/// Checks exported jobs.
enum ExportDesk {
  static let files = ExportFiles { (wish) throws(Problem) in
    let result: Result<ExportFiles.Verdict, Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try verify(wish) }
    }
    return try result.get()
  }

  /// Read at once, in bytes: an export may be larger than memory.
  private static let piece = 256 * 1024

  private static func verify(_ wish: ExportFiles.Wish) throws(Problem) -> ExportFiles.Verdict {
    let key = try ExportKey.read(wish.key)
    guard let file = wish.file == "-" ? fdopen(dup(STDIN_FILENO), "r") : fopen(wish.file, "re") else {
      throw unreadable(wish.file)
    }
    defer { fclose(file) }
    var check = ExportCheck(key: key)
    var buffer = [UInt8](repeating: 0, count: piece)
    while true {
      let count = fread(&buffer, 1, piece, file)
      if count == 0 { break }
      try check.take(Array(buffer[..<count]))
    }
    if ferror(file) != 0 { throw unreadable(wish.file) }
    let report = try check.finish()
    return ExportFiles.Verdict(
      job: report.job, files: report.files, key: report.publicKey.map { Hex.encode($0.bytes) },
      faults: report.faults.map(\.text))
  }

  private static func unreadable(_ name: String) -> Problem {
    let reason = String(cString: strerror(errno))
    return Problem(
      "file-not-found",
      Bilingual("\(name) cannot be read: \(reason).", pt: "Não foi possível ler \(name): \(reason)."),
      remedy: Bilingual("Check the path.", pt: "Confira o caminho."))
  }
}
