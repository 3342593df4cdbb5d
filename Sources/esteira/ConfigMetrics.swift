import Engine
import Model
import Net
import Server

/// `server.metrics` of `esteira.yaml`.
///
///     metrics:
///       from: [127.0.0.1]
///       aliases: [etl, cursor]
///       counters:
///         - {name: reports_total, event: report.ready, labels: [kind], help: Reports that were made.}
///         - {name: rows_total, event: report.ready, add: rows}
struct MetricsReader {
  private let config: ConfigFile
  private static let keys = ["from", "aliases", "counters"]
  private static let counterKeys = ["name", "event", "labels", "add", "help"]
  private static let ending = "_total"
  private static let longestName = 100
  /// Names of this program and of other systems, whatever is switched on.
  private static let taken = ["esteira_", "etl_", "cursor_"]

  init(_ config: ConfigFile) { self.config = config }

  func setting(_ json: JSON) throws(Problem) -> ServerSetting.Metrics {
    let networks = (json["from"]?.array ?? []).compactMap { $0.string.flatMap { CIDR($0) } }
    let aliases = (json["aliases"]?.array ?? []).compactMap { $0.string.flatMap(MetricAlias.init) }
    guard let map = json.object, map.keys.allSatisfy(Self.keys.contains),
      map["from"] == nil || map["from"]?.array?.count == networks.count,
      map["aliases"] == nil || map["aliases"]?.array?.count == aliases.count,
      networks.count <= ServerSetting.Metrics.mostNetworks
    else {
      let known = MetricAlias.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong(
        "metrics has from, a list of addresses or networks, counters, and aliases, of: \(known)",
        "metrics tem from, uma lista de endereços ou redes, counters, e aliases, destes: \(known)",
        example: "server: {metrics: {from: [127.0.0.1], aliases: [etl]}}")
    }
    return ServerSetting.Metrics(
      from: networks, aliases: Set(aliases),
      counters: try map["counters"].map { (json) throws(Problem) in try counters(json) } ?? [])
  }

  private func counters(_ json: JSON) throws(Problem) -> [EventCounter] {
    guard let list = json.array, list.count <= EventCounter.most else { throw wrongCounter }
    var counters: [EventCounter] = []
    for element in list {
      let counter = try counter(element)
      guard !counters.contains(where: { $0.name == counter.name }) else { throw wrongCounter }
      counters.append(counter)
    }
    return counters
  }

  private func counter(_ json: JSON) throws(Problem) -> EventCounter {
    let labels = (json["labels"]?.array ?? []).compactMap(\.string)
    guard let map = json.object, map.keys.allSatisfy(Self.counterKeys.contains),
      let name = map["name"]?.string, name.hasSuffix(Self.ending), name.utf8.count <= Self.longestName,
      Self.isName(name), !Self.taken.contains(where: { name.hasPrefix($0) }),
      let event = map["event"]?.string, !event.isEmpty,
      map["labels"] == nil || map["labels"]?.array?.count == labels.count,
      labels.count <= EventCounter.mostLabels, Set(labels).count == labels.count,
      labels.allSatisfy({ Self.isName($0) && !$0.hasPrefix("__") }),
      map["add"] == nil || map["add"]?.string?.isEmpty == false,
      map["help"] == nil || map["help"]?.string != nil
    else { throw wrongCounter }
    return EventCounter(
      String(name.dropLast(Self.ending.count)), help: map["help"]?.string ?? "Events of type \(event).",
      event: event, labels: labels, add: map["add"]?.string)
  }

  private static func isName(_ text: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private var wrongCounter: Problem {
    let prefixes = Self.taken.joined(separator: ", ")
    return wrong(
      "a counter has a name of its own in small letters that ends in \(Self.ending) and begins with none of "
        + "\(prefixes), the event that it counts, and may have labels, add and help",
      "um contador tem um nome próprio em minúsculas que termina em \(Self.ending) e não começa com "
        + "\(prefixes), o event que ele conta, e pode ter labels, add e help",
      example: "counters: [{name: reports_total, event: report.ready, labels: [kind]}]")
  }

  private func wrong(_ english: String, _ portuguese: String, example: String) -> Problem {
    config.wrong(
      Bilingual(english, pt: portuguese),
      remedy: Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
  }
}
