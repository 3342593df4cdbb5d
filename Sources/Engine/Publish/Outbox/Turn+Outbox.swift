internal import Model

// Messages that leave: what is due is read and sent beside the engine's thread, and what came of it is an
// input of a turn.
extension Turn {
  mutating func take(_ input: OutboxInput, at now: Timestamp) {
    switch input {
    case .page(let line, let result): take(result, of: line, at: now)
    case .landed(let landing): take(landing, at: now)
    case .enable(let name, let reply): enable(name, reply)
    case .redeliver(let id, let reply):
      do throws(Problem) {
        try redeliver(id, at: now)
        jobs.after(.nothing) { _ in reply(.success(())) }
      } catch { reply(.failure(error)) }
    case .configure(let destinations, let reading, let reply):
      for line in jobs.outbox.configure(destinations, reading: reading) {
        // What waits for one that is gone becomes dead letters, also where nothing was sent there.
        if !jobs.outbox[line].isConfigured, jobs.outbox[line].isDisabled {
          jobs.outbox[line].isDisabled = false
          jobs.batch.outbox.append(.enable(destination: jobs.outbox[line].destination.name))
        }
        jobs.call(line)
      }
      jobs.after(.nothing) { _ in reply(.success(())) }
    case .note(let row, let reply):
      jobs.batch.outbox.append(.delivery(row))
      jobs.after(.nothing) { _ in reply(.success(())) }
    }
  }

  /// Sends what is due and has a place, and reads on where all that was read is under way.
  mutating func publish(_ line: Int) {
    jobs.outbox[line].isCalled = false
    guard configuration.restores, !jobs.isDraining else { return }
    if !jobs.outbox[line].isDisabled {
      while let head = jobs.outbox.takeOff(line) {
        executor.deliver(
          Sending(
            configuration: configuration, line: line, destination: jobs.outbox[line].destination, head: head))
      }
      let state = jobs.outbox[line]
      if state.heads.isEmpty, state.isStale, !state.isReading { read(line) }
    }
    // One that found no place may have it now, also where this one needed none.
    if jobs.outbox.flying < OutboxBook.mostFlying, let next = jobs.outbox.takeHungry() { jobs.call(next) }
  }

  private mutating func read(_ line: Int) {
    (jobs.outbox[line].isReading, jobs.outbox[line].isStale) = (true, false)
    let (readModel, clock) = (configuration.readModel, configuration.clock)
    let (name, executor) = (jobs.outbox[line].destination.name, executor)
    executor.aside {
      let now = clock.now
      let result: Result<OutboxPage, StoreError>
      do throws(StoreError) {
        let heads = try readModel.dueOutbox(
          of: name, at: now, horizon: Sending.horizon(now), limit: OutboxBook.page)
        let next = try readModel.nextOutbox(of: name, after: now)
        result = .success(OutboxPage(heads: heads, next: next))
      } catch { result = .failure(error) }
      executor.report(.outbox(.page(line, result)))
    }
  }

  private mutating func take(
    _ result: Result<OutboxPage, StoreError>, of line: Int, at now: Timestamp
  ) {
    jobs.outbox[line].isReading = false
    guard case .success(let page) = result else { return jobs.lookLater(at: line, now) }
    for head in page.heads { jobs.outbox[line].heads.append(head) }
    jobs.outbox[line].next = page.next
    if page.heads.count == OutboxBook.page { jobs.outbox[line].isStale = true }
    if !page.heads.isEmpty || jobs.outbox[line].isStale { jobs.call(line) }
    jobs.setOutboxAlarm()
  }

  private mutating func take(_ landing: Landing, at now: Timestamp) {
    let isErased = landing.job.map { jobs.outbox.isErased($0) } ?? false
    jobs.outbox.landed(landing.lane, landing.line)
    if isErased { return jobs.call(landing.line) }
    switch landing.result {
    case .absent: break
    case .unread: jobs.lookLater(at: landing.line, now)
    case .tried(let row, let outcome, let duration):
      jobs.settle(row, outcome, took: duration, landing.line, at: now)
    }
    jobs.call(landing.line)
  }

  private mutating func enable(_ name: String, _ reply: @escaping Reply<Void>) {
    guard let line = jobs.outbox.configuredLine(of: name) else {
      return reply(.failure(.noDestination(name)))
    }
    if jobs.outbox[line].isDisabled {
      jobs.outbox[line].isDisabled = false
      jobs.outbox[line].isStale = true
      jobs.batch.outbox.append(.enable(destination: jobs.outbox[line].destination.name))
      jobs.call(line)
    }
    jobs.after(.nothing) { _ in reply(.success(())) }
  }

  /// One that still waits is due at once, with all its tries; one that was delivered is sent again.
  private mutating func redeliver(_ id: Int64, at now: Timestamp) throws(Problem) {
    let (found, waiting): (DeliveryRow?, OutboxRow?)
    do throws(StoreError) {
      found = try store.delivery(id)
      waiting = try found.flatMap { (row) throws(StoreError) in
        try store.outboxRow(of: row.destination, event: row.event)
      }
    } catch { throw .store(error) }
    guard let delivery = found else { throw .noDelivery(id) }
    guard let line = jobs.outbox.configuredLine(of: delivery.destination) else {
      throw .noDestination(delivery.destination)
    }
    if var row = waiting {
      if row.isHeld { throw .notRedeliverable(id) }
      (row.nextAt, row.tries) = (now, 0)
      return jobs.put(row, line)
    }
    guard let row = OutboxRow(delivery, at: now) else { throw .notRedeliverable(id) }
    try jobs.makeSureOfRoom(inOutboxOf: line)
    jobs.put(row, line)
  }
}
