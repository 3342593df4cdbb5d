import API
import Engine
import Model

/// Routes about what stays, whatever the rules of retention say.
struct HoldRoutes: Sendable {
  var backend: Backend
  private var finder: JobFinder { JobFinder(readModel: backend.readModel) }

  var routes: [Route] {
    [
      .answer(HoldCalls.list, in: .system) { _, _ in Page(try holds().map(HoldItem.init)) },
      .answer(
        HoldCalls.create, in: .system,
        with: { request, caller in try await place(request, caller) }),
      .answer(HoldCalls.delete, in: .system) { path, caller in try await release(path, caller) },
    ]
  }

  private func holds() throws(Problem) -> [Hold] {
    try reading { () throws(StoreError) in try backend.readModel.holds() }
  }

  private func place(_ request: HoldRequest, _ caller: Caller) async throws(Problem) -> MadeHold {
    let node = try backend.writer()
    let (namespace, subject) = try subject(of: request)
    guard try holds().count < Hold.most else { throw Self.tooMany }
    let now = backend.now()
    var chance = SystemRandomNumberGenerator()
    let hold = Hold(
      id: ID.generate(at: now, using: &chance), namespace: namespace, subject: subject,
      reason: request.reason, by: caller.actor, at: now)
    let item = HoldItem(hold)
    caller.note.about(item.id, in: namespace)
    caller.note.after(item.json)
    try await node.write([.hold(hold)])
    return MadeHold(item: item)
  }

  /// A job has to be there; a pipeline and a namespace may come later.
  private func subject(of request: HoldRequest) throws(Problem) -> (String, Hold.Subject) {
    if let job = request.job {
      let found = try finder.job(job)
      return (found.pipeline.namespace, .job(found.id))
    }
    if let pipeline = request.pipeline {
      let name = try NamespacedName(pipeline).pipeline
      return (name.namespace, .pipeline(name.name))
    }
    return (request.namespace ?? "", .namespace)
  }

  private func release(_ path: HoldPath, _ caller: Caller) async throws(Problem) -> Nothing {
    let node = try backend.writer()
    let found = try holds().filter { $0.id.description.hasPrefix(path.id.lowercased()) }
    guard found.count == 1, let hold = found.first else { throw Self.noHold(path.id) }
    caller.note.about(hold.id.description, in: hold.namespace)
    caller.note.before(HoldItem(hold).json)
    try await node.write([.releaseHold(hold.id)])
    return Nothing()
  }

  private static func noHold(_ id: String) -> Problem {
    Problem(
      "no-hold", Bilingual("There is no one hold \(id).", pt: "Não existe uma única retenção \(id)."),
      remedy: Bilingual("`esteira hold ls` shows their ids.", pt: "`esteira hold ls` mostra os ids."))
  }

  private static let tooMany = Problem(
    "too-many-holds",
    Bilingual("There are \(Hold.most) holds already.", pt: "Já há \(Hold.most) retenções."),
    remedy: Bilingual(
      "Release those that are over, or hold a whole pipeline or namespace.",
      pt: "Libere as que já passaram, ou retenha um pipeline ou um espaço de nomes inteiro."))
}

extension HoldItem {
  init(_ hold: Hold) {
    var (pipeline, job): (String?, String?) = (nil, nil)
    switch hold.subject {
    case .namespace: break
    case .pipeline(let name): pipeline = name
    case .job(let id): job = id.description
    }
    self.init(
      id: hold.id.description, namespace: hold.namespace, pipeline: pipeline, job: job, reason: hold.reason,
      by: hold.by, at: hold.at)
  }
}
