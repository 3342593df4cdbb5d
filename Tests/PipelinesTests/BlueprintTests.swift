import Foundation
import Model
import Pipelines
import Testing

/// The golden pipelines of the format, where they are at hand.
enum Blueprints {
  static let folder: URL? = {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      for place in ["shared/design/blueprints", "../shared/design/blueprints"] {
        let candidate = folder.appending(path: place).standardizedFileURL
        if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      }
    }
    return nil
  }()

  static let files: [URL] = {
    guard let folder else { return [] }
    let all =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return all.filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }()
}

@Suite(
  "The golden pipelines", .enabled(if: !Blueprints.files.isEmpty, "The design documents are not at hand."),
  .timeLimit(.minutes(1)))
struct BlueprintTests {
  @Test("are all there")
  func count() {
    #expect(Blueprints.files.count == 15)
  }

  @Test("lack nothing but connectors of later versions", arguments: Blueprints.files)
  func onlyLater(file: URL) throws {
    let compilation = Fixture.compile(try String(contentsOf: file, encoding: .utf8))
    let wrong = compilation.findings.filter {
      $0.code != "unknown-connector" && $0.missing == nil
    }
    let texts = wrong.map { $0.rendered(file: file.lastPathComponent, language: .english) }
    #expect(texts == [])
  }

  @Test("offline take foreign connectors as given, with a warning each", arguments: Blueprints.files)
  func offline(file: URL) throws {
    let compilation = Fixture.compile(try String(contentsOf: file, encoding: .utf8), offline: true)
    let wrong = compilation.findings.filter { $0.code != "unknown-connector" && $0.missing == nil }
    #expect(wrong.map { $0.rendered(file: file.lastPathComponent, language: .english) } == [])
    for finding in compilation.findings where finding.code == "unchecked-connector" {
      #expect(finding.severity == .warning)
    }
  }
}
