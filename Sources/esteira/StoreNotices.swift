import Engine
import Model

/// What the process says when its store cannot keep what it is given.
enum StoreNotices {
  /// Nil: it keeps again.
  static func waits(_ error: StoreError?) -> Bilingual {
    guard let error else {
      return Bilingual(
        "esteira: the store writes again; what waited is stored and the jobs go on.",
        pt: "esteira: o armazenamento grava de novo; o que esperava está guardado e os jobs continuam.")
    }
    return Bilingual(
      "esteira: the store cannot write: \(error). New requests are refused, what was acknowledged is kept, "
        + "and the jobs go on by themselves once there is space. [store-full]",
      pt: "esteira: o armazenamento não consegue gravar: \(error). Pedidos novos são recusados, o que foi "
        + "confirmado está guardado, e os jobs continuam sozinhos quando houver espaço. [store-full]")
  }

  static func broken(_ reason: String) -> Problem {
    Problem(
      "store-broken",
      Bilingual(
        "The store can no longer be relied on: \(reason). This process ends now; nothing was acknowledged "
          + "that is not stored.",
        pt: "Não se pode mais confiar no armazenamento: \(reason). Este processo termina agora; nada foi "
          + "confirmado sem estar guardado."),
      remedy: Bilingual(
        "Check the disk and its permissions, then start the server again.",
        pt: "Verifique o disco e as permissões, depois inicie o servidor de novo."))
  }
}
