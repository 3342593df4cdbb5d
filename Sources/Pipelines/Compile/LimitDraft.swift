import Model

/// `concurrency:`, `rate_limit:` and the like on their way to a plan.
struct ConcurrencyDraft {
  var scope = LimitScope.pipeline
  var key: TemplateDraft?
  var limit = CountDraft.fixed(1)
  var whenFull = ConcurrencyPlan.WhenFull.queue
  var maxQueued: CountDraft?
}

struct RateDraft {
  var scope = LimitScope.pipeline
  var key: TemplateDraft?
  var limit: CountDraft
  var per: TimingDraft
}

struct CircuitDraft {
  var key: TemplateDraft?
  var failures: CountDraft
  var recoverAfter: TimingDraft
}

struct CacheDraft {
  var key: TemplateDraft
  var lifetime: TimingDraft
}

struct StepLimitsDraft {
  var concurrency: ConcurrencyDraft?
  var exclusive: TemplateDraft?
  var rate: RateDraft?
  var circuit: CircuitDraft?
  var cache: CacheDraft?
  var priority: CountDraft?
  var queue: String?
}

struct IdentityDraft {
  var concurrency: ConcurrencyDraft?
  var rate: RateDraft?
  var priority: CountDraft?
  var fairKey: TemplateDraft?
  var correlation: TemplateDraft?
  var labels: [NamedTemplate] = []
  var owner: TemplateDraft?
  var privacy = JSON.null
  var logFile: String?
  var expect = JSON.null
}

struct DeliverDraft {
  var signal: TemplateDraft
  var key: TemplateDraft?
  var payload: TemplateDraft
  var keep: Duration
  var then: DeliverPlan.Unmatched
}
