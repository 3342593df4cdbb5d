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

  private static func absent(_ name: PipelineName) -> Problem {
    Problem(
      "precondition-required",
      Bilingual(
        "A change of \(name) has to say which revision it is made on.",
        pt: "Uma mudança de \(name) precisa dizer sobre qual revisão é feita."),
      remedy: Bilingual(
        "Send the ETag of GET /pipelines/\(name.id) as If-Match.",
        pt: "Envie o ETag de GET /pipelines/\(name.id) como If-Match."))
  }
}
