import API
import Access
import Engine
import Model
import Synchronization

/// Routes of tickets with which an application's own users answer.
struct AskTicketRoutes: Sendable {
  var backend: Backend
  private let underWay = TicketsUnderWay()

  init(backend: Backend) { self.backend = backend }

  private static let usualLifetime = Duration.seconds(3_600)

  var routes: [Route] {
    guard let access = backend.access else {
      return [AskCalls.ticket.shape, AskCalls.answerWithTicket.shape].map {
        Route.closed($0, Backend.readOnly)
      }
    }
    let asks = AskRoutes(backend: backend)
    return [
      .answer(
        AskCalls.ticket, in: asks.place { $0.id },
        with: { request, caller in try await make(request, access, asks, caller) }),
      .answer(AskCalls.answerWithTicket, in: .own) { request, caller in
        try await answer(request, access, caller)
      },
    ]
  }

  private func make(
    _ request: AskTicketRequest, _ access: AccessService, _ asks: AskRoutes, _ caller: Caller
  ) async throws(Problem) -> AskTicketItem {
    let view = try await backend.asks.ask(try asks.find(request.id))
    guard view.row.state == .open else { throw .closedAsk(view.row) }
    guard let lifetime = request.ttl.map({ Duration(text: $0) }) ?? Self.usualLifetime else {
      throw .wrongTicketTime(request.ttl ?? "")
    }
    let made = try access.askTicket(
      for: view.row.id.description, in: view.row.namespace, person: request.person, lifetime: lifetime,
      by: caller.principal)
    caller.note.after([
      "person": .string(request.person), "expires_at": .string(made.ticket.expiresAt.rfc3339),
    ])
    return AskTicketItem(
      ticket: made.text, ask: made.ticket.ask, person: request.person, expiresAt: made.ticket.expiresAt)
  }

  private func answer(
    _ request: TicketAnswerRequest, _ access: AccessService, _ caller: Caller
  ) async throws(Problem) -> AskResult {
    let (node, ticket) = (try backend.writer(), try access.redeem(askTicket: request.ticket))
    guard let id = ID<Ask>(ticket.ask) else { throw .noAskTicket }
    caller.note.about(ticket.ask, in: ticket.namespace)
    caller.note.after(["person": .string(ticket.person), "ticket_of": .string(ticket.issuer)])
    let answer = GivenAnswer(
      ask: id, by: ticket.issuer, groups: try backend.asks.groups(ticket.person), choice: request.choice,
      form: request.form, comment: request.comment, onBehalfOf: ticket.person, shown: request.shown)
    // Two at once would both find it unused.
    guard underWay.begin(request.ticket) else { throw .noAskTicket }
    defer { underWay.end(request.ticket) }
    guard try await !isUsed(ticket, for: answer) else { throw .noAskTicket }
    return AskResult(id, try await node.answer(answer))
  }

  /// An answer that the same application passed on for the same person since uses all earlier tickets up.
  private func isUsed(_ ticket: AskTicket, for answer: GivenAnswer) async throws(Problem) -> Bool {
    try await backend.asks.ask(answer.ask).answers.contains { given in
      given.row.at >= ticket.issuedAt && ScalarString(given.row.by) == ScalarString(answer.by)
        && given.row.onBehalfOf.map { ScalarString($0) } == answer.onBehalfOf.map { ScalarString($0) }
    }
  }
}

/// Tickets whose answer is on its way to the store.
private final class TicketsUnderWay: Sendable {
  private let tickets = Mutex<Set<String>>([])

  func begin(_ ticket: String) -> Bool { tickets.withLock { $0.insert(ticket).inserted } }
  func end(_ ticket: String) { tickets.withLock { _ = $0.remove(ticket) } }
}

extension Problem {
  fileprivate static func closedAsk(_ ask: AskRow) -> Problem {
    Problem(
      "ask-closed",
      Bilingual(
        "The question \(ask.id) is not open any more.", pt: "A pergunta \(ask.id) não está mais aberta."),
      remedy: Bilingual("`esteira ask get` shows its outcome.", pt: "`esteira ask get` mostra o resultado."))
  }

  fileprivate static func wrongTicketTime(_ text: String) -> Problem {
    Problem(
      "unusable-request",
      Bilingual(
        "\"\(text)\" is no time that a ticket lasts.", pt: "\"\(text)\" não é um tempo de um tíquete."))
  }
}
