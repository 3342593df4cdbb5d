import Foundation
import Testing

@testable import Connectors

@Suite("text.extract on 40 labelled texts", .timeLimit(.minutes(1)))
struct LabelledTextTests {
  /// What was measured when the texts were written; the rules may only get better.
  static let floors: [String: (precision: Double, recall: Double)] = [
    "ORG": (1, 0.98), "MONEY": (1, 1), "CNPJ": (1, 1), "DATE": (1, 1), "MULTA": (1, 1), "DECISAO": (1, 1),
    "TRANSACAO": (1, 1), "INCIDENTE": (1, 1), "NOTICIA": (1, 1), "OUTRO": (1, 1),
  ]

  @Test("there are 40 texts, with every type of entity and of event")
  func corpus() throws {
    let texts = try LabelledText.all()
    #expect(texts.count == 40)
    #expect(Set(texts.map(\.event)) == Set(RegulatoryEvent.Kind.allCases.map(\.rawValue)))
    let types = Set(texts.flatMap(\.marks).map(\.type))
    #expect(types == Set(RegulatoryEntity.Kind.allCases.map(\.rawValue)))
  }

  @Test("precision and recall of each type stay at what was measured")
  func scores() throws {
    var scores: [String: Score] = [:]
    var report: [String] = []
    for text in try LabelledText.all() {
      let found = RegulatoryExtraction(text: text.text)
      let claimed = Set(found.entities.map { LabelledText.Mark(type: $0.type.rawValue, range: $0.range) })
      for mark in claimed.union(text.marks).sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
        switch (claimed.contains(mark), text.marks.contains(mark)) {
        case (true, true): scores[mark.type, default: Score()].right += 1
        case (true, false):
          scores[mark.type, default: Score()].wrong += 1
          report.append("\(text.id): claims \(mark.type) \(slice(text.text, mark.range))")
        case (false, _):
          scores[mark.type, default: Score()].missed += 1
          report.append("\(text.id): misses \(mark.type) \(slice(text.text, mark.range))")
        }
      }
      if found.event.type.rawValue == text.event {
        scores[text.event, default: Score()].right += 1
      } else {
        scores[found.event.type.rawValue, default: Score()].wrong += 1
        scores[text.event, default: Score()].missed += 1
        report.append("\(text.id): is \(text.event), claimed \(found.event.type.rawValue)")
      }
    }
    show(scores, report)
    for (type, floor) in Self.floors {
      let score = try #require(scores[type])
      #expect(score.precision >= floor.precision, "\(type): \(score.line)")
      #expect(score.recall >= floor.recall, "\(type): \(score.line)")
    }
  }

  private func slice(_ text: String, _ range: Range<Int>) -> String {
    "“\(string(Array(text.unicodeScalars)[range]))”"
  }

  private func show(_ scores: [String: Score], _ report: [String]) {
    let order = RegulatoryEntity.Kind.allCases.map(\.rawValue) + RegulatoryEvent.Kind.allCases.map(\.rawValue)
    let lines = order.map { type in
      let name = type.padding(toLength: 10, withPad: " ", startingAt: 0)
      return "text.extract \(name) \(scores[type, default: Score()].line)"
    }
    let text = (lines + report).joined(separator: "\n") + "\n"
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}
