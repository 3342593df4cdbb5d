import Crypto
import Engine
import Model
import Net

/// One query in Athena that an attempt begins or finds, and waits for.
///
/// https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
struct AthenaWork: Sendable {
  private let attempt: Attempt
  private let service: AWSService
  private let run: OutsideRun
  private let address: JSON

  static let kind = "athena"
  private static let stopTimeout = Duration.seconds(15)

  init(_ attempt: Attempt, _ client: CurlClient) async throws(Failure) {
    self.attempt = attempt
    service = try Self.service(attempt, client)
    address = attempt.connection?.address ?? [:]
    run = try await OutsideRun(attempt)
  }

  static func service(_ attempt: Attempt, _ client: CurlClient) throws(Failure) -> AWSService {
    let place = try ServicePlace(
      attempt.connection, kind: kind,
      members: ["region", "endpoint", "database", "catalog", "workgroup", "output_location"],
      example: "{region: sa-east-1, database: sales, output_location: \"s3://bucket/results/\"}")
    for name in ["database", "catalog", "workgroup", "output_location"] { _ = try place.text(name) }
    let endpoint = try place.text("endpoint")
    let key = try AWSService.key(attempt.credential, of: place.connection)
    let region = try place.text("region") ?? attempt.credential?["region"]?.reveal()
    guard let region else { throw place.invalid("no `region`") }
    let egress = try Egress(of: place.connection)
    do throws(NetError) {
      var aws = try AWSPlace(
        "athena", target: "AmazonAthena", endpoint: endpoint, region: region, keyID: key.id,
        secret: key.secret, token: key.token)
      aws.egress = egress
      return AWSService("Athena", aws, client, now: attempt.services.now)
    } catch {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(place.connection.name)` cannot be used: \(error)")
    }
  }

  /// What an earlier attempt began; nil where none is known.
  var known: String? { run.reference }

  /// Starts it. The token is made of the step's key, so that the same query is not started twice.
  func begin() async throws(Failure) -> String {
    if let known { return known }
    var body = JSONObject([
      ("QueryString", attempt.with["query"] ?? ""),
      ("ClientRequestToken", .string(SHA256.hex(Array(run.name.utf8)))),
    ])
    var context = JSONObject()
    context["Database"] = attempt.with["database"] ?? address["database"]
    context["Catalog"] = address["catalog"]
    if !context.isEmpty { body["QueryExecutionContext"] = .object(context) }
    body["WorkGroup"] = address["workgroup"]
    if let place = address["output_location"] { body["ResultConfiguration"] = ["OutputLocation": place] }
    if let values = attempt.with["parameters"]?.array, !values.isEmpty {
      body["ExecutionParameters"] = .array(values.map { .string(ScriptInput.plain($0)) })
    }
    let answer = try await service.ask("StartQueryExecution", .object(body))
    guard let id = answer["QueryExecutionId"]?.string else { throw Self.strange }
    await run.begun(id)
    return id
  }

  /// Waits for its end; what Athena says of it then.
  func finish(_ id: String) async throws(Failure) -> JSON {
    var polling = try Polling(attempt)
    while true {
      if Task.isCancelled { throw await stop(id) }
      do throws(Failure) {
        let answer = try await service.ask("GetQueryExecution", ["QueryExecutionId": .string(id)])
        guard let found = answer["QueryExecution"], let status = found["Status"] else { throw Self.strange }
        polling.heard()
        switch status["State"]?.string {
        case "SUCCEEDED": return found
        case "FAILED", "CANCELLED":
          await run.ended()
          throw Self.failure(status, id)
        case _: break
        }
      } catch {
        if error.errorClass == .cancelled { throw await stop(id) }
        // A query that failed for a moment's reason is not asked for again: it has ended.
        guard error.code != "athena-failed" else { throw error }
        try polling.passOver(error)
      }
      await polling.wait()
    }
  }

  private static func failure(_ status: JSON, _ id: String) -> Failure {
    let reason = status["StateChangeReason"]?.string ?? status["AthenaError"]?["ErrorMessage"]?.string ?? ""
    let word = status["State"]?.string == "CANCELLED" ? "was cancelled" : "failed"
    // Category 1 is Athena's own fault, 2 the user's.
    let isPassing =
      status["AthenaError"]?["Retryable"] == true || status["AthenaError"]?["ErrorCategory"] == 1
    return Failure(
      isPassing ? .transient : .data, code: "athena-failed",
      "The query \(id) \(word) in Athena: \(reason.prefix(500))")
  }

  static let strange = Failure(
    .data, code: "athena-answer", "Athena answered something else than its documentation says.")

  private func stop(_ id: String) async -> Failure {
    if attempt.services.endsWithNode() {
      return Failure(.cancelled, code: "requested", "The query \(id) goes on in Athena.")
    }
    let service = service
    // In a task of its own: this one is cancelled.
    let isStopped = await Task {
      let answer = try? await service.ask(
        "StopQueryExecution", ["QueryExecutionId": .string(id)], timeout: Self.stopTimeout)
      return answer != nil
    }.value
    await run.ended()
    return isStopped
      ? Failure(.cancelled, code: "confirmed", "The query \(id) was stopped in Athena.")
      : Failure(
        .cancelled, code: "requested", "Athena was told to stop the query \(id), and did not say that it did."
      )
  }

  /// One page of the result, and what leads to the next.
  func page(_ id: String, _ token: String?) async throws(Failure) -> (rows: [JSON], meta: JSON, next: String?)
  {
    var body = JSONObject([("QueryExecutionId", .string(id)), ("MaxResults", 1_000)])
    if let token { body["NextToken"] = .string(token) }
    let answer = try await service.ask("GetQueryResults", .object(body))
    guard let set = answer["ResultSet"], let rows = set["Rows"]?.array else { throw Self.strange }
    return (rows, set["ResultSetMetadata"]?["ColumnInfo"] ?? [], answer["NextToken"]?.string)
  }
}
