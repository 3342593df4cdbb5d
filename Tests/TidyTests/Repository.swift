import Foundation
import Testing

/// The files of this repository, as a reviewer sees them.
enum Repository {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Folders that are made, not written.
  private static let made: Set<String> = [".build", ".git", ".swiftpm", "__pycache__", "node_modules"]

  /// Every file that people wrote, by its path below the root, sorted.
  static let paths: [String] = {
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
    var paths: [String] = []
    while let file = files?.nextObject() as? URL {
      if made.contains(file.lastPathComponent) {
        files?.skipDescendants()
      } else if (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true {
        paths.append(String(file.standardizedFileURL.path.dropFirst(root.standardizedFileURL.path.count + 1)))
      }
    }
    return paths.sorted()
  }()

  static let swift: [SourceFile] = paths.filter { $0.hasSuffix(".swift") }
    .map { SourceFile(path: $0, text: text($0)) }
  static let sources = swift.filter { $0.path.hasPrefix("Sources/") }
  static let pages = paths.filter { $0.hasSuffix(".md") }

  static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }
}

/// One issue for a whole list, so that a summary of one line names the first and says how many there are.
func expectNone(_ faults: [String], _ remedy: String, at place: SourceLocation = #_sourceLocation) {
  if faults.isEmpty { return }
  Issue.record(
    "\(faults[0]) (\(faults.count) in all). \(remedy)\n\(faults.joined(separator: "\n"))",
    sourceLocation: place)
}

/// One Swift file, and the same with comments and the insides of strings blanked.
struct SourceFile: CustomTestStringConvertible {
  let path: String
  let text: String
  let lines: [Substring]
  /// Line for line as long as `lines`; what is neither comment nor text.
  let code: [String]

  init(path: String, text: String) {
    (self.path, self.text) = (path, text)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var blanker = Blanker(text)
    code = blanker.run().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// `Model` of `Sources/Model/JSON.swift`.
  var module: String { String(path.split(separator: "/").dropFirst().first ?? "") }
  var name: String { String(path.split(separator: "/").last ?? "") }
  var testDescription: String { path }
}
