import API
import Engine
import Model

/// Routes to what steps wrote.
struct LogRoutes: Sendable {
  var backend: Backend
  var finder: JobFinder
  /// How long a follower rests before it looks for more lines.
  var rest: @Sendable () async throws -> Void

  init(
    _ backend: Backend, rest: (@Sendable () async throws -> Void)? = nil
  ) {
    (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel))
    self.rest = rest ?? { await backend.pause(Self.pause) }
  }

  private static let pause = Duration.milliseconds(500)
  private static let text = "text/plain"
  private static let lines = "application/x-ndjson"
  private static let page = 200

  var routes: [Route] {
    [
      .answer(JobCalls.logs, in: finder.place { $0.id }, as: Self.form) { query, _ in try await logs(query) },
      .answer(JobCalls.stepLogs, in: finder.place { $0.id }, as: Self.form) { query, _ in
        try await logs(query)
      },
      .stream(
        JobCalls.followLogs, in: finder.place { $0.id }, id: { String($0.number) },
        with: { query, caller in try await follow(query, last: caller.request.lastEvent) }),
    ]
  }

  private func logs(_ query: LogsQuery) async throws(Problem) -> Page<LogLine> {
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let found = try await backend.logs.lines(try finder.job(query.id), query, bounds.from, bounds.limit)
    return Page(
      found.lines.filter { Self.matches($0, query) }, nextCursor: found.next.map(String.init))
  }

  private static func matches(_ line: LogLine, _ query: LogsQuery) -> Bool {
    if let since = query.since, line.at < since { return false }
    return query.text.map { TextPattern.contains($0, in: line.message) } ?? true
  }

  /// A page in the form that was asked for. Where it goes on stands in a header.
  private static func form(_ page: Page<LogLine>, _ request: APIRequest) -> APIResponse? {
    let form = Accepting.form(of: request.accept, among: ["application/json", text, lines])
    let body: String
    switch form {
    case text: body = page.items.map { "\(line($0))\n" }.joined()
    case lines: body = page.items.map { "\($0.json.text)\n" }.joined()
    case _: return nil
    }
    let type = form == text ? "text/plain; charset=utf-8" : form
    var response = APIResponse(contentType: type, body: .bytes(Array(body.utf8)))
    response.headers.append(("vary", "accept"))
    if let next = page.nextCursor { response.headers.append(("x-next-cursor", next)) }
    return response
  }

  /// One line of text, whatever the message holds.
  private static func line(_ line: LogLine) -> String {
    let message = String(
      String.UnicodeScalarView(line.message.unicodeScalars.map { $0.value < 0x20 && $0 != "\t" ? " " : $0 }))
    return "\(line.at.rfc3339)  \(line.level)  \(line.path)#\(line.attempt)  \(message)"
  }

  private func follow(_ query: LogsQuery, last: String?) async throws(Problem) -> AsyncStream<NumberedLine> {
    let job = try finder.job(query.id)
    let start = try PageBounds(cursor: last ?? query.cursor, limit: nil).from
    // Told here, where it can be: a step or a level that does not exist.
    _ = try await backend.logs.lines(job, query, start, 1)
    let tail = LogTail(backend: backend, job: job, query: query, position: start, rest: rest)
    return AsyncStream { await tail.next() }
  }

  /// Reads on as the reader takes lines, so that nothing is kept for one that is slow.
  private actor LogTail {
    private let backend: Backend
    private let job: JobSummary
    private let level: String?
    private var query: LogsQuery
    private var position: Int
    private var ready: [NumberedLine] = []
    private let rest: @Sendable () async throws -> Void

    init(
      backend: Backend, job: JobSummary, query: LogsQuery, position: Int,
      rest: @escaping @Sendable () async throws -> Void
    ) {
      (self.backend, self.job, self.query, self.position) = (backend, job, query, position)
      (level, self.rest) = (query.level?.lowercased(), rest)
      // The place of a line among all is its number, so what is left out is chosen here.
      self.query.level = nil
    }

    func next() async -> NumberedLine? {
      while ready.isEmpty {
        do {
          // Asked before the lines: what an ended job wrote is then all there.
          let hasEnded = try await backend.jobs.view(job.id, 0, 0).summary.status.hasEnded
          let found = try await backend.logs.lines(job, query, position, LogRoutes.page).lines
          for (offset, line) in found.enumerated() where isShown(line) {
            ready.append(NumberedLine(number: position + offset + 1, line: line))
          }
          position += found.count
          if found.isEmpty {
            if hasEnded { return nil }
            try await rest()
          }
        } catch {
          // The reader has gone, or the store does not answer: the stream ends, and whoever wants more asks
          // again.
          return nil
        }
      }
      return ready.removeFirst()
    }

    private func isShown(_ line: LogLine) -> Bool {
      let levels = ["debug", "info", "warn", "error"]
      let least = level.flatMap { levels.firstIndex(of: $0) } ?? 0
      let own = levels.firstIndex(of: line.level.lowercased()) ?? levels.count
      return own >= least && LogRoutes.matches(line, query)
    }
  }
}
