import API
import Access
import CLI
import Crypto
import Glibc
import Model
import Server
import Stores

/// Checks exported audits.
enum AuditDesk {
  static let files = AuditFiles { (wish, language) throws(Problem) in
    let result: Result<(verdict: AuditVerdict, key: String), Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try verify(wish, language) }
    }
    return try result.get()
  }

  private static func verify(
    _ wish: AuditFiles.Wish, _ language: Language
  ) throws(Problem) -> (verdict: AuditVerdict, key: String) {
    guard let heads = AuditHead.parse(lines: wish.heads ?? "") else {
      throw Problem(
        "invalid-heads",
        Bilingual("A line is no head of the audit.", pt: "Uma linha não é uma cabeça da auditoria."))
    }
    let key = try ExportKey.read(wish.key)
    var check = AuditExportCheck(exported: heads, key: key)
    try read(wish.file) { (line) throws(Problem) in try check.take(line) }
    let (report, found) = try check.finish()
    return (
      AuditVerdict(
        isIntact: report.isIntact, rows: report.rows, heads: report.heads,
        faults: report.faults.map { $0.text[language] }), Hex.encode(found.bytes)
    )
  }

  /// Line by line: an audit may be larger than memory.
  private static func read(_ name: String, _ take: ([UInt8]) throws(Problem) -> Void) throws(Problem) {
    guard let file = name == "-" ? fdopen(dup(STDIN_FILENO), "r") : fopen(name, "re") else {
      let reason = String(cString: strerror(errno))
      throw Problem(
        "file-not-found",
        Bilingual("\(name) cannot be read: \(reason).", pt: "Não foi possível ler \(name): \(reason)."),
        remedy: Bilingual("Check the path.", pt: "Confira o caminho."))
    }
    defer { fclose(file) }
    var (buffer, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
    defer { free(buffer) }
    while true {
      let count = getline(&buffer, &capacity, file)
      guard count > 0, let buffer else { return }
      let line = UnsafeRawBufferPointer(start: buffer, count: count)
      try take(Array(line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...]))
    }
  }
}
