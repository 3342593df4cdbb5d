import Model

/// One client's subscription: what of a channel's messages goes to it, and where it has come to.
struct HubSubscription: Sendable {
  let topic: HubTopic
  let options: HubOptions
  /// Of the job that the topic names.
  let namespace: String?
  /// The client has, or does not want, everything up to here.
  private(set) var cursor: Int64

  init(_ topic: HubTopic, _ options: HubOptions, namespace: String?, after cursor: Int64) {
    (self.topic, self.options, self.namespace, self.cursor) = (topic, options, namespace, cursor)
  }

  /// What goes to the client.
  struct Outcome: Sendable {
    var messages: [HubOut] = []
    /// Something is missing that may not be left out: the subscription is over.
    var isOver = false
  }

  mutating func take(_ taken: HubRing.Taken, _ view: HubView, at now: Timestamp) -> Outcome {
    var outcome = Outcome()
    if taken.hasLoss {
      let text = HubText.lagged(topic.name, dropped: taken.missed, after: cursor, at: now)
      return Outcome(messages: [HubOut(text: text, sequence: nil)], isOver: true)
    }
    if taken.missed > 0 {
      let text = HubText.thinned(topic, count: taken.missed, after: cursor, at: now)
      outcome.messages.append(HubOut(text: text, sequence: nil))
    }
    take(taken.entries, view, &outcome)
    return outcome
  }

  /// What was stored before. Nothing of it is missing.
  mutating func take(_ entries: [HubEntry], _ view: HubView) -> Outcome {
    var outcome = Outcome()
    take(entries, view, &outcome)
    return outcome
  }

  private mutating func take(_ entries: [HubEntry], _ view: HubView, _ outcome: inout Outcome) {
    outcome.messages.reserveCapacity(outcome.messages.count + entries.count)
    let hasAll = topic.linesJob != nil && options == HubOptions()
    for entry in entries {
      if let sequence = entry.sequence {
        // Seen already, stored or live.
        if sequence <= cursor { continue }
        cursor = sequence
      }
      // Most who follow a log want all of it.
      if !hasAll, !wants(entry, view) { continue }
      outcome.messages.append(HubOut(text: entry.text, sequence: entry.sequence))
    }
  }

  private func wants(_ entry: HubEntry, _ view: HubView) -> Bool {
    if case .log(let line) = entry.kind, !options.wants(line) { return false }
    return view.hears(entry, on: topic)
  }

  /// Nothing behind this number exists yet, whatever the client said.
  mutating func bound(to sequence: Int64) { cursor = min(cursor, sequence) }
}

/// A message on its way to one client.
struct HubOut: Sendable, Hashable {
  var text: String
  var sequence: Int64?
}
