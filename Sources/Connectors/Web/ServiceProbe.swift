import Engine
import Model
import Net

/// The small question that shows whether a service takes a credential.
enum ServiceProbe {
  /// What was asked, and the status of the answer; nil where the connection is of no such kind.
  static func ask(
    _ attempt: Attempt, _ client: CurlClient
  ) async throws(Failure) -> (shown: String, status: Int)? {
    switch attempt.connection?.kind {
    case AirflowAPI.kind:
      var api = try AirflowAPI(attempt, client)
      let answer = try await api.ask("GET", "/dags", query: [("limit", "1")])
      return ("GET /dags of Airflow", answer.status)
    case LLMPlace.kind:
      return try await get(
        "/models", ServiceCall("the model", attempt, client, base: try LLMPlace(attempt).url))
    case SearchIndex.kind:
      return try await get("/", try SearchIndex.service(attempt, client))
    case CloudflareAPI.kind:
      return try await get("/user/tokens/verify", try CloudflareAPI.place(attempt, client).service)
    case AthenaWork.kind:
      let group = attempt.connection?.address["workgroup"] ?? "primary"
      _ = try await AthenaWork.service(attempt, client).ask("GetWorkGroup", ["WorkGroup": group])
      return ("GetWorkGroup of Athena", 200)
    case _: return nil
    }
  }

  private static func get(
    _ path: String, _ service: ServiceCall
  ) async throws(Failure) -> (shown: String, status: Int) {
    var service = service
    service.headers = try WebCall.proof(of: service.attempt.credential).map { [$0] } ?? []
    service.timeout = CredentialProbe.timeout
    return ("GET \(path) of \(service.name)", try await service.ask("GET", path).status)
  }
}
