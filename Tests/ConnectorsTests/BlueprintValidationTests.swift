import Connectors
import Foundation
import Model
import Pipelines
import Testing

/// The golden pipelines of the design, with the connectors that this program really has.
private enum Golden {
  static func folder(_ name: String) -> URL? {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      for place in [name, "../\(name)"] {
        let candidate = folder.appending(path: place).standardizedFileURL
        if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      }
    }
    return nil
  }

  static let files: [URL] = {
    guard let folder = folder("shared/design/blueprints") else { return [] }
    let all =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return all.filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }()

  static func compile(_ file: URL, offline: Bool = true) throws -> Compilation {
    let zones = ZoneDatabase { name in
      FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
    }
    let compiler = PipelineCompiler(connectors: Catalog.descriptions, zones: zones, offline: offline)
    return compiler.compile(try String(contentsOf: file, encoding: .utf8))
  }

  /// The items of `blueprints/to-come.md`, and whether the page says that `apply` refuses them.
  static func toCome() throws -> [String: Bool] {
    let page = try #require(folder("blueprints/to-come.md"))
    var items: [String: Bool] = [:]
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
    where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(cells.count == 4, "\(line)")
      items[cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))] = cells[2] == "yes"
    }
    return items
  }
}

@Suite(
  "The golden pipelines, with the connectors of this program",
  .enabled(if: !Golden.files.isEmpty, "The design documents are not at hand."), .timeLimit(.minutes(1)))
struct BlueprintValidationTests {
  @Test("are valid offline, and all that is said of them is what is still to come", arguments: Golden.files)
  func valid(file: URL) throws {
    let compilation = try Golden.compile(file)
    let wrong = compilation.findings.filter { $0.severity == .error || $0.missing == nil }
    #expect(wrong.map { $0.rendered(file: file.lastPathComponent, language: .english) } == [])
    let items = try Golden.toCome()
    for finding in compilation.findings {
      let missing = try #require(finding.missing)
      #expect(items[missing.item] == (missing.consequence == .refused), "\(missing.item)")
      #expect(finding.message.english.hasPrefix(missing.item), "\(finding.message.english)")
      #expect(finding.message.portuguese.hasPrefix(missing.item))
    }
  }

  @Test("are together warned of everything that the page of what is to come lists, and of nothing else")
  func complete() throws {
    let warned = try Golden.files.flatMap { try Golden.compile($0).findings.compactMap { $0.missing?.item } }
    #expect(try Set(warned) == Set(Golden.toCome().keys))
  }

  /// All its parts are there, so it has a plan, which is refused for one value of `with` alone.
  private static let forAValue = "ezpocket-data-sync"
  private static let whole = ["mitrarr-purge-events", "mitrarr-nst-arrived", "atlasreg-reprocess"]

  @Test("are refused, for what this build lacks and for nothing else", arguments: Golden.files)
  func refused(file: URL) throws {
    let offline = try Golden.compile(file)
    if Self.whole.contains(file.deletingPathExtension().lastPathComponent) {
      // All of these is there, but for the pipelines that they call.
      #expect(offline.refusal == nil && offline.unavailable == [])
      #expect(try Golden.compile(file, offline: false).plan != nil)
      return
    }
    let problem = try #require(offline.refusal)
    #expect(problem.code == "not-available")
    for item in offline.unavailable { #expect(problem.message.english.contains(item)) }
    let online = try Golden.compile(file, offline: false)
    #expect((online.plan != nil) == (Self.forAValue == file.deletingPathExtension().lastPathComponent))
    #expect(online.hasErrors || online.refusal != nil)
  }

  @Test("have every edge explained, with its reason, and nothing else", arguments: Golden.files)
  func explained(file: URL) throws {
    let plan = try #require(Golden.compile(file).outline)
    for language in Language.allCases {
      var lines = plan.explanation(language).split(separator: "\n").map(String.init)
      for step in plan.steps {
        if step.needs.isEmpty {
          let own = try #require(lines.firstIndex { $0.hasPrefix("\(step.path) (") }, "\(step.path)")
          lines.remove(at: own)
        }
        for need in step.needs {
          let edge = "\(plan.steps[need.step.position].path) -> \(step.path) ("
          let place = try #require(lines.firstIndex { $0.hasPrefix(edge) }, "\(edge)")
          let reason = lines.remove(at: place).dropFirst(edge.count).dropLast()
          let read = need.reason.hasPrefix("steps.") ? String(need.reason.dropFirst(6)) : need.reason
          #expect(reason.contains(step.name), "\(edge)\(reason)")
          #expect(need.reason == "needs" || reason.hasSuffix(read), "\(edge)\(reason)")
        }
      }
      #expect(lines == [], "Lines that are no edge.")
    }
  }

  @Test("wait for what their source mentions, and for nothing else", arguments: Golden.files)
  func mentioned(file: URL) throws {
    let plan = try #require(Golden.compile(file).outline)
    let text = try String(contentsOf: file, encoding: .utf8)
    for step in plan.steps {
      for need in step.needs {
        let name = plan.steps[need.step.position].name
        #expect(text.contains(need.reason == "needs" ? name : need.reason), "\(step.path): \(need.reason)")
        #expect(plan.steps[need.step.position].scope == step.scope)
      }
    }
  }
}
