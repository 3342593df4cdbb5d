public import API
public import Access
import Engine
public import Model
import Synchronization

/// Who calls, and how answers to them are worded.
public struct Caller: Sendable {
  public var principal: Principal
  public var request: APIRequest
  /// Where the endpoint's permission is granted. Lists show nothing outside of it.
  public internal(set) var reach: Reach
  /// The namespace of the object, where it has one.
  var place: String?
  /// The members that they want of the answer; nil: all.
  var fields: FieldSelection?
  let note: AuditNote

  public init(principal: Principal, request: APIRequest, reach: Reach = .everywhere) {
    (self.principal, self.request, self.reach, note) = (principal, request, reach, AuditNote())
  }

  /// Such as `local:ana`, for histories.
  public var actor: String { principal.actor }
  public var language: Language { request.language }

  /// The namespaces that a list is read in: the one that was asked for, all (nil), or those that are granted.
  func namespaces(_ wanted: String?) -> [String?] {
    switch (reach, wanted) {
    case (_, let wanted?): reach.contains(wanted) ? [wanted] : []
    case (.everywhere, nil): [nil]
    case (.only(let names), nil): names.map(Optional.some)
    }
  }

  /// The rows of each of those namespaces, one after the other.
  func rows<Row>(
    _ wanted: String?, _ read: (String?) throws(StoreError) -> [Row]
  ) throws(Problem) -> [Row] {
    var rows: [Row] = []
    for namespace in namespaces(wanted) {
      rows += try reading { () throws(StoreError) in try read(namespace) }
    }
    return rows
  }

  /// One page of rows that the store has in order: each namespace gives as many as fit, and the first of all
  /// of them are taken.
  func page<Row>(
    _ wanted: String?, limit: Int, inOrder precedes: (Row, Row) -> Bool,
    _ read: (String?) throws(Problem) -> [Row]
  ) throws(Problem) -> [Row] {
    let places = namespaces(wanted)
    var rows: [Row] = []
    for namespace in places { rows += try read(namespace) }
    if places.count > 1 { rows.sort(by: precedes) }
    return Array(rows.prefix(limit))
  }
}

/// What a handler tells the audit besides what can be seen from outside: how the thing was, and how it is
/// now. It never holds a secret, nor what users gave to a job.
final class AuditNote: Sendable {
  struct Content: Sendable {
    var before: JSON?
    var after: JSON?
    /// What was acted on, where the path does not say it.
    var resource: String?
    var namespace: String?
  }

  private let state = Mutex(Content())

  var content: Content { state.withLock { $0 } }
  func before(_ json: JSON?) { state.withLock { $0.before = json } }
  func after(_ json: JSON?) { state.withLock { $0.after = json } }
  func about(_ resource: String, in namespace: String?) {
    state.withLock { ($0.resource, $0.namespace) = (resource, namespace) }
  }
}
