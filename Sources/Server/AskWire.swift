import API
import Engine
import Model

extension AskResult {
  init(_ id: ID<Ask>, _ progress: AskProgress) {
    self.init(
      id: id.description, job: progress.job.description, isDecided: progress.isDecided,
      votes: progress.votes, quorum: progress.quorum)
  }
}

extension AskItem {
  init(_ view: AskView) {
    let row = view.row
    self.init(
      id: row.id.description, job: view.job.description, pipeline: view.pipeline.description, path: row.path,
      title: view.content["title"]?.string ?? "", state: row.state.word, assignees: row.assignees,
      quorum: row.quorum, openedAt: row.openedAt, expiresAt: row.expiresAt, choice: row.decidedChoice,
      closedAt: row.decidedAt)
  }
}

extension AskDetail {
  init(_ view: AskView) {
    let content = view.content
    self.init(
      ask: AskItem(view), show: content["show"] ?? .null, choices: content["choices"]?.array ?? [],
      shown: content["shown_sha256"]?.string ?? "", onExpiry: content["on_expiry"]?.string ?? "",
      requesterMayAnswer: content["requester_may_answer"]?.bool ?? true,
      answers: view.answers.map { answer in
        var json = JSONObject([("by", .string(answer.row.by))])
        json["on_behalf_of"] = answer.row.onBehalfOf.map { .string($0) }
        json["choice"] = .string(answer.row.choice)
        json["form"] = answer.content["form"]
        json["comment"] = answer.content["comment"]
        json["at"] = .string(answer.row.at.rfc3339)
        json["counts"] = .bool(answer.row.counts)
        return .object(json)
      })
  }
}
