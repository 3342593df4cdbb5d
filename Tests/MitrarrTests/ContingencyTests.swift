import Foundation
import Model
import Testing

@Suite("When MITRARR's operators have to act", .serialized, .timeLimit(.minutes(5)))
struct ContingencyTests {
  private static let queued = 5

  @Test("a purge backs up what is queued, waits for another person over a kill, and takes away just that")
  func purge() async throws { try await onOwnThread { try purgeQueue() } }

  private func purgeQueue() throws {
    let station = try Station()
    let running = try fillQueue(station)
    let purge = try station.requestPurge()
    let ask = try asked(purge, station)
    try station.killServer()
    try station.findface("held")
    // Whoever is not in the group may not allow it.
    _ = try station.esteira(["ask", "answer", ask, "purge"], exits: [1, 2, 3, 4, 5, 6, 7])
    _ = try station.esteira("ask", "answer", ask, "purge", "--as", "ana")
    let outputs = try station.outputs(of: purge)
    #expect(outputs["choice"] == "purge")
    #expect(outputs["events"] == .int(Int64(Self.queued)))

    // The pipeline takes jobs again.
    let later = try station.start("distribute-findface")
    try station.findface("release")
    for job in [running, later] { _ = try station.outputs(of: job) }
    try station.finishJobs()
    let ended = try station.sql(
      """
      SELECT count(*) FROM job_executions
      WHERE pipeline = 'distribute-findface' AND status = \(JobStatus.success.rawValue)
      """, in: station.store)
    #expect(ended == ["2"])
    #expect(try station.sql("SELECT pipeline FROM pauses", in: station.store) == [])
  }

  @Test("a purge that is declined changes nothing and resumes the pipeline")
  func declined() async throws { try await onOwnThread { try declinePurge() } }

  private func declinePurge() throws {
    let station = try Station()
    _ = try fillQueue(station)
    let purge = try station.requestPurge()
    _ = try station.esteira("ask", "answer", try asked(purge, station), "keep", "--as", "ana")
    #expect(try station.outputs(of: purge)["choice"] == "keep")
    try station.findface("release")
    try station.finishJobs()
    let ended = try station.sql(
      "SELECT DISTINCT status FROM job_executions WHERE pipeline = 'distribute-findface'", in: station.store)
    #expect(ended == ["\(JobStatus.success.rawValue)"])
  }

  @Test("the canary takes the whole way, also over a kill, and leaves no card behind")
  func canary() async throws { try await onOwnThread { try sendCanary() } }

  private func sendCanary() throws {
    let station = try Station()
    try station.findface("hold")
    let canary = try station.start("canary")
    // Its card is on the way, or the question whether it came.
    try station.findface("held")
    try station.killServer()
    try station.findface("release")
    #expect(try station.outputs(of: canary)["removed"] == 1)
    try station.finishJobs()
    let rows = try station.sql("SELECT canary, deleted FROM cards", in: station.register)
    #expect(rows == ["\(canary)|1"])
    #expect(try station.done.files() == ["canary-\(canary).nst"])
  }

  /// One distribution that FindFace keeps waiting, with its card, and others behind it; gives the first.
  private func fillQueue(_ station: Station) throws -> String {
    try station.findface("hold")
    _ = try station.sql(
      """
      INSERT INTO nists (hash, name, size, source, transaction_type, agency, control, images, job)
        VALUES ('\(String(repeating: "a", count: 64))', 'a.nst', 1, 'arquivo', 'AMN', 'RR', 'n', 0, 'j');
      INSERT INTO cards (hash, card_name, image_uri) SELECT hash, name, 'nist:' || hash FROM nists;
      """, in: station.register)
    let running = try station.start("distribute-findface")
    try station.findface("held")
    for _ in 0..<Self.queued { _ = try station.start("distribute-findface") }
    return running
  }

  /// Waits until the job's question is stored, and gives its id.
  private func asked(_ job: String, _ station: Station) throws -> String {
    let query = """
      SELECT a.id FROM asks a JOIN job_executions e ON e.job = a.job WHERE e.id = '\(job)' AND a.state = 0
      """
    while true {
      if let ask = try station.sql(query, in: station.store).first { return ask }
      poll(nil, 0, 20)
    }
  }
}
