import Engine
import Foundation
import Glibc
import Model
import Net
import Testing

@testable import Connectors

/// What runs the spiders of the tests.
enum ScrapyBench {
  static let python = Service.python("scrapy", with: "scrapy==2.13.4")
}

/// With the real Scrapy of PyPI, against a site on loopback.
@Suite(
  "A spider of Scrapy",
  .enabled(if: ScrapyBench.python != nil, "Scrapy cannot be had: PyPI does not answer."), .serialized,
  .timeLimit(.minutes(5)))
struct ScrapyTests {
  private static let spider = """
    import scrapy

    class News(scrapy.Spider):
        name = "news"
        custom_settings = {"DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}

        def __init__(self, start="", run_id="", **kwargs):
            super().__init__(**kwargs)
            self.start_urls, self.run_id = [start], run_id

        def parse(self, response):
            if response.url.endswith("/raise"):
                raise ValueError("no such page")
            for link in response.css("li a"):
                yield {"id": link.attrib["href"], "title": link.css("::text").get(), "run": self.run_id,
                       "agent": response.request.headers["User-Agent"].decode()}
            for link in response.css("a.next"):
                yield response.follow(link)
    """

  private static func page(_ request: HTTPRequest) -> HTTPResponse {
    let text =
      switch request.path {
      case "/robots.txt": "User-agent: *\nDisallow: /closed\n"
      case "/news":
        "<ul><li><a href=/1>Multa</a><li><a href=/2>Decisão</a></ul><a class=next href=/more>x</a>"
      case "/more", "/closed": "<ul><li><a href=/3>Notícia</a></ul>"
      case "/raise": "x"
      default: ""
      }
    return HTTPResponse(
      status: text.isEmpty ? 404 : 200,
      type: request.path == "/robots.txt" ? "text/plain" : "text/html; charset=utf-8",
      Array(text.utf8))
  }

  private let bench: Bench
  private let site: Site
  private let python: String
  private let connector = ScrapyCrawl(children: BuiltProgram.children)

  init() throws {
    bench = try Bench()
    site = try Site { Self.page($0) }
    python = try #require(ScrapyBench.python)
  }

  private func connection(_ project: String? = nil) -> Connection {
    var address = JSONObject([("python", .string(python))])
    address["project"] = project.map { .string($0) }
    return Connection(namespace: "demo", name: "scrapers", kind: "scrapy", address: .object(address))
  }

  /// `path`: where the spider begins.
  private func attempt(_ path: String, _ more: JSONObject = [:], project: String? = nil) throws -> Attempt {
    var with: JSONObject = [
      "spider": "news", "arguments": ["start": .string(site.url + path), "run_id": 7],
      "settings": ["RETRY_ENABLED": false],
    ]
    if project == nil { with["file"] = "spiders/news.py" }
    for member in more { with[member.key] = member.value }
    return bench.attempt(
      .object(with), effect: .keyed, connection: connection(project),
      files: try bench.files(["spiders/news.py": Self.spider]))
  }

  private func run(_ attempt: Attempt) async throws -> Result<JSON, Failure> {
    let services = try ServiceBench()
    return await services.run(connector, attempt)
  }

  @Test("beside the pipeline brings its items, its feed and its statistics, page by page")
  func crawls() async throws {
    let value = try await run(try attempt("/news", ["user_agent": "Esteira test"])).value
    #expect(value?["items_count"] == 3 && value?["finish_reason"] == "finished" && value?["spider"] == "news")
    let first = value?["documents"]?.array?.first { $0["id"] == "/1" }
    #expect(first == ["id": "/1", "title": "Multa", "run": "7", "agent": "Esteira test"])
    #expect(value?["stats"]?["item_scraped_count"] == 3 && value?["stats"]?["downloader/response_count"] == 3)
    let handle = try #require(value?["file"].flatMap(ArtifactHandle.init))
    let feed = String(decoding: try #require(bench.bytes(of: handle)), as: UTF8.self)
    #expect(feed.split(separator: "\n").count == 3 && feed.contains("Decisão"))
    #expect(bench.log.contains { $0.contains("Spider closed (finished)") }, "Its log is the step's.")
    let alone = try await run(try attempt("/news", ["result": "artifact"])).value
    #expect(alone?["documents"] == [] && alone?["items_count"] == 3)
    await site.stop()
  }

  @Test("obeys robots.txt unless the step says otherwise")
  func robots() async throws {
    let closed = try await run(try attempt("/closed")).value
    #expect(closed?["items_count"] == 0 && closed?["stats"]?["robotstxt/forbidden"] == 1)
    #expect(!site.asked.contains { $0.path == "/closed" })
    #expect(try await run(try attempt("/closed", ["robots": false])).value?["items_count"] == 1)
    await site.stop()
  }

  @Test("of a project runs with the project's settings, its own feeds beside the step's")
  func project() async throws {
    let folder = bench.root + "/scrapers"
    try FileManager.default.createDirectory(
      atPath: folder + "/atlas/spiders", withIntermediateDirectories: true)
    let own = bench.root + "/own.json"
    for (name, text) in [
      ("scrapy.cfg", "[settings]\ndefault = atlas.settings\n"), ("atlas/__init__.py", ""),
      ("atlas/spiders/__init__.py", ""), ("atlas/spiders/news.py", Self.spider),
      (
        "atlas/settings.py",
        "SPIDER_MODULES = ['atlas.spiders']\nUSER_AGENT = 'of the project'\n"
          + "FEEDS = {'\(own)': {'format': 'json'}}\n"
      ),
    ] { try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
    let value = try await run(try attempt("/news", ["delay": "1ms"], project: folder)).value
    #expect(value?["items_count"] == 3 && value?["documents"]?[0]?["agent"] == "of the project")
    #expect(FileManager.default.contents(atPath: own)?.isEmpty == false)
    let other = try await run(try attempt("/news", ["spider": "other"], project: folder)).failure
    #expect(
      other?.errorClass == .configuration && other?.message.contains("news") == true,
      "\(other?.message ?? "")")
    await site.stop()
  }

  @Test("that raises and brings nothing fails, and one that nobody answers may be tried again")
  func fails() async throws {
    let raised = try await run(try attempt("/raise")).failure
    #expect(
      raised?.errorClass == .exit && raised?.message.contains("ValueError") == true,
      "\(raised?.message ?? "")")
    let silent = try await run(
      try attempt("/news", ["arguments": ["start": "http://127.0.0.1:1/"], "robots": false])
    ).failure
    #expect(silent?.errorClass == .transient, "\(silent?.message ?? "")")
    let none = try await run(try attempt("/news", ["spider": "other"])).failure
    #expect(none?.errorClass == .configuration && none?.message.contains("news") == true)
    let limit = try await run(try attempt("/news", ["settings": ["CLOSESPIDER_PAGECOUNT": 1]])).value
    #expect(limit?["finish_reason"] == "closespider_pagecount", "A limit of one's own is no failure.")
    await site.stop()
  }

  @Test("ends when its step is cancelled, with all that it started")
  func cancelled() async throws {
    var slow = try attempt("/news", ["robots": false])
    let text = Self.spider.replacing("\"DOWNLOAD_DELAY\": 0", with: "\"DOWNLOAD_DELAY\": 300")
    // The second page is not asked for before five minutes are over.
    slow.files = try bench.files(["spiders/news.py": text])
    slow.cancelGrace = .seconds(2)
    let running = Task { [slow] in try await run(slow) }
    await OwnThread.run { while !site.asked.contains(where: { $0.path == "/news" }) { poll(nil, 0, 5) } }
    running.cancel()
    let found = try await running.value.failure
    #expect(found?.errorClass == .cancelled && found?.code == "confirmed", "\(found?.message ?? "")")
    await site.stop()
  }

  @Test("whose end was written down before its server died is not run again")
  func lost() async throws {
    let attempt = try attempt("/news")
    #expect(try await connector.outcome(ofLost: attempt) == nil)
    let done = try await connector.execute(attempt)
    let asked = site.asked.count
    let found = try await connector.outcome(ofLost: attempt)
    #expect(found?.value == done.value && site.asked.count == asked)
    await site.stop()
  }
}
