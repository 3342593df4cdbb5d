internal import Model

// What a person changes of a job that lives: who it is, never what it does.
extension Decider {
  /// Leaves no fact where nothing would be different.
  mutating func update(_ actor: String, _ priority: Int?, _ labels: [JobIdentity.Label]?) {
    let priority = priority == jobPriority ? nil : priority
    guard priority != nil || labels != nil else { return }
    let named = labels.map { labels in
      body(.object(JSONObject(labels.map { ($0.name, .string($0.value)) })))
    }
    emit(.updated(actor: actor, priority: priority, labels: named))
    decision.effects.append(.identify(priority: priority, labels: labels))
  }
}
