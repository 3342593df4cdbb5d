import Connectors
import Crypto
import Foundation
import Model
import Pipelines
import Testing

@Suite("The daily ingest", .serialized, .timeLimit(.minutes(1)))
struct IngestTests {
  @Test("publishes what its pages say, with its hash, and tells it once")
  func whole() async throws {
    let ingest = try Ingest(site: try .site())
    let id = try ingest.day()
    let job = try ingest.job(id)
    #expect(job["status"] == "partial")
    let bytes = Array(try ingest.gold(id))
    let hash = SHA256.hex(bytes)
    #expect(job["outputs"]?["sha256"]?.string == hash)
    let gold = try JSON(parsing: bytes)
    try await expectTruth(gold, ingest.site)
    #expect(gold["metadata"]?["run_id"] == job["outputs"]?["run_id"])
    let errors = try #require(gold["errors"]?.array)
    #expect(errors.map { $0["source_id"] } == ["susep_penalties"])
    #expect(errors[0]["error_message"]?.string?.contains("answered 404") == true)
    let received = try ingest.received()
    #expect(received.count == 1)
    #expect(received.first?["payload"]?["result"]?["sha256"]?.string == hash)
    #expect(received.first?["payload"]?["status"] == "partial")
    #expect(try ingest.day() == id)
    #expect(try ingest.received().count == 1)
  }

  @Test("agrees with the schema of the gold")
  func schema() throws {
    let file = PythonServer.blueprint.appending(path: "schemas/gold.schema.json")
    let schema = try JSONSchema(try JSON(parsing: Array(Data(contentsOf: file))))
    let ingest = try Ingest(site: try .site(seed: "11"))
    let gold = try JSON(parsing: Array(try ingest.gold(try ingest.day())))
    #expect(schema.violations(in: gold) == [])
    var broken = try #require(gold.object)
    broken["events"] = [["title": "x"]]
    #expect(schema.violations(in: .object(broken)) != [])
  }

  @Test("of another seed has other documents and another hash")
  func seeds() throws {
    let golds = try ["7", "8"].map { seed in
      let ingest = try Ingest(site: try .site(seed: seed))
      return Array(try ingest.gold(try ingest.day()))
    }
    #expect(SHA256.hex(golds[0]) != SHA256.hex(golds[1]))
    let titles = try golds.map { gold in
      Set((try JSON(parsing: gold)["events"]?.array ?? []).compactMap { $0["title"]?.string })
    }
    #expect(titles[0].isDisjoint(with: titles[1]))
  }

  @Test("finds a page that was added to the site")
  func added() async throws {
    let ingest = try Ingest(site: try .site())
    let answer = try await ingest.site.post("/__add", Data(#"{"source": "cade", "type": "INCIDENTE"}"#.utf8))
    let page = try JSON(parsing: Array(answer.body))
    let gold = try JSON(parsing: Array(try ingest.gold(try ingest.day())))
    let event = try #require(gold["events"]?.array?.first { $0["title"] == page["title"] })
    #expect(event["event_type"] == "INCIDENTE")
    #expect(event["company"]?["name"] == page["company"])
    #expect(event["source"] == "cade_news")
    #expect(event["is_critical"] == true)
    try await expectTruth(gold, ingest.site)
  }

  @Test("names the real error of each source whose site is down")
  func down() throws {
    let closed = try PythonServer.site().address
    let lost = ["anatel_newsroom", "anp_news", "cade_news", "cvm_processes"]
    let ingest = try Ingest(
      site: try .site(), elsewhere: Dictionary(uniqueKeysWithValues: lost.map { ($0, closed) }))
    let id = try ingest.day()
    let gold = try JSON(parsing: Array(try ingest.gold(id)))
    let errors = try #require(gold["errors"]?.array)
    #expect(Set(errors.compactMap { $0["source_id"]?.string }) == Set(lost + ["susep_penalties"]))
    for error in errors where error["source_id"] != "susep_penalties" {
      let text = try #require(error["error_message"]?.string)
      #expect(error["error_type"] == "transient")
      #expect(text.contains(closed), "\(text)")
      #expect(text.lowercased().contains("refused") || text.lowercased().contains("connect"), "\(text)")
    }
    let sources = Set((gold["events"]?.array ?? []).compactMap { $0["source"]?.string })
    #expect(sources == ["aneel_news"])
  }

  @Test("fails, and says so by webhook, when every source is down")
  func allDown() throws {
    let closed = try PythonServer.site().address
    let ids = [
      "aneel_news", "anatel_newsroom", "cvm_companies", "cvm_processes", "anp_news", "cade_news",
      "susep_penalties",
    ]
    let ingest = try Ingest(
      site: try .site(), elsewhere: Dictionary(uniqueKeysWithValues: ids.map { ($0, closed) }))
    #expect(try ingest.job(try ingest.day())["status"] == "failed")
    let notices = try ingest.received().compactMap { $0["payload"] }
    #expect(notices.map { $0["event_type"] } == ["processing_error"])
    #expect(notices.first?["status"] == "failed")
  }

  @Test(
    "reads the real register of CVM and matches its companies by CNPJ",
    .enabled(if: Register.path != nil, "shared/data/cvm/cad_cia_aberta.csv is not at hand."))
  func register() async throws {
    let register = try Register(try #require(Register.path))
    let ingest = try Ingest(site: try .site(["--register", register.path]))
    let id = try ingest.day()
    let source = try ingest.output(id, "collect[cvm_companies]")
    #expect(source["items_count"] == 2360)
    let gold = try JSON(parsing: Array(try ingest.gold(id)))
    try await expectTruth(gold, ingest.site)
    let companies = (gold["events"]?.array ?? []).compactMap { $0["company"] }
    #expect(companies.count >= 5)
    for company in companies {
      let cnpj = try #require(company["cnpj"]?.string)
      let row = try #require(register.companies[cnpj])
      #expect(company["player_id"]?.string == "cvm-\(row.code)")
      #expect(company["name"]?.string == row.name)
    }
  }

  /// Each document of the site is one event, and each event's company, amount and type stand in its page.
  private func expectTruth(_ gold: JSON, _ site: PythonServer) async throws {
    let events = try #require(gold["events"]?.array)
    let truth = try await site.truth()
    #expect(events.count == truth.count)
    for event in events {
      let url = try #require(event["source_url"]?.string)
      let page = try #require(truth.first { url.hasSuffix($0.path) })
      #expect(event["title"]?.string == page.title)
      #expect(event["event_type"]?.string == page.type)
      #expect(event["company"]?["name"]?.string == page.company)
      #expect(event["company"]?["cnpj"]?.string == page.cnpj)
      #expect(event["amount"]?.number == page.amount)
      let html = String(decoding: try await site.get(page.path), as: UTF8.self)
      if let company = page.company { #expect(html.contains(company)) }
    }
  }
}

/// CVM's register of companies, where the shared data is at hand.
private struct Register {
  let path: String
  /// By formatted CNPJ.
  let companies: [String: (name: String, code: String)]

  static let path: String? = {
    var folder = PythonServer.blueprint
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      for place in ["shared/data/cvm/cad_cia_aberta.csv", "../shared/data/cvm/cad_cia_aberta.csv"] {
        let file = folder.appending(path: place).standardizedFileURL.path
        if FileManager.default.fileExists(atPath: file) { return file }
      }
    }
    return nil
  }()

  init(_ path: String) throws {
    self.path = path
    let text = try String(contentsOfFile: path, encoding: .isoLatin1)
    var companies: [String: (name: String, code: String)] = [:]
    for line in text.components(separatedBy: "\r\n").dropFirst() {
      let fields = line.components(separatedBy: ";")
      if fields.count > 9 { companies[fields[0]] = (fields[1], fields[9]) }
    }
    self.companies = companies
  }
}
