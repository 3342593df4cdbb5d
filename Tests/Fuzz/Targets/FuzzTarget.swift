/// One parser under fuzzing: a body that must come back in time from any bytes, and keep its promise.
///
/// A new parser is a file beside this one, a line in `all`, and a first input in `fuzz/corpus/<name>`.
struct FuzzTarget: Sendable {
  /// Also of its folders below `fuzz/corpus` and `fuzz/found`.
  let name: String
  /// Throws where the parser breaks what it promises; what it refuses is no fault.
  let body: @Sendable ([UInt8]) throws(Broken) -> Void

  static let all: [FuzzTarget] = [
    FuzzTarget(name: "json", body: JSONBody.check),
    FuzzTarget(name: "pipeline", body: PipelineBody.check),
    FuzzTarget(name: "layout", body: LayoutBody.check),
    FuzzTarget(name: "expression", body: ExpressionBody.check),
    FuzzTarget(name: "csv", body: CSVBody.check),
    FuzzTarget(name: "archive", body: ArchiveBody.check),
    FuzzTarget(name: "nist", body: NistBody.check),
    FuzzTarget(name: "feed", body: FeedBody.check),
    FuzzTarget(name: "page", body: PageBody.check),
    FuzzTarget(name: "http-request", body: HTTPBody.checkRequest),
    FuzzTarget(name: "http-response", body: HTTPBody.checkResponse),
    FuzzTarget(name: "web-socket", body: WebSocketBody.check),
    FuzzTarget(name: "proxy-header", body: ProxyBody.check),
    FuzzTarget(name: "selection", body: SelectionBody.check),
    FuzzTarget(name: "event-stream", body: EventStreamBody.check),
    FuzzTarget(name: "url", body: URLBody.check),
    FuzzTarget(name: "address", body: AddressBody.check),
    FuzzTarget(name: "cron", body: CronBody.check),
    FuzzTarget(name: "calendar", body: CalendarBody.check),
    FuzzTarget(name: "duration", body: DurationBody.check),
    FuzzTarget(name: "rfc3339", body: MomentBody.check),
    FuzzTarget(name: "job-search", body: JobSearchBody.check),
  ]
}

/// What a parser promised and did not keep.
struct Broken: Error, Sendable {
  let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}

/// Throws the sentence where the promise does not hold.
func promise(_ holds: Bool, _ sentence: @autoclosure () -> String) throws(Broken) {
  if !holds { throw Broken(sentence()) }
}
