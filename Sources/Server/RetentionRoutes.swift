import API
import Engine
import Model

/// Routes about how long things are kept.
struct RetentionRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(RetentionCalls.show, in: .system) { _, _ in
        Page(try await backend.writer().forecast().map(RetentionItem.init))
      },
      .answer(RetentionCalls.set, in: .system) { request, caller in try await set(request, caller) },
      .answer(RetentionCalls.preview, in: .system) { request, caller in
        guard let retained = Retained(rawValue: request.retained) else {
          throw Self.noClass(request.retained)
        }
        let rule = RetentionRule(
          namespace: request.namespace, retained: retained, days: request.days, by: caller.actor,
          at: backend.now())
        return RetentionItem(try await backend.writer().forecast(of: rule))
      },
      .answer(RetentionCalls.run, in: .system) { _, caller in
        Page(try await backend.writer().retain(by: caller.actor).map(DeletionItem.init))
      },
      .answer(RetentionCalls.deletions, in: .system) { query, _ in
        let rows = try reading { () throws(StoreError) in
          try backend.readModel.deletions(in: query.namespace, limit: Self.page)
        }
        return Page(rows.map(DeletionItem.init))
      },
    ]
  }

  private static let page = 1_000

  private func set(_ request: RetentionRequest, _ caller: Caller) async throws(Problem) -> Nothing {
    let node = try backend.writer()
    guard let retained = Retained(rawValue: request.retained) else { throw Self.noClass(request.retained) }
    guard !request.namespace.isEmpty, !request.namespace.contains("/") else { throw Self.noNamespace }
    guard let days = request.days else {
      try await node.write([.keepForEver(retained, namespace: request.namespace)])
      return Nothing()
    }
    guard (0...RetentionRule.mostDays).contains(days) else { throw Self.wrongDays(days) }
    try await node.write([
      .retention(
        RetentionRule(
          namespace: request.namespace, retained: retained, days: days, by: caller.actor, at: backend.now()))
    ])
    return Nothing()
  }

  private static func noClass(_ word: String) -> Problem {
    let known = Retained.allCases.map(\.rawValue).joined(separator: ", ")
    return Problem(
      "invalid-request",
      Bilingual("There is no class \"\(word)\".", pt: "Não existe a classe \"\(word)\"."),
      remedy: Bilingual("There are: \(known).", pt: "Existem: \(known)."))
  }

  private static let noNamespace = Problem(
    "invalid-request",
    Bilingual("A rule belongs to a namespace.", pt: "Uma regra pertence a um espaço de nomes."),
    remedy: Bilingual("Name it, such as demo.", pt: "Indique-o, por exemplo demo."))

  private static func wrongDays(_ days: Int) -> Problem {
    let most = RetentionRule.mostDays
    return Problem(
      "invalid-request",
      Bilingual("\(days) is not from 0 to \(most) days.", pt: "\(days) não está entre 0 e \(most) dias."),
      remedy: Bilingual(
        "Leave the days out to keep for ever.", pt: "Deixe os dias de fora para guardar para sempre."))
  }
}

extension RetentionItem {
  init(_ forecast: RetentionForecast) {
    let rule = forecast.rule
    self.init(
      namespace: rule.namespace, retained: rule.retained.rawValue, days: rule.days, by: rule.by, at: rule.at,
      count: forecast.now.count, bytes: forecast.now.bytes, soonCount: forecast.soon.count,
      soonBytes: forecast.soon.bytes)
  }
}

extension DeletionItem {
  init(_ row: DeletionRow) {
    self.init(
      at: row.at, namespace: row.namespace, retained: row.retained.rawValue, days: row.days,
      before: row.before, count: row.count, bytes: row.bytes, by: row.by)
  }
}
