import Foundation

@testable import Connectors

/// One text of `labelled/*.json`, in which `{ORG:…}` marks what a reader finds.
struct LabelledText: Sendable {
  struct Mark: Hashable, Sendable {
    var type: String
    var range: Range<Int>
  }

  private struct Row: Decodable {
    var id: String
    var event: String
    var text: String
  }

  var id: String
  var event: String
  var text: String
  var marks: Set<Mark>

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "labelled")

  static func all() throws -> [LabelledText] {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.flatMap { file in
      try JSONDecoder().decode([Row].self, from: Data(contentsOf: file)).map(LabelledText.init)
    }
  }

  private init(_ row: Row) {
    (id, event, text, marks) = (row.id, row.event, "", [])
    var plain: [Unicode.Scalar] = []
    var rest = Array(row.text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      guard scalar == "{" else {
        plain.append(scalar)
        continue
      }
      let type = rest.prefix { $0 != ":" }
      let inside = rest.dropFirst(type.count + 1).prefix { $0 != "}" }
      rest = rest.dropFirst(type.count + inside.count + 2)
      marks.insert(Mark(type: string(type), range: plain.count..<plain.count + inside.count))
      plain += inside
    }
    text = string(plain)
  }
}

func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
  var view = String.UnicodeScalarView()
  view.append(contentsOf: scalars)
  return String(view)
}

/// How many were right, how many were claimed wrongly, how many were missed.
struct Score {
  var right = 0
  var wrong = 0
  var missed = 0
  var precision: Double { right + wrong == 0 ? 1 : Double(right) / Double(right + wrong) }
  var recall: Double { right + missed == 0 ? 1 : Double(right) / Double(right + missed) }

  var line: String {
    "precision \(percent(precision))  recall \(percent(recall))  "
      + "(\(right) right, \(wrong) wrong, \(missed) missed)"
  }

  private func percent(_ share: Double) -> String { String(format: "%5.1f %%", 100 * share) }
}
