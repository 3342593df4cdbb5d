import Model

/// One measured figure, or why there is none.
struct Figure: Sendable {
  enum Outcome: Sendable {
    case value(Double)
    case skipped(String)
  }

  var name: String
  /// What it is, for the table.
  var title: String
  var unit: String
  var outcome: Outcome
  /// The least and the most of the slices, where it is a median.
  var spread: ClosedRange<Double>?

  init(_ name: String, _ title: String, _ value: Double, _ unit: String) {
    (self.name, self.title, self.unit, outcome) = (name, title, unit, .value(value))
  }

  /// The median of the slices.
  init(_ name: String, _ title: String, _ values: [Double], _ unit: String) {
    self.init(name, title, median(values), unit)
    if let least = values.min(), let most = values.max() { spread = least...most }
  }

  init(_ name: String, _ title: String, skipped reason: String) {
    (self.name, self.title, unit, outcome) = (name, title, "", .skipped(reason))
  }

  var verdict: Verdict? {
    guard case .value(let value) = outcome else { return nil }
    return Target.of(name)?.verdict(on: value)
  }
}

/// How figures are shown.
struct Report {
  var figures: [Figure] = []

  /// Whether no figure lies beyond its gate. One that was skipped lies nowhere.
  var passes: Bool { !figures.contains { $0.verdict == .missed } }

  var lines: [String] { figures.map(\.json.text) }

  /// Those with a target first.
  var table: String {
    let (rated, others) = (figures.filter(\.hasTarget), figures.filter { !$0.hasTarget })
    var text = Self.columns(
      [["figure", "measured", "target", "verdict", "slices"]]
        + rated.map { [$0.title, $0.shown, $0.wanted, $0.judged, $0.shownSpread] })
    if !others.isEmpty {
      text +=
        "\n"
        + Self.columns(
          [["beside them", "measured", "slices"]] + others.map { [$0.title, $0.shown, $0.shownSpread] })
    }
    return text
  }

  private static func columns(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}

extension Figure {
  var hasTarget: Bool { Target.of(name) != nil }

  fileprivate var shown: String {
    switch outcome {
    case .value(let value): Self.text(value) + (unit.isEmpty ? "" : " " + unit)
    case .skipped: "–"
    }
  }

  fileprivate var wanted: String {
    Target.of(name).map { "\($0.side.rawValue) \(Self.text($0.value))" } ?? ""
  }

  fileprivate var judged: String {
    switch outcome {
    case .skipped(let reason): "skipped: \(reason)"
    case .value:
      switch verdict {
      case .met?: "met"
      case .close?: "within the headroom"
      case .missed?: "MISSED"
      case nil: ""
      }
    }
  }

  fileprivate var shownSpread: String {
    spread.map { "\(Self.text($0.lowerBound)) – \(Self.text($0.upperBound))" } ?? ""
  }

  fileprivate var json: JSON {
    let target = Target.of(name)
    var object: JSONObject = ["name": .string(name), "unit": .string(unit)]
    switch outcome {
    case .value(let value): object["value"] = .double(Self.rounded(value, 6))
    case .skipped(let reason): object["skipped"] = .string(reason)
    }
    if let spread {
      object["least"] = .double(Self.rounded(spread.lowerBound, 6))
      object["most"] = .double(Self.rounded(spread.upperBound, 6))
    }
    if let target {
      object["target"] = .string("\(target.side.rawValue) \(Self.text(target.value))")
      object["gate"] = .double(target.gate)
    }
    if let verdict { object["verdict"] = .string(verdict.rawValue) }
    return .object(object)
  }

  /// Three digits that count, as people read figures, and whole numbers above them.
  static func text(_ value: Double) -> String {
    let size = abs(value)
    if size >= 100 { return grouped(Int64(value.rounded())) }
    let digits = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
    let short = rounded(value, digits)
    return short == short.rounded() ? "\(Int64(short))" : "\(short)"
  }

  private static func rounded(_ value: Double, _ digits: Int) -> Double {
    var factor = 1.0
    for _ in 0..<digits { factor *= 10 }
    return (value * factor).rounded() / factor
  }

  private static func grouped(_ value: Int64) -> String {
    var (digits, text) = (Array(String(abs(value)).reversed()), "")
    while digits.count > 3 {
      text = "," + String(digits.prefix(3).reversed()) + text
      digits.removeFirst(3)
    }
    return (value < 0 ? "-" : "") + String(digits.reversed()) + text
  }
}

/// Of an even number the higher of the two in the middle; 0 of none.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

/// The least value that at least so many of a hundred do not exceed; 0 of none.
func percentile(_ percent: Double, of values: [Double]) -> Double {
  let sorted = values.sorted()
  if sorted.isEmpty { return 0 }
  let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
  return sorted[min(max(rank, 1), sorted.count) - 1]
}
