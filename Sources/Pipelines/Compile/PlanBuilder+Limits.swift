import Model

/// The plans of limits and of a job's identity.
extension PlanBuilder {
  var identity: IdentityPlan {
    let identity = draft.head.identity
    return IdentityPlan(
      concurrency: identity.concurrency.map(concurrency), rate: identity.rate.flatMap(rate),
      priority: identity.priority.map(count), fairKey: identity.fairKey.map(template),
      correlation: identity.correlation.map(template),
      labels: identity.labels.map { ($0.name, template($0.value)) }, owner: identity.owner.map(template),
      privacy: identity.privacy, logFile: identity.logFile, expect: identity.expect)
  }

  func limits(_ limits: StepLimitsDraft) -> StepLimits {
    StepLimits(
      concurrency: limits.concurrency.map(concurrency), exclusive: limits.exclusive.map(template),
      rate: limits.rate.flatMap(rate), circuit: limits.circuit.flatMap(circuit),
      cache: limits.cache.flatMap(cache), priority: limits.priority.map(count), queue: limits.queue)
  }

  func deliver(_ deliver: DeliverDraft) -> DeliverPlan {
    DeliverPlan(
      signal: template(deliver.signal), key: deliver.key.map(template), payload: template(deliver.payload),
      keep: deliver.keep, then: deliver.then)
  }

  func completion(_ completion: CompletionDraft) -> CompletionPlan {
    CompletionPlan(
      sources: completion.sources, statuses: completion.statuses,
      join: completion.join.map { CompletionPlan.Join(key: template($0.key), within: $0.within) })
  }

  private func concurrency(_ concurrency: ConcurrencyDraft) -> ConcurrencyPlan {
    ConcurrencyPlan(
      scope: concurrency.scope, key: concurrency.key.map(template), limit: count(concurrency.limit),
      whenFull: concurrency.whenFull, maxQueued: concurrency.maxQueued.map(count))
  }

  private func rate(_ rate: RateDraft) -> RatePlan? {
    timing(rate.per).map {
      RatePlan(scope: rate.scope, key: rate.key.map(template), limit: count(rate.limit), per: $0)
    }
  }

  private func circuit(_ circuit: CircuitDraft) -> CircuitPlan? {
    timing(circuit.recoverAfter).map {
      CircuitPlan(key: circuit.key.map(template), failures: count(circuit.failures), recoverAfter: $0)
    }
  }

  private func cache(_ cache: CacheDraft) -> CachePlan? {
    timing(cache.lifetime).map { CachePlan(key: template(cache.key), lifetime: $0) }
  }
}
