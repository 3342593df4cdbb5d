import API
import Access
import Engine
import Model

/// One client: its subscriptions, and the answers that wait for it.
actor HubSession {
  let hub: Hub
  let language: Language
  nonisolated let sign = HubSign()
  private let membership: HubMembership
  private(set) var view: HubView?
  private var listening: HubListening?
  private var held: [Held] = []
  private var answers: [HubOut] = []
  private var turn = 0
  private var end: HubEnd?

  /// A subscription with where its messages come from.
  private struct Held {
    var subscription: HubSubscription
    let seat: HubSeat
    /// What was stored before, until it has caught up.
    var backlog: HubBacklog?
    var losses: Int
    /// Of the seat, so that it is found again after a wait.
    let number: Int
  }
  private var count = 0

  init(_ hub: Hub, _ language: Language) {
    (self.hub, self.language) = (hub, language)
    membership = HubMembership(hub, sign)
  }

  enum Step: Sendable {
    case send([HubOut])
    /// Nothing now: the bell rings when there is.
    case wait
    case over(HubEnd)
  }

  /// What goes to the client next.
  func next() async -> Step {
    let word = sign.take()
    if let end = word.end { finish(end) }
    if word.isStale, end == nil { await refresh() }
    if !answers.isEmpty {
      defer { answers = [] }
      return .send(answers)
    }
    if let end { return .over(end) }
    for _ in 0..<held.count {
      if held.isEmpty { break }
      turn = (turn + 1) % held.count
      let messages = await pick(held[turn].number)
      if !messages.isEmpty { return .send(messages) }
    }
    return answers.isEmpty && end == nil ? .wait : await next()
  }

  /// Somebody who has not said who they are in time.
  func mustBeSignedIn() { if view == nil { finish(.signInFirst) } }

  func finish(_ end: HubEnd) {
    self.end = self.end ?? end
    held = []
    sign.bell.ring()
  }

  /// Whether it can have nothing more to say: of one that takes no messages from its client.
  var isIdle: Bool { held.isEmpty && answers.isEmpty }

  func signIn(_ principal: Principal?) async {
    guard let principal, principal.kind != .anonymous else { return }
    view = HubView(principal, groups: await hub.access.groups(principal.actor))
  }

  /// What was allowed may be so no more.
  private func refresh() async {
    guard let known = view?.principal else { return }
    guard let principal = await hub.access.refresh(known) else { return finish(.signedOut) }
    let fresh = HubView(principal, groups: await hub.access.groups(principal.actor))
    view = fresh
    var lost: Set<String> = []
    held.removeAll { held in
      let topic = held.subscription.topic
      guard fresh.refusal(of: topic, in: held.subscription.namespace) != nil else { return false }
      lost.insert(topic.name)
      return true
    }
    for name in lost.sorted() { refuse(.notAllowed, nil, name) }
  }
}

// Messages from the client.
extension HubSession {
  func handle(_ text: String) async {
    if end != nil { return }
    if answers.count >= HubLimits.answers { return finish(.tooManyMessages) }
    let envelope = HubRequest.read(text)
    switch envelope.request {
    case .failure(let fault): refuse(fault, envelope.id, nil)
    case .success(let request): await handle(request, envelope.id)
    }
    sign.bell.ring()
  }

  private func handle(_ request: HubRequest, _ id: JSON?) async {
    guard view != nil else { return await handleFirst(request, id) }
    switch request {
    case .auth: refuse(.invalidMessage, id, nil)
    case .ping: answer(HubText.pong(id, at: hub.now()))
    case .unsubscribe(let channel): unsubscribe(channel, id)
    case .subscribe(let request):
      do throws(HubFault) { try await subscribe(request, id) } catch { refuse(error, id, request.channel) }
    }
  }

  private func handleFirst(_ request: HubRequest, _ id: JSON?) async {
    guard case .auth(let ticket) = request else {
      refuse(.signInFirst, id, nil)
      return finish(.signInFirst)
    }
    await signIn(await hub.access.redeem(ticket))
    if view == nil {
      refuse(.wrongTicket, id, nil)
      return finish(.signInFirst)
    }
    var payload = JSONObject()
    payload["id"] = id
    answer(HubText.message("ack", nil, nil, at: hub.now(), payload))
  }

  private func unsubscribe(_ channel: String, _ id: JSON?) {
    guard let topic = HubTopic(channel), held.contains(where: { $0.subscription.topic == topic }) else {
      return refuse(.notSubscribed, id, channel)
    }
    held.removeAll { $0.subscription.topic.name == topic.name }
    answer(HubText.ack(id, topic.name, nil, nil, at: hub.now()))
  }

  private func answer(_ text: String) { answers.append(HubOut(text: text, sequence: nil)) }

  private func refuse(_ fault: HubFault, _ id: JSON?, _ channel: String?) {
    // What the client sent is said back only as far as it can be a name.
    let channel = channel.map { $0.utf8.count <= HubLimits.name ? $0 : "" }
    answer(HubText.error(fault, id: id, channel, language, at: hub.now()))
  }
}

// Subscriptions.
extension HubSession {
  /// Each channel once. The answer is an `ack`, and what follows it meets its snapshot without a gap.
  func subscribe(_ request: HubRequest.Subscribe, _ id: JSON?) async throws(HubFault) {
    guard let topic = HubTopic(request.channel) else { throw .unknownChannel }
    if held.contains(where: { $0.subscription.topic == topic }) { throw .alreadySubscribed }
    // The lines of a followed job are no subscription of their own.
    let count = held.count { !$0.subscription.topic.isLines }
    if count >= HubLimits.subscriptions { throw .tooManySubscriptions }
    if case .logs = topic, hub.sources.logs == nil { throw .notAvailable }
    if case .rows = topic, hub.sources.rows == nil { throw .notAvailable }
    do throws(Problem) {
      let namespace = try await namespace(of: topic)
      try check(topic, namespace)
      if topic.isFed, listening == nil { listening = try await hub.listen() }
      try await open(topic, namespace, request, id)
    } catch let problem {
      throw HubFault(rawValue: problem.code) ?? .unavailable
    }
  }

  private func namespace(of topic: HubTopic) async throws(Problem) -> String? {
    switch topic {
    case .job(let id), .logs(let id), .lines(let id): try await hub.sources.job(id)?.pipeline.namespace
    case .rows(.operation(let id)): hub.sources.rows?.owner(id)
    case .pipeline, .namespace, .labels, .global, .asks, .rows: nil
    }
  }

  private func check(_ topic: HubTopic, _ namespace: String?) throws(Problem) {
    if let fault = view?.refusal(of: topic, in: namespace) { throw Problem(fault) }
  }

  private func open(
    _ topic: HubTopic, _ namespace: String?, _ request: HubRequest.Subscribe, _ id: JSON?
  ) async throws(Problem) {
    let seat = hub.join(topic, sign.bell)
    let losses = seat.channel.losses
    let start = try await start(topic, seat, request.after)
    // What the client may do can have changed meanwhile.
    try check(topic, namespace)
    hold(seat, topic, request.options, namespace, losses, start)
    if case .job(let job) = topic, request.options.level != nil, hub.sources.logs != nil {
      let lines = hub.join(.lines(job), sign.bell)
      hold(lines, .lines(job), request.options, namespace, lines.channel.losses, Start(cursor: 0))
    }
    answers.append(
      HubOut(
        text: HubText.ack(id, topic.name, start.told, start.snapshot, at: hub.now()), sequence: start.told))
  }

  private func hold(
    _ seat: HubSeat, _ topic: HubTopic, _ options: HubOptions, _ namespace: String?, _ losses: Int,
    _ start: Start
  ) {
    count += 1
    let subscription = HubSubscription(topic, options, namespace: namespace, after: start.cursor)
    held.append(
      Held(subscription: subscription, seat: seat, backlog: start.backlog, losses: losses, number: count))
  }

  /// Where a subscription begins.
  private struct Start {
    var cursor: Int64
    var backlog: HubBacklog?
    var snapshot: JSON?
    /// The sequence number that the client is told.
    var told: Int64?
  }

  private func start(_ topic: HubTopic, _ seat: HubSeat, _ after: Int64?) async throws(Problem) -> Start {
    let feed = listening?.feed
    if case .rows(let rows) = topic, let view {
      // There is no past of it: who comes back is told how it is.
      return Start(cursor: 0, snapshot: try hub.snapshot(of: rows, view))
    }
    if let after {
      let backlog = try await hub.backlog(topic, after: after, feed)
      return Start(cursor: after, backlog: backlog, told: after)
    }
    switch topic {
    case .job(let id):
      let snapshot = try await hub.sources.snapshot(id)
      let cursor = HubText.end(of: snapshot.sequence)
      var start = Start(cursor: cursor, snapshot: HubText.snapshot(snapshot), told: cursor)
      if !seat.holdsAll(after: cursor) { start.backlog = try await hub.backlog(topic, after: cursor, feed) }
      return start
    case .asks:
      let position = feed?.position ?? 0
      return Start(cursor: position, snapshot: try await openAsks(), told: position)
    case .pipeline, .namespace, .labels, .global:
      let position = feed?.position ?? 0
      return Start(cursor: position, told: position)
    case .logs, .lines, .rows: return Start(cursor: 0)
    }
  }

  private func openAsks() async throws(Problem) -> JSON {
    guard let view else { return .null }
    let found = try await hub.sources.asks(view.names.map(\.string).sorted())
    var (asks, room): ([JSON], Int) = ([], HubLimits.messageOut / 2)
    for ask in found {
      let isForAll = ask.row.assignees.isEmpty
      if isForAll, !view.asks.contains(ask.row.namespace) { continue }
      var item = AskItem(ask).json.object ?? JSONObject()
      item["choices"] = ask.content["choices"]
      room -= JSON.object(item).serialized().count
      if room < 0 { break }
      asks.append(.object(item))
    }
    return ["asks": .array(asks)]
  }
}

// What subscriptions have for the client.
extension HubSession {
  private func pick(_ number: Int) async -> [HubOut] {
    guard let index = place(of: number), let view else { return [] }
    let losses = held[index].seat.channel.losses
    if losses != held[index].losses { await readAgain(number, losses) }
    guard let index = place(of: number) else { return [] }
    if let backlog = held[index].backlog { return await pick(number, from: backlog) }
    guard let taken = held[index].seat.take() else { return [] }
    let outcome = held[index].subscription.take(taken, view, at: hub.now())
    // There may be more behind what the client does not want.
    if outcome.messages.isEmpty, !taken.entries.isEmpty { sign.bell.ring() }
    return give(outcome, index)
  }

  private func place(of number: Int) -> Int? { held.firstIndex { $0.number == number } }

  private func give(_ outcome: HubSubscription.Outcome, _ index: Int) -> [HubOut] {
    if outcome.isOver {
      let name = held[index].subscription.topic.name
      held.removeAll { $0.subscription.topic.name == name }
    }
    return outcome.messages
  }

  /// What the channel lost is read from where it is stored.
  private func readAgain(_ number: Int, _ losses: Int) async {
    guard let index = place(of: number) else { return }
    held[index].losses = losses
    let subscription = held[index].subscription
    do throws(Problem) {
      let backlog = try await hub.backlog(
        subscription.topic, after: subscription.cursor, listening?.feed)
      if let index = place(of: number) { held[index].backlog = backlog }
    } catch {
      end(number)
    }
  }

  /// It cannot be read on: better none than one with a gap.
  private func end(_ number: Int) {
    guard let index = place(of: number) else { return }
    refuse(.unavailable, nil, held[index].subscription.topic.name)
    held.remove(at: index)
    sign.bell.ring()
  }

  private func pick(_ number: Int, from backlog: HubBacklog) async -> [HubOut] {
    let page: HubBacklog.Page
    do throws(Problem) { page = try await backlog.next() } catch {
      end(number)
      return []
    }
    guard let index = place(of: number), let view else { return [] }
    switch page {
    case .entries(let entries):
      let outcome = held[index].subscription.take(entries, view)
      // A page of which the client wants nothing is no reason to wait.
      if outcome.messages.isEmpty { sign.bell.ring() }
      return give(outcome, index)
    case .caughtUp(let sequence):
      held[index].subscription.bound(to: sequence)
      if held[index].seat.holdsAll(after: held[index].subscription.cursor) { held[index].backlog = nil }
      sign.bell.ring()
      return []
    case .lost(let newest):
      let name = held[index].subscription.topic.name
      held.remove(at: index)
      return [HubOut(text: HubText.lagged(name, dropped: nil, after: newest, at: hub.now()), sequence: nil)]
    }
  }
}

extension Problem {
  fileprivate init(_ fault: HubFault) { self.init(fault.rawValue, fault.text) }
}

/// Keeps a session known to the hub.
final class HubMembership: Sendable {
  private let hub: Hub
  private let number: Int

  init(_ hub: Hub, _ sign: HubSign) { (self.hub, number) = (hub, hub.register(sign)) }
  deinit { hub.deregister(number) }
}
