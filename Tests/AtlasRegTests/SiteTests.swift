import Foundation
import Testing

@testable import Connectors

@Suite("The sample site", .timeLimit(.minutes(1)))
struct SiteTests {
  @Test("makes the same documents from the same seed and date, and others from others")
  func seeds() async throws {
    let first = try await PythonServer.site().truth()
    #expect(try await PythonServer.site().truth() == first)
    #expect(Set(first.map(\.path)).count == first.count)
    let (seeded, dated) = (try PythonServer.site(seed: "8"), try PythonServer.site(date: "2026-11-19"))
    for other in [try await seeded.truth(), try await dated.truth()] {
      #expect(Set(other.map(\.path)).isDisjoint(with: first.map(\.path)))
      #expect(Set(other.map(\.title)) != Set(first.map(\.title)))
    }
  }

  @Test("takes another page while it runs, and lists it")
  func added() async throws {
    let site = try PythonServer.site()
    let before = try await site.truth()
    let answer = try await site.post("/__add", Data(#"{"source": "cade", "type": "MULTA"}"#.utf8))
    #expect(answer.status == 201)
    let page = try JSONDecoder().decode(TrueDocument.self, from: answer.body)
    #expect(page.type == "MULTA")
    #expect(try await site.truth() == before + [page])
    #expect(String(decoding: try await site.get("/cade/noticias/"), as: UTF8.self).contains(page.path))
    let extra = try PythonServer.site(["--extra-page", "cade"])
    #expect(try await extra.truth().count == before.count + 1)
  }

  @Test("holds documents back until they are released, and counts what it served")
  func held() async throws {
    let site = try PythonServer.site(["--hold-after", "1"])
    let paths = try await site.truth().map(\.path)
    _ = try await site.get(paths[0])
    async let second = site.get(paths[1])
    _ = try await site.get(paths[0])
    #expect(try await served(site) == [paths[0]: 2])
    _ = try await site.post("/__release", Data())
    _ = try await second
    #expect(try await served(site) == [paths[0]: 2, paths[1]: 1])
  }

  @Test("has pages in which the rules find what is true, and nothing else", arguments: 1...12)
  func pagesAreRead(seed: Int) async throws {
    let site = try PythonServer.site(seed: "\(seed)")
    for document in try await site.truth() {
      let page = PageText(html: String(decoding: try await site.get(document.path), as: UTF8.self))
      #expect(page.title == document.title)
      let event = RegulatoryExtraction(text: page.text).event
      #expect(event.type.rawValue == document.type, "\(page.text)")
      #expect(event.company?.text == document.company, "\(page.text)")
      #expect(amount(of: event) == document.amount, "\(page.text)")
      #expect(cnpj(of: event) == document.cnpj, "\(page.text)")
    }
  }

  private func served(_ site: PythonServer) async throws -> [String: Int] {
    try JSONDecoder().decode([String: Int].self, from: try await site.get("/__served"))
  }

  private func amount(of event: RegulatoryEvent) -> Double? {
    guard case .money(let cents, _)? = event.amount?.value else { return nil }
    return Double(cents) / 100
  }

  private func cnpj(of event: RegulatoryEvent) -> String? {
    guard case .cnpj(let text)? = event.cnpj?.value else { return nil }
    return CNPJ(text.utf8)?.formatted
  }
}
