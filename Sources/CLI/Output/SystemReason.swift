import Glibc
public import Model

extension Bilingual {
  /// What the system says of a failed call, by its `errno`; a rare one keeps the system's own words.
  public static func systemReason(_ number: Int32) -> Bilingual {
    let english = String(cString: strerror(number))
    return Bilingual(english, pt: portuguese[number] ?? english)
  }

  private static let portuguese: [Int32: String] = [
    ENOENT: "arquivo ou pasta não existe", EACCES: "permissão negada", EPERM: "operação não permitida",
    EISDIR: "é uma pasta", ENOTDIR: "não é uma pasta", EEXIST: "já existe", ENOSPC: "não há espaço no disco",
    EROFS: "o sistema de arquivos só permite leitura", EMFILE: "há arquivos abertos demais",
    ENAMETOOLONG: "o nome é longo demais", EIO: "erro de entrada ou saída",
    ELOOP: "há ligações demais no caminho",
  ]
}
