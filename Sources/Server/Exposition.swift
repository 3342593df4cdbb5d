import Model

/// Text in which measuring systems read numbers: OpenMetrics 1.0, or the older form of Prometheus.
///
/// The same families in both: of a counter and an information the older form names the sample where
/// OpenMetrics names the family.
struct Exposition {
  enum Form: Sendable {
    case prometheus, openMetrics

    var mediaType: String {
      switch self {
      case .prometheus: "text/plain"
      case .openMetrics: "application/openmetrics-text"
      }
    }

    var contentType: String {
      switch self {
      case .prometheus: "\(mediaType); version=0.0.4; charset=utf-8"
      case .openMetrics: "\(mediaType); version=1.0.0; charset=utf-8"
      }
    }
  }

  enum Kind: String, Sendable { case counter, gauge, histogram, info }

  /// One value of a family with the labels that tell it from the others.
  struct Sample {
    var suffix = ""
    var labels: [(key: String, value: String)] = []
    var value: String
  }

  private let form: Form
  private var text = ""

  init(_ form: Form) { self.form = form }

  /// `name` is without what its kind puts behind it; one that ends in a unit says so.
  mutating func family(
    _ name: String, _ kind: Kind, unit: String? = nil, _ help: String, _ samples: [Sample]
  ) {
    let ending = Self.ending(of: kind)
    let (shown, word) =
      switch (form, kind) {
      case (.openMetrics, _), (_, .gauge), (_, .histogram): (name, kind.rawValue)
      case (.prometheus, .counter): (name + ending, "counter")
      case (.prometheus, .info): (name + ending, "gauge")
      }
    text += "# HELP \(shown) \(Self.escaped(help))\n# TYPE \(shown) \(word)\n"
    if let unit, form == .openMetrics { text += "# UNIT \(shown) \(unit)\n" }
    for sample in samples {
      let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }
      let set = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
      text += "\(name)\(sample.suffix.isEmpty ? ending : sample.suffix)\(set) \(sample.value)\n"
    }
  }

  /// All families stand in it.
  func closed() -> [UInt8] {
    Array((form == .openMetrics ? text + "# EOF\n" : text).utf8)
  }

  private static func ending(of kind: Kind) -> String {
    switch kind {
    case .counter: "_total"
    case .info: "_info"
    case .gauge, .histogram: ""
    }
  }

  /// Of a help text without quotes, of a label's value with them.
  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped.append(contentsOf: #"\\"#.unicodeScalars)
      case "\n": escaped.append(contentsOf: #"\n"#.unicodeScalars)
      case "\"" where quotes: escaped.append(contentsOf: #"\""#.unicodeScalars)
      case _: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}

extension Exposition.Sample {
  init(_ value: Int, _ labels: KeyValuePairs<String, String> = [:], suffix: String = "") {
    self.init(suffix: suffix, labels: labels.map { ($0.key, $0.value) }, value: "\(value)")
  }

  init(_ value: Double, labels: [(key: String, value: String)]) {
    // A whole number as one writes it.
    self.init(labels: labels, value: Int(exactly: value).map { "\($0)" } ?? "\(value)")
  }

  init(_ value: Double, _ labels: KeyValuePairs<String, String> = [:], suffix: String = "") {
    self.init(suffix: suffix, labels: labels.map { ($0.key, $0.value) }, value: "\(value)")
  }
}
