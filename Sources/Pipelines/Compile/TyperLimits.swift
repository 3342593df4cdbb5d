import Expressions
import Model

/// The types of limits, of a job's identity and of what a trigger delivers.
extension Typer {
  func type(_ identity: IdentityDraft) {
    if let concurrency = identity.concurrency { type(concurrency) }
    if let rate = identity.rate { type(rate) }
    if let priority = identity.priority { count(priority) }
    for label in identity.labels { text(label.value) }
    for template in [identity.fairKey, identity.correlation, identity.owner] {
      if let template { text(template) }
    }
  }

  func type(_ limits: StepLimitsDraft) {
    if let concurrency = limits.concurrency { type(concurrency) }
    if let exclusive = limits.exclusive { text(exclusive) }
    if let rate = limits.rate { type(rate) }
    if let priority = limits.priority { count(priority) }
    if let circuit = limits.circuit {
      if let key = circuit.key { text(key) }
      count(circuit.failures)
      timing(circuit.recoverAfter)
    }
    if let cache = limits.cache {
      text(cache.key)
      timing(cache.lifetime)
    }
  }

  func type(_ deliver: DeliverDraft) {
    text(deliver.signal)
    if let key = deliver.key { text(key) }
    _ = template(deliver.payload)
  }

  private func type(_ concurrency: ConcurrencyDraft) {
    if let key = concurrency.key { text(key) }
    count(concurrency.limit)
    if let queued = concurrency.maxQueued { count(queued) }
  }

  private func type(_ rate: RateDraft) {
    if let key = rate.key { text(key) }
    count(rate.limit)
    timing(rate.per)
  }
}

/// The types of what a fan-out hands to its items.
extension Typer {
  /// With `batch` a list of items.
  func item(of forEach: ForEachDraft) -> CELType {
    if let batch = forEach.batch { count(batch) }
    guard let site = forEach.items else { return .dyn }
    let type = expression(site)
    let single = forEach.isLines ? line(of: type, site) : element(of: type, site)
    return forEach.batch == nil ? single : .list(single)
  }

  private func element(of type: CELType, _ site: Int) -> CELType {
    switch type {
    case .list(let element): return element
    case .dyn: return .dyn
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .map, .optional,
      .record:
      wrongType(type, Bilingual("a list", pt: "uma lista"), site: site)
      return .dyn
    }
  }

  /// The lines of an artifact are texts.
  private func line(of type: CELType, _ site: Int) -> CELType {
    if !Assignability.isMap(type) {
      wrongType(
        type, Bilingual("the handle of an artifact", pt: "a referência de um artefato"), site: site)
    }
    return .string
  }
}
