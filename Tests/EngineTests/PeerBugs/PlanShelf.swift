import Engine
import Model
import Pipelines
import Synchronization

/// Compiles each revision once, as a server does.
final class PlanShelf: Sendable {
  private let plans = Mutex<[String: Plan]>([:])

  var plan: @Sendable (RevisionRecord) throws(Problem) -> Plan {
    { [self] (record) throws(Problem) in
      let key = "\(record.pipeline) \(record.number)"
      if let known = plans.withLock({ $0[key] }) { return known }
      do {
        let plan = try Harness.compile(record.source)
        plans.withLock { $0[key] = plan }
        return plan
      } catch { throw Problem("test", Bilingual("\(error)", pt: "\(error)")) }
    }
  }
}
