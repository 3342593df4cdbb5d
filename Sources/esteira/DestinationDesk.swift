import CLI
import Connectors
import Engine
import Model
import Net
import Server

/// Where messages go: what stands in `esteira.yaml`, and what calls made beside it.
struct DestinationDesk: Sendable {
  /// As it stood when the node started.
  private let file: [ConfiguredDestination]
  private let readModel: any ReadModel
  /// Nil where nothing is sent.
  private let client: CurlClient?
  private let environment: AttemptEnvironment

  init(
    _ folder: String, _ client: CurlClient, _ environment: AttemptEnvironment, _ readModel: any ReadModel,
    _ console: Console
  ) throws(Problem) {
    (self.readModel, self.client, self.environment) = (readModel, client, environment)
    file = try ConfigFile(folder: folder).destinations().map { entry in
      guard let place = entry.place else {
        return entry.delivering(through: LogDestination(write: console.out))
      }
      switch place {
      case .webhook(let place):
        return entry.delivering(
          through: WebhookDestination(place, client: client, environment: environment, now: Program.now))
      case .chat(let service, let place):
        return entry.delivering(
          through: ChatDestination(
            service, place, client: client, environment: environment, now: Program.now))
      case .email(let place):
        return entry.delivering(
          through: MailDestination(place, environment: environment, now: Program.now))
      }
    }
  }

  /// Beside no server.
  init(reading folder: String, _ readModel: any ReadModel) throws(Problem) {
    (self.readModel, client, environment) = (readModel, nil, .none)
    file = try ConfigFile(folder: folder).destinations().map(\.destination)
  }

  /// Those of the file first. One that a call made rests while the file has its name.
  func all() throws(Problem) -> [ConfiguredDestination] {
    let rows: [AddedDestination]
    do throws(StoreError) { rows = try readModel.addedDestinations() } catch {
      throw Problem("store-unavailable", Bilingual("\(error)", pt: "\(error)"))
    }
    let names = Set(file.map { ScalarString($0.name) })
    var found = file
    for row in rows where !names.contains(ScalarString(row.name)) { found.append(try make(row)) }
    return found
  }

  func serve(_ backend: inout Backend) {
    backend.destinations = { () throws(Problem) in try all() }
    backend.makeDestination = { (row) throws(Problem) in try make(row) }
  }

  /// Throws what is wrong with it.
  func make(_ row: AddedDestination) throws(Problem) -> ConfiguredDestination {
    let entry = try DestinationReader().entry(row.spec)
    var destination = entry.destination
    destination.added = row
    if let client, case .webhook(var place)? = entry.place {
      place.credential = row.secretName
      destination.receiver = WebhookDestination(
        place, client: client, environment: environment, now: Program.now)
    }
    return destination
  }
}
