import Model

/// A list in every output format at once.
struct Listing: Sendable {
  var columns: [Bilingual]
  var rows: [Row] = []
  /// Said in place of an empty table.
  var empty: Bilingual

  struct Row: Sendable {
    var cells: [String]
    var json: JSON
    var id: String
    /// Lines of the table below the first one.
    var further: [[String]] = []
  }
}

extension Invocation {
  func show(_ listing: Listing) {
    switch format {
    case .table:
      if listing.rows.isEmpty {
        if !isQuiet { console.error(text(listing.empty)) }
        return
      }
      let header = listing.columns.map { text($0) }
      Table.lines([header] + listing.rows.flatMap { [$0.cells] + $0.further }).forEach(console.out)
    case .json: console.out(JSON.array(listing.rows.map(\.json)).prettyText)
    case .jsonl: for row in listing.rows { console.out(row.json.text) }
    case .id: for row in listing.rows { console.out(row.id) }
    }
  }

  /// Of a change after which nothing comes back: what is so now, for people alone.
  func confirm(_ sentence: Bilingual) {
    if format == .table, !isQuiet { console.out(text(sentence)) }
  }

  /// One thing: its text for people, or its JSON, or its id.
  func show(_ lines: [String], json: JSON, id: String) {
    switch format {
    case .table: lines.forEach(console.out)
    case .json: console.out(json.prettyText)
    case .jsonl: console.out(json.text)
    case .id: console.out(id)
    }
  }
}

enum Table {
  /// Columns as wide as their widest cell, two spaces apart.
  static func lines(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map {
        $0.offset == row.count - 1 ? $0.element : $0.element.padded(to: widths[$0.offset])
      }
      return cells.joined(separator: "  ").withoutTrailingSpaces
    }
  }
}
