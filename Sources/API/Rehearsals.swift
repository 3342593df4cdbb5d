public import Model

/// `?dry_run=true`: a change of a definition is checked and shown, and nothing of it is stored.
public enum DryRun {
  /// Of the parameter in the query.
  public static let parameter = "dry_run"
}

extension Shape {
  /// Whether it is a member of the input; the parameter then says the same.
  var hasDryRunMember: Bool { input.members.contains { $0.name == DryRun.parameter } }

  /// Whether the parameter is taken.
  public var rehearses: Bool { takesDryRun || (method != .get && hasDryRunMember) }

  /// What the parameter says, and the query without it.
  public func rehearsal(
    in query: [(name: String, value: String)]
  ) throws(WireError) -> (isDryRun: Bool, rest: [(name: String, value: String)]) {
    // A member of a query is read as all others are.
    if !rehearses || (method.hasQuery && hasDryRunMember) { return (false, query) }
    let given = query.filter { $0.name == DryRun.parameter }
    guard given.count < 2 else {
      throw WireError(
        "/\(DryRun.parameter)",
        Bilingual("\"dry_run\" is given twice.", pt: "\"dry_run\" aparece duas vezes."))
    }
    guard let value = given.first?.value else { return (false, query) }
    guard value == "true" || value == "false" else {
      throw WireError(
        "/\(DryRun.parameter)",
        Bilingual("\"dry_run\" must be true or false.", pt: "\"dry_run\" deve ser true ou false."))
    }
    return (value == "true", query.filter { $0.name != DryRun.parameter })
  }

  /// With the member that the parameter stands for.
  public func rehearsed(_ input: JSON, _ isDryRun: Bool) -> JSON {
    guard isDryRun, hasDryRunMember, case .object(var object) = input else { return input }
    object[DryRun.parameter] = .bool(true)
    return .object(object)
  }
}
