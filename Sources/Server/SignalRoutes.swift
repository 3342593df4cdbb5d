import API
import Engine
import Model

/// Routes of messages to waiting jobs.
struct SignalRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(SignalCalls.list, in: .list { $0.namespace }) { query, caller in try list(query, caller) },
      .answer(
        SignalCalls.send, in: .namespace { $0.namespace },
        with: { request, caller in try await send(request, caller) }),
      .answer(
        SignalCalls.sendToJob,
        in: JobFinder(readModel: backend.readModel).place { $0.id },
        with: { request, caller in try await send(request, caller) }),
    ]
  }

  private func list(_ query: SignalsQuery, _ caller: Caller) throws(Problem) -> Page<SignalItem> {
    let limit = try PageBounds.limit(query.limit)
    let rows = try caller.page(
      query.namespace, limit: limit, inOrder: { $0.id > $1.id },
      { (namespace) throws(Problem) in
        try reading { () throws(StoreError) in try backend.readModel.signals(in: namespace, limit: limit) }
      })
    return Page(rows.map(SignalItem.init))
  }

  private func send(_ request: SignalToInbox, _ caller: Caller) async throws(Problem) -> SignalResult {
    var signal = SignalRequest(
      name: request.name, key: request.key, payload: request.payload,
      messageID: request.idempotencyKey ?? caller.request.idempotencyKey,
      actor: caller.actor)
    if let text = request.keep {
      guard let keep = Duration(text: text), keep >= .zero, keep <= SignalRequest.longestKeep else {
        throw Self.wrongKeep(text)
      }
      signal.keep = keep
    }
    return SignalResult(try await backend.writer().signal(signal, in: request.namespace))
  }

  private func send(_ request: SignalToJob, _ caller: Caller) async throws(Problem) -> SignalResult {
    let node = try backend.writer()
    let job = try JobFinder(readModel: backend.readModel).job(request.id).id
    let signal = SignalRequest(
      name: request.name, key: request.key, payload: request.payload,
      messageID: request.idempotencyKey ?? caller.request.idempotencyKey,
      actor: caller.actor)
    return SignalResult(try await node.signal(signal, to: job))
  }

  private static func wrongKeep(_ text: String) -> Problem {
    Problem(
      "unusable-request",
      Bilingual("\"\(text)\" is no time to keep a signal.", pt: "\"\(text)\" não é um tempo de guarda."),
      remedy: Bilingual("Write it as 24h, 366d at most.", pt: "Escreva como 24h, no máximo 366d."))
  }
}

extension SignalResult {
  init(_ receipt: SignalReceipt) {
    self.init(
      id: receipt.id.description, delivered: receipt.delivered.map(\.description), isKept: receipt.isKept,
      isDuplicate: receipt.isDuplicate)
  }
}

extension SignalItem {
  init(_ row: SignalRow) {
    self.init(
      id: row.id.description, namespace: row.namespace, name: row.name, key: row.key,
      state: "\(row.state)", messageID: row.messageID, source: row.source, receivedAt: row.receivedAt,
      expiresAt: row.expiresAt, duplicates: row.duplicates)
  }
}
