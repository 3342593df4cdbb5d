public import Engine
public import Model

/// How questions are read, and which groups a person is in.
public struct AskReading: Sendable {
  public var ask: @Sendable (ID<Ask>) async throws(Problem) -> AskView
  public var list:
    @Sendable (_ filter: AskFilter, _ before: ID<Ask>?, _ limit: Int) async throws(Problem) -> [AskView]
  public var groups: @Sendable (_ actor: String) throws(Problem) -> [String]

  public init(
    ask: @escaping @Sendable (ID<Ask>) async throws(Problem) -> AskView,
    list: @escaping @Sendable (AskFilter, ID<Ask>?, Int) async throws(Problem) -> [AskView],
    groups: @escaping @Sendable (String) throws(Problem) -> [String]
  ) {
    (self.ask, self.list, self.groups) = (ask, list, groups)
  }
}
