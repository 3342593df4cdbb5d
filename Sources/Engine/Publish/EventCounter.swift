internal import Model

/// A counter for measuring systems that grows with events that pipelines emit.
public struct EventCounter: Sendable, Hashable {
  /// Without `_total`.
  public var name: String
  public var help: String
  /// The type of the events.
  public var event: String
  /// Members of the data whose texts tell apart what is counted.
  public var labels: [String]
  /// The member of the data whose number is added; nil: one for each event.
  public var add: String?

  public init(_ name: String, help: String, event: String, labels: [String] = [], add: String? = nil) {
    (self.name, self.help, self.event, self.labels, self.add) = (name, help, event, labels, add)
  }

  /// Of one node.
  public static let most = 50
  public static let mostLabels = 5
  /// Sets of labels that are counted apart; what comes beyond has empty ones.
  public static let mostSets = 200
  static let longestLabel = 100

  /// Nil where the event adds nothing: it has no such number, or one below nothing.
  func amount(of data: JSON) -> Double? {
    guard let add else { return 1 }
    var amount: Double?
    if case .double(let number)? = data[add] { amount = number }
    if let whole = data[add]?.int { amount = Double(whole) }
    guard let amount, amount >= 0, amount.isFinite else { return nil }
    return amount
  }

  func values(of data: JSON) -> [String] {
    labels.map { label in
      let text = data[label].map { $0.string ?? $0.text } ?? ""
      return String(text.prefix(Self.longestLabel))
    }
  }
}
