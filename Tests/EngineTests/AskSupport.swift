import Engine
import Model
import Testing

// Steps of tests about questions to people.
extension Harness {
  /// The question of a path, once it has been asked for the `count`-th time.
  func asked(_ job: ID<Job>, _ path: String, count: Int = 1) async throws -> AskView {
    try await happened(job, "asked", path, count: count)
    let number = try #require(try readModel.job(job)?.number)
    let rows = try readModel.asks(AskFilter(job: number), before: nil, limit: 100)
    let row = try #require(rows.first { $0.path == path })
    return try history().ask(row.id)
  }

  @discardableResult
  func answer(
    _ ask: AskView, _ choice: String, by: String, groups: [String] = [], form: JSON? = nil,
    comment: String? = nil, onBehalfOf: String? = nil, shown: String? = nil
  ) async throws(Problem) -> AskProgress {
    try await node.answer(
      GivenAnswer(
        ask: ask.row.id, by: by, groups: groups, choice: choice, form: form, comment: comment,
        onBehalfOf: onBehalfOf, shown: shown ?? ask.content["shown_sha256"]?.string ?? ""))
  }

  /// The code of the refusal.
  func refusal(
    _ ask: AskView, _ choice: String, by: String, groups: [String] = [], form: JSON? = nil,
    comment: String? = nil, onBehalfOf: String? = nil, shown: String? = nil
  ) async -> Problem? {
    do throws(Problem) {
      try await answer(
        ask, choice, by: by, groups: groups, form: form, comment: comment, onBehalfOf: onBehalfOf,
        shown: shown)
      return nil
    } catch { return error }
  }

  /// As it is stored now.
  func again(_ ask: AskView) throws -> AskView { try history().ask(ask.row.id) }

  /// The output of a step.
  func output(_ job: ID<Job>, _ path: String) async throws -> JSON? {
    try await view(job).steps.last { $0.path == path }?.output
  }
}

/// A question with one member of `ask:` changed or added.
enum AskFile {
  static func steps(_ more: String = "", to: String = "to: {users: [ana, bia]}") -> String {
    """
    inputs: {file: {type: string, default: a.csv}}
    steps:
      review:
        ask:
          title: Publish ${{ inputs.file }}?
          show: {file: "${{ inputs.file }}", rows: 3}
          \(to)
          choices:
            yes_: {approves: true, label: Publish}
            no_: {form: {type: object, required: [reason], properties: {reason: {type: string}, \
    level: {type: integer, maximum: 5}}, additionalProperties: false}}
          expires: 1h
          \(more)
      after: {needs: [review], value: "${{ steps.review.?output.?choice.orValue('none') }}"}
    outputs: {choice: "${{ steps.after.output }}"}
    """
  }
}
