import Engine
import Model
import Net

/// Where a Celery application takes tasks, and where it leaves their results: a connection of kind `celery`.
struct CeleryPlaces: Sendable {
  enum Results: Sendable {
    case redis(BrokerPlace)
    /// In the queue of answers at the broker.
    case rpc(BrokerPlace)
  }

  let broker: BrokerPlace
  let results: Results
  /// Where the step names none.
  let queue: String?

  private static let members = ["broker", "backend", "queue", "ca_file"]

  init(_ connection: Connection?, _ credential: Credential?) throws(Failure) {
    guard let connection, connection.kind == "celery" else {
      throw Failure(
        .configuration, code: "invalid-connection", "The step needs a connection of kind `celery`.")
    }
    let address = connection.address
    guard let broker = address["broker"]?.string, let backend = address["backend"]?.string,
      (address.object?.keys ?? []).allSatisfy({ Self.members.contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "`\(connection.name)` needs an address such as {broker: redis://host/1, backend: redis://host/1}; "
          + "with a broker amqp:// the backend may be `rpc`.")
    }
    let authorities = address["ca_file"]?.string
    func place(_ url: String) throws(Failure) -> BrokerPlace {
      try BrokerPlace(
        url, kind: url.lowercased().hasPrefix("amqp") ? .amqp : .redis, authorities: authorities, connection,
        credential)
    }
    self.broker = try place(broker)
    queue = address["queue"]?.string
    if ["rpc", "rpc://"].contains(backend), self.broker.kind == .amqp {
      results = .rpc(self.broker)
    } else {
      let place = try place(backend)
      guard place.kind == .redis else {
        throw Failure(
          .configuration, code: "invalid-connection",
          "`\(connection.name)`: results are read from redis://, or as `rpc` beside a broker amqp://.")
      }
      results = .redis(place)
    }
  }
}
