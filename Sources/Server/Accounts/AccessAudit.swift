import API
import Access
import Model

extension CallAudit {
  /// Keeps the rows in the audit of the accounts.
  init(_ trail: AuditTrail, told: @escaping @Sendable (Problem) -> Void) {
    let open = OpenIntents()
    self.init(
      begin: { (entry) throws(Problem) in
        open.add(try await trail.begin(entry.act, by: entry.principal, from: entry.request.auditOrigin))
      },
      end: { intent, entry, outcome in
        guard let ticket = open.take(intent) else { return }
        do throws(Problem) {
          try await trail.finish(
            ticket, outcome.word, resourceID: entry.resource, before: entry.before, after: entry.after)
        } catch {
          // The change is made, and its intent stands in the audit: going on is safe.
          told(error)
        }
      },
      tell: { (entry, outcome) throws(Problem) in
        try await trail.record(entry.act, outcome.word, by: entry.principal, from: entry.request.auditOrigin)
      })
  }
}

extension CallEntry {
  fileprivate var act: AuditAct {
    AuditAct(
      action, namespace: namespace, resourceType: kind, resourceID: resource, before: before, after: after)
  }
}

extension CallEntry.Outcome {
  fileprivate var word: AuditEntry.Outcome {
    switch self {
    case .done: .done
    case .read: .read
    case .refused: .refused
    case .failed: .failed
    }
  }
}

extension APIRequest {
  var auditOrigin: Origin {
    Origin(address: origin.address, userAgent: origin.userAgent, requestID: requestID)
  }
}

extension Caller {
  var origin: Origin { request.auditOrigin }
}
