import API
import Crypto
import Engine
import Model

/// A change of a definition names the state that its sender has seen, so that no one overwrites what they
/// do not know.
enum Precondition {
  static func demand(_ ifMatch: String?, _ newest: RevisionRecord) throws(Problem) {
    guard let ifMatch else { throw absent(newest.pipeline) }
    try check(ifMatch, newest)
  }

  static func check(_ ifMatch: String, _ newest: RevisionRecord) throws(Problem) {
    let tag = DefinitionTag(revision: newest.number, sha256: Hex.encode(newest.sha256))
    guard tag.isNamed(by: ifMatch) else { throw PipelineApplier.changed(newest.pipeline, newest.number) }
  }

  /// Of a schedule that a call made.
  static func demand(_ ifMatch: String?, _ item: ScheduleItem) throws(Problem) {
    guard let ifMatch else { throw absent(item.id, at: "/schedules/\(item.id)") }
    guard item.state.isNamed(by: ifMatch) else { throw changed(item.id) }
  }

  /// Of a webhook that a call made.
  static func demand(_ ifMatch: String?, _ item: WebhookItem) throws(Problem) {
    guard let ifMatch else { throw absent(item.id, at: "/webhooks/\(item.id)") }
    guard item.tagged.isNamed(by: ifMatch) else { throw changed(item.id) }
  }

  /// Of what takes it where it is sent: a setting, a credential, a connection, a namespace. `state` is nil
  /// where there is none, which no tag names.
  static func check(_ ifMatch: String?, _ state: DefinitionTag?, of name: String) throws(Problem) {
    guard let ifMatch else { return }
    guard let state, state.isNamed(by: ifMatch) else { throw changed(name) }
  }

  private static func absent(_ name: PipelineName) -> Problem {
    absent("\(name)", at: "/pipelines/\(name.id)")
  }

  private static func absent(_ name: String, at path: String) -> Problem {
    Problem(
      "precondition-required",
      Bilingual(
        "A change of \(name) has to say which revision it is made on.",
        pt: "Uma mudança de \(name) precisa dizer sobre qual revisão é feita."),
      remedy: Bilingual(
        "Send the ETag of GET \(path) as If-Match.", pt: "Envie o ETag de GET \(path) como If-Match."))
  }

  private static func changed(_ name: String) -> Problem {
    Problem(
      "precondition-failed",
      Bilingual(
        "\(name) is not as it was when you read it.", pt: "\(name) não está como estava quando você leu."),
      remedy: Bilingual(
        "Read it again, and change what is there now.", pt: "Leia de novo, e mude o que está lá agora."))
  }
}
