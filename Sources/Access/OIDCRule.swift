internal import Model

/// What somebody gets here for what the other system says of them.
public struct OIDCRule: Sendable, Hashable {
  public enum Gift: Sendable, Hashable {
    /// To be a member of the group of this name.
    case group(String)
    /// A name, or `*` for all namespaces.
    case role(String, namespace: String)
  }

  public static let most = 200
  /// Values of one claim that are looked at.
  static let mostValues = 2_000

  /// Of the ID token; a dot leads into an object, unless the claim's own name has it.
  public var claim: String
  /// The claim's text, or one of its list, to the letter.
  public var value: String
  public var gift: Gift

  public init(claim: String, value: String, gift: Gift) {
    (self.claim, self.value, self.gift) = (claim, value, gift)
  }

  func holds(for token: JSON) -> Bool {
    guard let found = token[claim] ?? Self.below(token, claim) else { return false }
    let values = found.array ?? [found]
    return values.prefix(Self.mostValues).contains { $0.string.map(isValue) ?? false }
  }

  private func isValue(_ text: String) -> Bool { text.utf8.elementsEqual(value.utf8) }

  private static func below(_ token: JSON, _ path: String) -> JSON? {
    var place: JSON? = token
    for name in path.split(separator: ".") { place = place?[String(name)] }
    return place
  }
}
