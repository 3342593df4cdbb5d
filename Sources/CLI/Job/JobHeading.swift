import API
import Model

extension Invocation {
  /// `JOB 019a0c3e-5f21-7abc  demo/hello@1  started by ana`.
  func heading(_ started: StartedItem) -> String {
    let by =
      started.isNew
      ? Bilingual("started", pt: "iniciado")
      : Bilingual("exists already under this key", pt: "já existe com esta chave")
    return "JOB \(Words.short(started.id))  \(started.pipeline)@\(started.revision)  \(text(by))"
  }
}
