import Engine
import Model
import Stores
import Testing

@Suite("What every store finds when jobs are searched for", .timeLimit(.minutes(1)))
struct JobSearchRowTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Of the jobs 1 to 12: their pipelines, keys, owners, labels and ends differ.
  private func filled(_ backend: Backend) throws -> any Store & ReadModel {
    let store = try backend.open(folder)
    let names = ["vendas_sul", "vendas_norte", "estoque", "a?b"]
    let ends: [JobStatus] = [.success, .failed, .running, .timeout, .cancelled, .waiting]
    _ = try store.commit(
      Batch {
        for number in 1...12 as ClosedRange<Int64> {
          let name = PipelineName(
            namespace: number > 8 ? "loja" : "matriz", name: names[Int(number) % names.count])
          var job = NewJob.fixture(number, pipeline: name, key: number == 5 ? "Pedido 5" : nil)
          job.actor = number.isMultiple(of: 3) ? "bia" : "ana"
          job.triggerType = number.isMultiple(of: 2) ? "schedule" : "manual"
          if number < 7 { job.identity = .labels([("cliente", number < 3 ? "acme" : "zeta é")]) }
          if number > 10 { job.identity.owner = "ana" }
          if number == 4 { job.identity.correlation = "c-4" }
          $0.admit(job)
          let end = ends[Int(number) % ends.count]
          var row = JobRow.fixture(number, end)
          if end == .failed || end == .timeout {
            row = .fixture(
              number, end,
              failure: Failure(.timeout, code: "late", "Read TIMEOUT of host \(number)", step: "load"))
          }
          if end.hasEnded { row.completedAt = moment(number + number * 1_000_000) }
          $0.jobs.append(row)
        }
        $0.steps = [.fixture(8, node: 1, .retrying), .fixture(7, node: 1, .retrying)]
      })
    return store
  }

  private static let now = moment(3_600_000_000)

  private func numbers(
    _ store: any ReadModel, _ text: String, before: Int64? = nil, limit: Int = 100, oldest: Bool = false
  ) throws -> [Int64] {
    var filter = JobFilter(terms: try JobSearch.terms(text, now: Self.now, me: ["ana", "local:ana"]))
    filter.isOldestFirst = oldest
    return try store.jobs(filter, before: before.map { jobID($0) }, limit: limit).map(\.number.value)
  }

  static let searches: [(text: String, found: [Int64])] = [
    ("", [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ("status:failed", [7, 1]),
    ("status:failed,timeout", [9, 7, 3, 1]),
    ("-status:failed,timeout,success", [11, 10, 8, 5, 4, 2]),
    ("status:running", [8, 2]),
    ("status:retrying", [8]),
    ("status:failed,retrying", [8, 7, 1]),
    ("status:failed,running", [8, 7, 2, 1]),
    ("status:success status:failed", []),
    ("pipeline:vendas*", [12, 9, 8, 5, 4, 1]),
    ("pipeline:*norte", [9, 5, 1]),
    ("pipeline:v*s*e", [9, 5, 1]),
    ("pipeline:estoque,a?b", [11, 10, 7, 6, 3, 2]),
    ("pipeline:a?*", [11, 7, 3]),
    ("pipeline:\"vendas*\"", []),
    ("pipeline:loja/vendas*", [12, 9]),
    ("pipeline:loja/vendas_sul", [12]),
    ("namespace:loja", [12, 11, 10, 9]),
    ("-namespace:lo*", [8, 7, 6, 5, 4, 3, 2, 1]),
    ("trigger:schedule namespace:loja", [12, 10]),
    ("by:bia", [12, 9, 6, 3]),
    ("by:me -owner:me", [10, 8, 7, 5, 4, 2, 1]),
    ("owner:me", [12, 11]),
    ("-owner:*", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ("tag:cliente=acme", [2, 1]),
    ("tag:cliente", [6, 5, 4, 3, 2, 1]),
    ("label:cliente=acme,z*", [6, 5, 4, 3, 2, 1]),
    ("-tag:cliente=zeta*", [12, 11, 10, 9, 8, 7, 2, 1]),
    ("tag:\"cliente=zeta é\"", [6, 5, 4, 3]),
    ("correlation:c-*", [4]),
    ("key:\"Pedido 5\"", [5]),
    ("error:timeout", [9, 7, 3, 1]),
    ("error:\"host 1\",\"host 3\"", [3, 1]),
    ("-error:timeout status:failed", []),
    ("pedido", [5]),
    ("-NORTE host", [7, 3]),
    ("duration:>8s status:success,failed,timeout,cancelled", [12, 10, 9]),
    ("duration:>=1s duration:<=3s", [3, 1]),
    ("duration:>59m", [11, 8, 5, 2]),
    ("since:1h", [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ("x' OR 1=1 --", []),
    ("tag:x'=1 pipeline:%,_*", []),
  ]

  @Test("each search finds the same, over all jobs", arguments: Backend.all)
  func found(_ backend: Backend) throws {
    let store = try filled(backend)
    for (text, found) in Self.searches {
      #expect(try numbers(store, text) == found, "\(text)")
      #expect(try numbers(store, text, oldest: true) == found.reversed(), "\(text)")
    }
  }

  @Test("a moment bounds on the side that it says", arguments: Backend.all)
  func moments(_ backend: Backend) throws {
    let store = try filled(backend)
    func numbers(_ terms: JobTerm...) throws -> [Int64] {
      try store.jobs(JobFilter(terms: terms), before: nil, limit: 100).map(\.number.value)
    }
    #expect(try numbers(JobTerm(.since(moment(10)))) == [12, 11, 10])
    #expect(try numbers(JobTerm(.until(moment(3)))) == [2, 1])
    #expect(try numbers(JobTerm(.since(moment(4))), JobTerm(.until(moment(6)))) == [5, 4])
    #expect(try numbers(JobTerm(.since(moment(4)), isNegated: true)) == [3, 2, 1])
    #expect(try numbers(JobTerm(.since(moment(40)))) == [])
    #expect(try numbers(JobTerm(.until(moment(0)))) == [])
  }

  @Test("pages follow each other in both directions, whatever comes in between", arguments: Backend.all)
  func pages(_ backend: Backend) throws {
    let store = try filled(backend)
    #expect(try numbers(store, "status:failed,running", limit: 2) == [8, 7])
    _ = try store.commit(Batch { $0.admit(.fixture(13)) })
    #expect(try numbers(store, "status:failed,running", before: 7, limit: 2) == [2, 1])
    #expect(try numbers(store, "pipeline:vendas*", limit: 2, oldest: true) == [1, 4])
    #expect(try numbers(store, "pipeline:vendas*", before: 4, limit: 2, oldest: true) == [5, 8])
    // Those behind a job that is gone.
    #expect(try numbers(store, "", before: 20, limit: 2) == [13, 12])
    #expect(try numbers(store, "", before: 20, oldest: true) == [])
    #expect(try numbers(store, "", before: 0, limit: 2, oldest: true) == [1, 2])
    #expect(try numbers(store, "", before: 0) == [])
  }
}
