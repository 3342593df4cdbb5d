public import Model
internal import Pipelines

extension Node {
  /// Begins to listen. When it returns, all that was committed before can be read from the store, and what is
  /// committed from now on goes into the feed until `unlisten` is called as often.
  public func listen() async throws(Problem) -> Feed {
    do throws(Problem) { try await send { .listen(true, $0) } } catch {
      // It may still be taken, once the store takes turns again.
      unlisten()
      throw error
    }
    return feed
  }

  public func unlisten() { push(.listen(false) { _ in }) }
}

// For those who listen, in the turn that decides.
extension Jobs {
  mutating func listen(_ begins: Bool, _ reply: @escaping Reply<Void>) {
    if begins, listeners == 0 { feed.begin() }
    listeners = max(0, listeners + (begins ? 1 : -1))
    // What was decided before is stored when this is answered.
    after(.nothing) { reply($0) }
  }

  /// What the decision moved follows its commit.
  mutating func tellFeed(_ moves: [Move], of job: OwnedJob, at now: Timestamp) {
    if moves.isEmpty { return }
    let changes = moves.changes(job.state, job.plan, at: now)
    orders.append(.publishNews(job, changes.map { .change($0) }))
  }

  mutating func tellFeed(_ emission: Emission, bytes: Int, at now: Timestamp) {
    guard listeners > 0, let id = ID<Job>(emission.job), let job = inMemory(id) else { return }
    let news = EmittedNews(
      at: now, type: emission.type, room: emission.room, path: emission.path, key: emission.key,
      data: bytes <= FeedLimits.data ? emission.data : nil)
    orders.append(.publishNews(job, [.emitted(news)]))
  }
}

extension OwnedJob {
  var forFeed: FeedJob {
    FeedJob(
      id: id, pipeline: pipeline, labels: identity.labels, owner: identity.owner, key: state.creation?.key,
      correlation: identity.correlation)
  }
}
