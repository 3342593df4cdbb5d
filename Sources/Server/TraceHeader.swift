import API
import Model

extension APIRequest {
  /// The trace that the request is part of. Nil also where the header came twice or is none by the standard:
  /// the request is taken as one without it.
  var traceParent: TraceParent? {
    let values = headers.filter { $0.name == "traceparent" }
    guard values.count == 1, let value = values.first?.value else { return nil }
    return TraceParent(header: value)
  }
}
