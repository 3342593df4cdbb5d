public import Model

/// A destination as it stands.
public struct DestinationView: Sendable {
  public var name: String
  /// Nil: it is not set up any more, and what waits for it becomes dead letters.
  public var destination: ConfiguredDestination?
  public var disabled: DisabledDestination?
  /// Nil where nothing waits.
  public var waiting: OutboxSummary?
}

/// Reads where messages go and what waits for it. Blocks.
public struct DestinationReading: Sendable {
  public var destinations: [ConfiguredDestination]
  public var readModel: any ReadModel

  public init(_ destinations: [ConfiguredDestination], _ readModel: any ReadModel) {
    (self.destinations, self.readModel) = (destinations, readModel)
  }

  /// In the order in which they are set up, and behind them those that only have messages left.
  public func all() throws(Problem) -> [DestinationView] {
    let (summaries, disabled): ([OutboxSummary], [DisabledDestination])
    do throws(StoreError) {
      summaries = try readModel.outboxSummaries()
      disabled = try readModel.readDisabledDestinations()
    } catch { throw .store(error) }
    func view(_ name: String, _ destination: ConfiguredDestination?) -> DestinationView {
      let wanted = ScalarString(name)
      return DestinationView(
        name: name, destination: destination, disabled: disabled.first { ScalarString($0.name) == wanted },
        waiting: summaries.first { ScalarString($0.destination) == wanted })
    }
    let known = Set(destinations.map { ScalarString($0.name) })
    let left = summaries.filter { !known.contains(ScalarString($0.destination)) }
    return destinations.map { view($0.name, $0) } + left.map { view($0.destination, nil) }
  }

  /// Throws `no-destination` where there is none.
  public func one(_ name: String) throws(Problem) -> DestinationView {
    guard let found = try all().first(where: { ScalarString($0.name) == ScalarString(name) }) else {
      throw .noDestination(name)
    }
    return found
  }

  /// The newest first unless asked. Throws `no-destination` where there is none and never was.
  public func deliveries(
    of name: String, before: Int64?, limit: Int, oldestFirst: Bool = false
  ) throws(Problem) -> [DeliveryRow] {
    let found: [DeliveryRow]
    do throws(StoreError) {
      found = try readModel.deliveries(
        of: name, before: before, limit: limit, oldestFirst: oldestFirst)
    } catch { throw .store(error) }
    if found.isEmpty { _ = try one(name) }
    return found
  }
}
